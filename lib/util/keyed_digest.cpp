// SPDX-License-Identifier: MIT
#include "util/keyed_digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "util/error.h"

namespace mailhaul::util {

namespace {

const EVP_MD* algorithm(Digest kind) {
  switch (kind) {
    case Digest::md5:
      return EVP_md5();
    case Digest::sha1:
      return EVP_sha1();
    case Digest::sha256:
      break;
  }
  return EVP_sha256();
}

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

/// Throws if OpenSSL has refused. It refuses MD5 where it is restricted to what FIPS 140 approves.
void require(bool done, const char* what) {
  if (!done) throw Error(Kind::internal, std::string("cannot compute ") + what + ": OpenSSL refused");
}

}  // namespace

std::string digest(Digest kind, std::string_view bytes) {
  std::string result(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  require(EVP_Digest(bytes.data(), bytes.size(), raw(result), &size, algorithm(kind), nullptr) == 1,
          "a digest");
  result.resize(size);
  return result;
}

std::string hmac(Digest kind, std::string_view key, std::string_view bytes) {
  std::string result(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  require(HMAC(algorithm(kind), key.data(), static_cast<int>(key.size()), raw(bytes), bytes.size(),
               raw(result), &size) != nullptr,
          "an HMAC");
  result.resize(size);
  return result;
}

std::string pbkdf2(Digest kind, std::string_view password, std::string_view salt, int iterations) {
  std::string result(static_cast<std::size_t>(EVP_MD_get_size(algorithm(kind))), '\0');
  require(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), raw(salt),
                            static_cast<int>(salt.size()), iterations, algorithm(kind),
                            static_cast<int>(result.size()), raw(result)) == 1,
          "a salted password");
  return result;
}

std::string random_bytes(std::size_t count) {
  std::string result(count, '\0');
  require(RAND_bytes(raw(result), static_cast<int>(count)) == 1, "random bytes");
  return result;
}

bool equal_secretly(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace mailhaul::util
