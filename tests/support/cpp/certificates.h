// SPDX-License-Identifier: MIT
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

struct ssl_ctx_st;

namespace mailhaul::test {

/// A certificate and its key, both PEM.
struct Certificate {
  std::string pem, key;
  std::string pin;  ///< "sha256//BASE64" of its public key
};

/// The content of a certificate. Days count from now; an entry of `names` is a host name or an IPv4 address.
struct CertificateWish {
  std::vector<std::string> names{"localhost", "127.0.0.1"};
  int from_day = -1, until_day = 30;
};

/// A certificate authority, created at run time.
class Authority {
 public:
  Authority();
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;
  Certificate issue(const CertificateWish& wish = {}) const;
  const std::string& pem() const noexcept { return pem_; }  ///< for tls_ca_file

 private:
  struct Own;
  std::unique_ptr<Own> own_;
  std::string pem_;
};

/// A server shows this certificate. Throws std::runtime_error.
void show_certificate(ssl_ctx_st* server, const Certificate& certificate);
/// A server refuses clients without a certificate of this authority. Throws std::runtime_error.
void require_client_certificate(ssl_ctx_st* server, const std::string& authority);

/// A self-signed certificate.
Certificate self_signed(const CertificateWish& wish = {});

}  // namespace mailhaul::test
