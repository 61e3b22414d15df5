// SPDX-License-Identifier: MIT
#include "support/cpp/certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <atomic>
#include <stdexcept>

namespace mailhaul::test {

namespace {

struct Release {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(unsigned char* bytes) const noexcept { OPENSSL_free(bytes); }
};
using Key = std::unique_ptr<EVP_PKEY, Release>;
using X = std::unique_ptr<X509, Release>;

template <typename Value>
Value must(Value value) {
  if (!value) throw std::runtime_error("OpenSSL cannot make or use a certificate");
  return value;
}

struct Pair {
  Key key;
  X certificate;
};

Pair blank(const std::string& name, int from_day, int until_day) {
  constexpr long day = 24L * 60 * 60;
  Pair pair{Key(must(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"))), X(must(X509_new()))};
  X509* x = pair.certificate.get();
  std::array<unsigned char, 8> serial{};
  must(RAND_bytes(serial.data(), serial.size()) == 1);
  serial[0] &= 0x7fU;
  BIGNUM* number = BN_bin2bn(serial.data(), serial.size(), nullptr);
  must(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)));
  BN_free(number);
  X509_set_version(x, X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(x), from_day * day);
  X509_gmtime_adj(X509_getm_notAfter(x), until_day * day);
  X509_set_pubkey(x, pair.key.get());
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, text, -1, -1, 0);
  return pair;
}

void extend(X509* x, int what, const std::string& value) {
  const std::unique_ptr<X509_EXTENSION, Release> extension(
      must(X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str())));
  must(X509_add_ext(x, extension.get(), -1) == 1);
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string result;
  for (const std::string& name : names) {
    const bool address = name.find_first_not_of("0123456789.") == std::string::npos;
    result += (result.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  return result;
}

std::string text_of(BIO* bio) {
  BUF_MEM* memory = nullptr;
  BIO_get_mem_ptr(bio, &memory);
  return {memory->data, memory->length};
}

std::string pem_of(X509* x) {
  const std::unique_ptr<BIO, Release> bio(must(BIO_new(BIO_s_mem())));
  must(PEM_write_bio_X509(bio.get(), x) == 1);
  return text_of(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const std::unique_ptr<BIO, Release> bio(must(BIO_new(BIO_s_mem())));
  must(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(bio.get());
}

std::string pin_of(EVP_PKEY* key) {
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(key, &bytes);
  must(size > 0);
  const std::unique_ptr<unsigned char, Release> owner(bytes);
  std::array<unsigned char, 32> hash{};
  must(EVP_Digest(bytes, static_cast<std::size_t>(size), hash.data(), nullptr, EVP_sha256(), nullptr) == 1);
  std::array<unsigned char, 64> digits{};
  EVP_EncodeBlock(digits.data(), hash.data(), hash.size());
  return std::string("sha256//") + reinterpret_cast<const char*>(digits.data());
}

Certificate finished(const Pair& pair) {
  return {pem_of(pair.certificate.get()), pem_of(pair.key.get()), pin_of(pair.key.get())};
}

void sign(X509* x, X509* issuer, EVP_PKEY* key) {
  X509_set_issuer_name(x, X509_get_subject_name(issuer));
  must(X509_sign(x, key, EVP_sha256()) > 0);
}

Pair leaf(const CertificateWish& wish) {
  Pair pair = blank(wish.names.front(), wish.from_day, wish.until_day);
  extend(pair.certificate.get(), NID_subject_alt_name, alternative_names(wish.names));
  return pair;
}

}  // namespace

namespace {

/// If two authorities had the same name, the second would look like the first with a broken signature.
std::string authority_name() {
  static std::atomic<int> made{0};
  return "mailhaul test authority " + std::to_string(++made);
}

std::unique_ptr<BIO, Release> reader(const std::string& pem) {
  return std::unique_ptr<BIO, Release>(must(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))));
}

X certificate_in(const std::string& pem) {
  return X(must(PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr)));
}

}  // namespace

struct Authority::Own {
  Pair pair;
};

Authority::Authority() : own_(new Own{blank(authority_name(), -2, 30)}) {
  X509* x = own_->pair.certificate.get();
  extend(x, NID_basic_constraints, "critical,CA:TRUE");
  extend(x, NID_key_usage, "critical,keyCertSign,cRLSign");
  sign(x, x, own_->pair.key.get());
  pem_ = pem_of(x);
}

Authority::~Authority() = default;

Certificate Authority::issue(const CertificateWish& wish) const {
  const Pair pair = leaf(wish);
  sign(pair.certificate.get(), own_->pair.certificate.get(), own_->pair.key.get());
  return finished(pair);
}

Certificate self_signed(const CertificateWish& wish) {
  const Pair pair = leaf(wish);
  sign(pair.certificate.get(), pair.certificate.get(), pair.key.get());
  return finished(pair);
}

void show_certificate(ssl_ctx_st* server, const Certificate& certificate) {
  const auto shown = certificate_in(certificate.pem);
  const Key key(must(PEM_read_bio_PrivateKey(reader(certificate.key).get(), nullptr, nullptr, nullptr)));
  must(SSL_CTX_use_certificate(server, shown.get()) == 1);
  must(SSL_CTX_use_PrivateKey(server, key.get()) == 1);
}

void require_client_certificate(ssl_ctx_st* server, const std::string& authority) {
  must(X509_STORE_add_cert(SSL_CTX_get_cert_store(server), certificate_in(authority).get()) == 1);
  SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

}  // namespace mailhaul::test
