// SPDX-License-Identifier: MIT
// The main header of net: opens a POP3 session at a server and logs in.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/advice.h"
#include "net/redactor.h"
#include "net/stream.h"
#include "util/cancel.h"
#include "util/secret.h"

namespace mailhaul::net {

/// TLS from the first byte (RFC 8314), by STLS (RFC 2595 section 4), or none.
enum class Tls { implicit, starttls, none };
enum class TlsVersion { v1_2, v1_3 };
/// Which addresses of a host are used.
enum class Family { any, ipv4, ipv6 };
/// How to log in. All but `user` (RFC 1939 section 7) and `apop` (the same) are SASL mechanisms, sent with
/// AUTH (RFC 5034; AUTH itself is RFC 1734).
enum class Auth {
  automatic,  ///< a mechanism that suits the server, or `user`
  user,
  apop,
  plain,          ///< RFC 4616
  login,          ///< as PLAIN, in two answers; never standardised
  cram_md5,       ///< RFC 2195
  scram_sha_1,    ///< RFC 5802
  scram_sha_256,  ///< RFC 7677
  ntlm,
  gssapi,       ///< Kerberos, RFC 4752
  external,     ///< by the client certificate, RFC 4422 appendix A
  xoauth2,      ///< an OAuth 2 token as Google and Microsoft want it
  oauthbearer,  ///< an OAuth 2 token by RFC 7628
  bearer        ///< whichever of these two the server lists; not a value of the key `auth`
};
/// Whether the secret is a token.
constexpr bool is_by_token(Auth auth) {
  return auth == Auth::xoauth2 || auth == Auth::oauthbearer || auth == Auth::bearer;
}

/// Where and how to connect.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;  ///< 0: 995 for implicit, 110 otherwise
  Tls tls = Tls::implicit;
  /// Files, and the name that the server's certificate must have. Empty: the system's authorities, `host`, no
  /// client certificate, the key in `client_cert`.
  std::string ca_file, server_name, client_cert, client_key;
  std::string credentials_directory;  ///< keys below it need not be private: systemd sets modes; empty: none
  TlsVersion min_version = TlsVersion::v1_2;
  /// "sha256//BASE64": one of them must match, in addition to the certificate check.
  std::vector<std::string> pins;
  std::string proxy;                         ///< URL; empty: none; "env": what the environment says
  Family family = Family::any;               ///< of the proxy's addresses, if there is a proxy
  std::string socket;                        ///< the path of a local socket, in place of host and port
  std::vector<std::string> tunnel;           ///< a program whose standard input and output are the connection
  std::chrono::seconds connect_timeout{30};  ///< for connection, TLS and login together
  /// The longest silence after the login; less than 64 bytes a second during that time is silence, too.
  std::chrono::seconds silence{180};
  bool crosses_network() const noexcept { return socket.empty() && tunnel.empty(); }
  std::uint16_t effective_port() const noexcept {
    return port != 0 ? port : tls == Tls::implicit ? 995 : 110;
  }
};

/// `secret` is the password, or the token for xoauth2 and oauthbearer. The user's name has no control
/// characters, and the secret has no CR, LF or NUL.
struct Login {
  std::string user;
  util::Secret secret;
  Auth auth = Auth::automatic;
};

/// Called with each line of the conversation as -vv shows it: '>' is ours, '<' the server's, '*' a remark.
/// Secrets are hidden already.
using Trace = std::function<void(char direction, std::string_view line)>;

/// A session that is open and logged in.
struct LoggedIn {
  std::unique_ptr<Stream> stream;
  /// The lines of the last whole answer to CAPA (RFC 2449 section 5), in upper case; empty if there was none.
  std::vector<std::string> capabilities;
  std::string login_method;  ///< the name of the method that worked, to be remembered for next time
  Redactor redactor = {};    ///< hides the secret if the server echoes it later
  bool answers_capa = true;  ///< false: the server hung up or fell silent at CAPA; do not ask again
  /// When the server's certificate ends; empty: no TLS, or not known.
  std::optional<std::chrono::sys_seconds> certificate_until = std::nullopt;
};

/// Users are warned this long before a certificate expires.
constexpr std::chrono::days certificate_notice(14);

/// When the certificate in `client_cert` expires. Empty if there is none, or its file cannot be read.
[[nodiscard]] std::optional<std::chrono::sys_seconds> client_certificate_end(const Endpoint& endpoint);

/// The announced LOGIN-DELAY: how long to wait between two logins (RFC 2449 section 6.5). Empty if there is
/// none, or it makes no sense. `capabilities`: lines of an answer to CAPA, in upper case.
[[nodiscard]] std::optional<std::chrono::seconds> login_delay(std::span<const std::string> capabilities);

/// What open_pop3() needs. All of it is borrowed for the call, and `cancel` for as long as the stream exists.
struct OpenRequest {
  const Endpoint& endpoint;
  const Login& login;
  std::string_view remembered_method;  ///< LoggedIn::login_method of the last login; may be empty
  const util::Cancel& cancel;
  const Trace& trace;
  Advisor advise = nullptr;  ///< knows providers; may be nullptr
};

/// Connects, negotiates TLS and logs in. Tries the login methods, the remembered one first, each on a new
/// connection. Throws Error{no_host | unavailable | temporary | protocol | login | config | cancelled}, as a
/// RefusedError (net/refusal.h) if an -ERR led to it; what() contains the server's words.
[[nodiscard]] LoggedIn open_pop3(const OpenRequest& request);

/// What a server says about itself before anybody logs in.
struct ServerFacts {
  std::string greeting;                   ///< as Trace gets it
  std::vector<std::string> capabilities;  ///< in upper case; empty if CAPA was refused, or not answered whole
  /// When its certificate ends; empty: no TLS, or not known.
  std::optional<std::chrono::sys_seconds> certificate_until;
};

/// Connects, reads the greeting and the capabilities and negotiates TLS. Sends nothing that belongs to the
/// user: of `login`, only the user name and the method count, for errors and hints. Throws like open_pop3().
[[nodiscard]] ServerFacts look_at_server(const OpenRequest& request);

/// Throws Error{config} for what open_pop3() would refuse before it connects: a file that cannot be used, a
/// proxy that is not a URL, an `auth` that this build of libcurl does not have.
void require_usable(const Endpoint& endpoint, Auth auth);
/// The values of `auth`, as written in the configuration, that this build of libcurl supports.
std::vector<std::string> supported_auth();
/// For --version: "libcurl 7.88.1, OpenSSL/3.0.17, ...", and what this libcurl can do: "IPv6, Kerberos".
std::string library_versions();
std::string library_features();

/// Initialises libcurl. REQUIRES: called once, before any thread is started.
void start_library();

}  // namespace mailhaul::net
