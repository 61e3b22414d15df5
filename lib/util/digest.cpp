// SPDX-License-Identifier: MIT
#include "util/digest.h"

#include <openssl/evp.h>

#include <utility>

#include "util/error.h"

namespace mailhaul::util {

struct Sha256::Context {
  EVP_MD_CTX* md = EVP_MD_CTX_new();
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(md); }
  bool started = false;
  /// Called only when it is needed, because starting takes OpenSSL as long as hashing some hundred bytes.
  void start() {
    if (std::exchange(started, true)) return;
    if (md == nullptr || EVP_DigestInit_ex(md, EVP_sha256(), nullptr) != 1) {
      throw Error(Kind::internal, "cannot start SHA-256: OpenSSL refused");
    }
  }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::string_view bytes) {
  context_->start();
  if (EVP_DigestUpdate(context_->md, bytes.data(), bytes.size()) != 1) {
    throw Error(Kind::internal, "cannot continue SHA-256: OpenSSL refused");
  }
}

Hash Sha256::finish() {
  Hash hash{};
  context_->start();
  if (EVP_DigestFinal_ex(context_->md, hash.data(), nullptr) != 1) {
    throw Error(Kind::internal, "cannot finish SHA-256: OpenSSL refused");
  }
  context_->started = false;
  return hash;
}

Hash sha256(std::string_view bytes) {
  Sha256 digest;
  digest.add(bytes);
  return digest.finish();
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(bytes.size() * 2, '0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text[2 * i] = digits[byte >> 4U];
    text[2 * i + 1] = digits[byte & 15U];
  }
  return text;
}

std::string hex(const Hash& hash) {
  return hex(std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
}

}  // namespace mailhaul::util
