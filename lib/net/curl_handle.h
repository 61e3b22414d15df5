// SPDX-License-Identifier: MIT
#pragma once
#include <sys/types.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"
#include "net/login_method.h"
#include "net/transcript.h"
#include "net/tunnel.h"
#include "util/cancel.h"

namespace mailhaul::net {

/// How an attempt to connect ended: libcurl's result code, and its words about it.
struct ConnectResult {
  int code = 0;  ///< CURLE_OK: connected, and logged in if credentials were given
  std::string words;
  bool connected = false;      ///< TCP, at least
  long system_error = 0;       ///< errno of the failed connect
  long proxy_status = 0;       ///< of an HTTP proxy's answer to CONNECT
  long proxy_error = 0;        ///< what a SOCKS proxy said: CURLPX_...
  std::string proxy_variable;  ///< the variable of the environment that names the proxy; may be empty
  /// The addresses that were tried, and the one that is connected.
  std::vector<std::string> tried;
  std::string peer;
  std::optional<std::chrono::sys_seconds> certificate_until;  ///< the server's; empty: no TLS, or not known
  bool mute = false;       ///< given up because the peer said nothing (give_up_when_mute)
  std::string tunnel_end;  ///< how the program of `tunnel` ended, and its last words
  bool ok() const noexcept { return code == 0; }
};

/// What libcurl itself says on a connection.
enum class Speaks {
  nothing,  ///< it only opens the connection: TCP, or TLS from the first byte
  pop3      ///< it reads the greeting, asks CAPA, switches to TLS by STLS, and may log in
};

/// One libcurl handle: one connection, one attempt to log in. `endpoint` and `dialogue` are borrowed until
/// connect() has returned.
class CurlHandle {
 public:
  /// Throws Error{config} for a file that cannot be used, and for an invalid host or proxy.
  CurlHandle(const Endpoint& endpoint, const util::Cancel& cancel, Dialogue& dialogue, Speaks speaks);
  ~CurlHandle();
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;

  /// connect() begins TLS on the connection that `plain` has opened (STLS: RFC 2595 section 4).
  void begin_tls_on(std::unique_ptr<CurlHandle> plain);
  /// Gives libcurl the credentials, so that connect() logs in. REQUIRES: Speaks::pop3.
  void log_in_by(const LoginMethod& method, const Login& login);
  /// connect() tries this address only, and looks up nothing.
  void connect_to_address(const std::string& address);
  /// connect() gives up if it has not ended at the time `at`, a peer has accepted the connection, and
  /// `agrees` returns true for its address. With Speaks::pop3, `agrees` also checks that the peer is mute.
  void give_up_when_mute(std::chrono::steady_clock::time_point at,
                         std::function<bool(const std::string& peer)> agrees);
  /// Connects, and does what the functions above have prepared. REQUIRES: called once.
  [[nodiscard]] ConnectResult connect(std::chrono::milliseconds limit);
  /// Tunnel::end(); empty if there is no tunnel.
  [[nodiscard]] std::string end_of_tunnel();
  /// The descriptor of the connection; -1 if there is none.
  [[nodiscard]] int socket() const;
  /// What was done without waiting: the result (CURLE_OK, CURLE_AGAIN or an error) and the number of bytes.
  struct Moved {
    int code = 0;
    std::size_t bytes = 0;
  };
  [[nodiscard]] Moved send(std::string_view bytes);
  [[nodiscard]] Moved receive(std::span<char> into);
  /// libcurl's words about a result other than CURLE_OK, as exact as they are known.
  [[nodiscard]] std::string words(int code) const;
  /// The CURL* itself, for questions about the connection.
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
  void connect_only_to(const std::string& host, long port);
  void note_sockets();
  void use_open_socket();
  bool is_bare() const noexcept;
  bool finds_mute_peer();
  Moved moved(ssize_t result);
  void set_callbacks();
  bool has_hung_up() const;  ///< the server closed before libcurl had finished connecting
  std::string url(std::string_view scheme) const;

  std::unique_ptr<void, Free> handle_;
  std::unique_ptr<void, FreeList> connect_to_;
  std::unique_ptr<std::array<char, 256>> problem_;
  const util::Cancel& cancel_;
  Dialogue* dialogue_;
  std::string authority_;       ///< "host:port" of the URL
  std::string tls_words_;       ///< the last words of OpenSSL
  std::string proxy_variable_;  ///< the variable of the environment that names the proxy
  Speaks speaks_;
  bool at_once_;  ///< TLS from the first byte
  std::string host_;
  long port_;
  std::chrono::steady_clock::time_point mute_at_{};
  std::function<bool(const std::string&)> give_up_;
  std::vector<int> sockets_;  ///< those that libcurl has open
  ConnectResult result_;
  const std::vector<std::string>& tunnel_argv_;
  std::unique_ptr<Tunnel> tunnel_;     ///< the connection, if libcurl does not open it
  std::unique_ptr<CurlHandle> plain_;  ///< the handle that opened the connection, if TLS was begun on it
};

/// "mail.example.org:995", as the user wrote the host; an IPv6 address is in brackets.
[[nodiscard]] std::string address_of(const Endpoint& endpoint);

}  // namespace mailhaul::net
