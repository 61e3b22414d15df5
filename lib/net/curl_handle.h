// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "net/connection.h"
#include "net/login_method.h"
#include "net/transcript.h"
#include "util/cancel.h"

namespace mailhaul::net {

/// How an attempt to connect ended: libcurl's result code and what it had to say about it.
struct ConnectResult {
  int code = 0;  ///< CURLE_OK: connected, and logged in if credentials were given
  std::string words;
  bool connected = false;         ///< TCP, at least
  long system_error = 0;          ///< errno of the failed connect
  long proxy_status = 0;          ///< of an HTTP proxy's answer to CONNECT
  long proxy_error = 0;           ///< what a SOCKS proxy said: CURLPX_...
  std::string proxy_variable;     ///< of the environment, where the proxy comes from there
  bool forged_timestamp = false;  ///< the greeting held no decent APOP timestamp, so nothing was sent
  bool ok() const noexcept { return code == 0; }
};

/// One libcurl handle: one connection, one attempt to log in. The dialogue must live until connect() has
/// returned.
class CurlHandle {
 public:
  /// Throws Error{config} for files that cannot be used and hosts that are none.
  CurlHandle(const Endpoint& endpoint, const util::Cancel& cancel, Dialogue& dialogue);
  ~CurlHandle();
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;

  /// The credentials, for libcurl to log in by itself. Without this, connect() ends before the login.
  void give(const LoginMethod& method, const Login& login);
  ConnectResult connect(std::chrono::milliseconds limit);
  void* handle() const noexcept { return handle_.get(); }  ///< a CURL*

 private:
  struct Free {
    void operator()(void* thing) const noexcept;
  };
  struct FreeList {
    void operator()(void* list) const noexcept;
  };
  struct Callbacks;  // plain functions, since C calls them

  void set_address(const Endpoint& endpoint);
  void set_tls(const Endpoint& endpoint);
  void set_proxy(const std::string& proxy);
  void set_callbacks();

  std::unique_ptr<void, Free> handle_;
  std::unique_ptr<void, FreeList> connect_to_;
  std::unique_ptr<std::array<char, 256>> problem_;
  const util::Cancel& cancel_;
  Dialogue* dialogue_;
  std::string tls_words_;       // the last that OpenSSL said
  std::string proxy_variable_;  // the one that libcurl takes the proxy from
  bool checks_timestamp_ = false, forged_timestamp_ = false;
};

/// "mail.example.org:995", the address in brackets where it has colons.
std::string address_of(const Endpoint& endpoint);

}  // namespace mailhaul::net
