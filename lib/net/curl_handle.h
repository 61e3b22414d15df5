// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "net/connection.h"
#include "net/login_method.h"
#include "net/transcript.h"
#include "util/cancel.h"

namespace mailhaul::net {

/// How an attempt to connect ended: libcurl's result code, and its words about it.
struct ConnectResult {
  int code = 0;  ///< CURLE_OK: connected, and logged in if credentials were given
  std::string words;
  bool connected = false;         ///< TCP, at least
  long system_error = 0;          ///< errno of the failed connect
  long proxy_status = 0;          ///< of an HTTP proxy's answer to CONNECT
  long proxy_error = 0;           ///< what a SOCKS proxy said: CURLPX_...
  std::string proxy_variable;     ///< of the environment, if the proxy comes from there
  bool forged_timestamp = false;  ///< the greeting's APOP timestamp was made up, so nothing was sent
  bool capa_timed_out = false;    ///< the answer to CAPA took longer than wait_for_capa() allowed
  bool ok() const noexcept { return code == 0; }
};

/// One libcurl handle: one connection, one attempt to log in. `dialogue` is borrowed until connect() has
/// returned.
class CurlHandle {
 public:
  /// Throws Error{config} for a file that cannot be used, and for a host or a proxy that is not one.
  CurlHandle(const Endpoint& endpoint, const util::Cancel& cancel, Dialogue& dialogue);
  ~CurlHandle();
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;

  /// Gives libcurl the credentials, so that connect() logs in. Without this it ends before the login.
  void log_in_by(const LoginMethod& method, const Login& login);
  /// connect() ends with the connection or with TLS: libcurl reads no greeting and asks no CAPA.
  void speak_no_pop3(const Endpoint& endpoint);
  /// connect() ends when an answer to CAPA takes longer than `limit`.
  void wait_for_capa(std::chrono::milliseconds limit) noexcept { capa_limit_ = limit; }
  /// Connects, and does what was asked for. REQUIRES: called once.
  [[nodiscard]] ConnectResult connect(std::chrono::milliseconds limit);
  /// The CURL* itself.
  void* handle() const noexcept { return handle_.get(); }

 private:
  struct Free {
    void operator()(void* thing) const noexcept;
  };
  struct FreeList {
    void operator()(void* list) const noexcept;
  };
  struct Callbacks;  ///< plain functions, because C calls them

  void set_address(const Endpoint& endpoint);
  void set_tls(const Endpoint& endpoint);
  void set_proxy(const std::string& proxy);
  void set_callbacks();
  bool capa_takes_too_long() const;

  std::unique_ptr<void, Free> handle_;
  std::unique_ptr<void, FreeList> connect_to_;
  std::unique_ptr<std::array<char, 256>> problem_;
  const util::Cancel& cancel_;
  Dialogue* dialogue_;
  std::string authority_;       ///< "host:port" of the URL
  std::string tls_words_;       ///< the last words of OpenSSL
  std::string proxy_variable_;  ///< the one that libcurl takes the proxy from
  std::optional<std::chrono::milliseconds> capa_limit_;
  std::chrono::steady_clock::time_point last_sent_;
  bool checks_timestamp_ = false, forged_timestamp_ = false;
};

/// "mail.example.org:995"; an IPv6 address is in brackets.
std::string address_of(const Endpoint& endpoint);

}  // namespace mailhaul::net
