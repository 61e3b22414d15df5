// SPDX-License-Identifier: MIT
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "channel.h"
#include "support/cpp/certificates.h"

namespace mailhaul::demo {
namespace {

void demand(bool done, const std::string& what) {
  if (!done) throw std::runtime_error("cannot " + what);
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
  const test::Authority authority;
  test::CertificateWish wish;
  if (address != wish.names.back()) wish.names.push_back(address);
  TlsContext context = new_context();
  test::show_certificate(context.get(), authority.issue(wish));
  if (!ca_out.empty()) write_file_at_once(ca_out, authority.pem());
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
