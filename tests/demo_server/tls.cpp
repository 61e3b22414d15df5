// SPDX-License-Identifier: MIT
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "channel.h"

namespace mailhaul::demo {
namespace {

struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

void demand(bool done, const std::string& what) {
  if (!done) throw std::runtime_error("cannot " + what);
}

void add_extension(X509& certificate, int kind, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  const bool done = extension != nullptr && X509_add_ext(&certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  demand(done, "make the certificate");
}

Certificate sign_own(EVP_PKEY& key, const std::string& address) {
  Certificate certificate(X509_new());
  demand(certificate != nullptr, "make the certificate");
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -24L * 3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 30 * 24L * 3600);
  X509_set_pubkey(certificate.get(), &key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const auto* common_name = reinterpret_cast<const unsigned char*>("localhost");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  add_extension(*certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(*certificate, NID_subject_alt_name, ("DNS:localhost,IP:127.0.0.1,IP:" + address).c_str());
  demand(X509_sign(certificate.get(), &key, EVP_sha256()) > 0, "sign the certificate");
  return certificate;
}

std::string as_pem(X509& certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  demand(memory != nullptr && PEM_write_bio_X509(memory.get(), &certificate) == 1, "write the certificate");
  char* start = nullptr;
  const long bytes = BIO_get_mem_data(memory.get(), &start);
  return {start, static_cast<std::size_t>(bytes)};
}

TlsContext new_context() {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  demand(context != nullptr && SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1, "use TLS");
  return context;
}

}  // namespace

TlsContext load_certificate(const std::string& cert_file, const std::string& key_file) {
  TlsContext context = new_context();
  demand(SSL_CTX_use_certificate_chain_file(context.get(), cert_file.c_str()) == 1,
         "use the certificate " + cert_file);
  demand(SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) == 1,
         "use the key " + key_file);
  return context;
}

TlsContext make_certificate(const std::string& address, const std::string& ca_out) {
  const Key key(EVP_EC_gen("P-256"));
  demand(key != nullptr, "make a key");
  const Certificate certificate = sign_own(*key, address);
  TlsContext context = new_context();
  demand(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1 &&
             SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1,
         "use the certificate just made");
  if (!ca_out.empty()) write_file_at_once(ca_out, as_pem(*certificate));
  return context;
}

void write_file_at_once(const std::string& path, std::string_view text) {
  const std::string unfinished = path + ".new";
  std::ofstream out(unfinished, std::ios::binary);
  out << text;
  out.close();
  demand(out.good() && std::rename(unfinished.c_str(), path.c_str()) == 0, "write " + path);
}

}  // namespace mailhaul::demo
