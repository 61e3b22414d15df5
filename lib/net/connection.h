// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/redactor.h"
#include "net/stream.h"
#include "util/cancel.h"
#include "util/secret.h"

namespace mailhaul::net {

enum class Tls { implicit, starttls, none };
enum class TlsVersion { v1_2, v1_3 };
enum class Auth {
  automatic,
  user,
  apop,
  plain,
  login,
  cram_md5,
  scram_sha_1,
  scram_sha_256,
  ntlm,
  gssapi,
  external,
  xoauth2,
  oauthbearer
};

/// Where and how to connect.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;  ///< 0: 995 for implicit, 110 otherwise
  Tls tls = Tls::implicit;
  std::string ca_file, server_name, client_cert, client_key;  ///< empty: system's, host, none, none
  TlsVersion min_version = TlsVersion::v1_2;
  std::vector<std::string> pins;  ///< "sha256//BASE64", any of them, in addition to the certificate check
  std::string proxy;              ///< URL; empty: none; "env": what the environment says
  std::chrono::seconds connect_timeout{30};  ///< connection, TLS and login together
  std::chrono::seconds silence{180};  ///< longest silence afterwards; under 64 bytes/s over it is silence too
  std::uint16_t effective_port() const noexcept {
    return port != 0 ? port : tls == Tls::implicit ? 995 : 110;
  }
};

/// `secret` is the password, or for xoauth2 and oauthbearer the token. No control characters in `user`.
struct Login {
  std::string user;
  util::Secret secret;
  Auth auth = Auth::automatic;
};

/// Each line of the conversation as it is shown by -vv: '>' ours, '<' the server's, '*' a remark. Secrets are
/// masked already.
using Trace = std::function<void(char direction, std::string_view line)>;

/// A session that is open and logged in.
struct LoggedIn {
  std::unique_ptr<Stream> stream;
  std::vector<std::string>
      capabilities;          ///< the lines of the last whole CAPA answer, upper case; empty: none seen
  std::string login_method;  ///< the name of the method that worked, to be remembered for next time
  Redactor redactor = {};    ///< hides the secret, should the server echo it later
};

/// Connects, negotiates TLS and logs in through libcurl, trying the login methods from `remembered_method` on
/// (may be empty). Throws Error{no_host | unavailable | temporary | protocol | login | config | cancelled},
/// as a RefusedError (net/refusal.h) where an -ERR led to it; what() holds the server's words.
LoggedIn open_pop3(const Endpoint& endpoint, const Login& login, const std::string& remembered_method,
                   const util::Cancel& cancel, const Trace& trace);

/// Throws Error{config} for what open_pop3() would refuse before it connects: a file that cannot be used, an
/// `auth` that this build of libcurl lacks.
void require_usable(const Endpoint& endpoint, Auth auth);
/// The names of `auth` values, as written in the configuration, and whether this build of libcurl can do
/// them.
std::vector<std::string> supported_auth();
/// "libcurl/7.88.1 OpenSSL/3.0.17 ...", for --version.
std::string library_versions();

/// Called once, before any thread starts.
void start_library();

}  // namespace mailhaul::net
