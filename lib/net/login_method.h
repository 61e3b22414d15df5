// SPDX-License-Identifier: MIT
// The login methods: which are tried, and in which order. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"

namespace mailhaul::net {

/// One way to log in; each is tried on a connection of its own.
struct LoginMethod {
  enum class Way {
    by_libcurl,  ///< AUTH with what libcurl alone can do: NTLM and Kerberos
    sasl,        ///< AUTH (RFC 5034)
    apop,        ///< APOP (RFC 1939 section 7)
    user_pass,   ///< USER and PASS (the same)
  };
  std::string name;  ///< "plain", "plain-in-steps", "user": what is remembered
  Auth auth = Auth::user;
  Way way = Way::user_pass;
  bool at_once = false;     ///< the credentials stand on the AUTH line, if they fit (RFC 5034 section 4)
  bool remembered = false;  ///< it worked last time
  /// The name of the method that sends the same in two steps; empty if there is none.
  std::string in_steps() const;
};

/// All methods for this login, the remembered one first. Never APOP unless it was asked for. Throws
/// Error{config} for a mechanism that this build of libcurl does not have.
std::vector<LoginMethod> login_methods(Auth auth, Tls tls, std::string_view remembered);

/// The words of a line of the answer to CAPA (RFC 2449 section 5), in upper case.
std::vector<std::string> words_of_capability(std::string_view line);
/// True if a line begins with `name` and has `argument` among its words. An empty `argument` is ignored.
bool offers(const std::vector<std::string>& capabilities, std::string_view name,
            std::string_view argument = {});

constexpr bool is_scram(Auth auth) { return auth == Auth::scram_sha_1 || auth == Auth::scram_sha_256; }

/// The methods that are left to try for one login.
class MethodsToTry {
 public:
  MethodsToTry(Auth auth, Tls tls, std::string_view remembered);
  /// The first method that suits these capabilities. A method that the user has named is tried even if the
  /// server does not list it, but then in two steps: its name is sent before the credentials.
  std::optional<LoginMethod> choose(const std::vector<std::string>& capabilities) const;
  /// The method did not work. If it sent credentials on the AUTH line, the same in two steps may still work.
  void strike(const LoginMethod& method);
  /// The mechanism did not work in any form.
  void strike_mechanism(const LoginMethod& method);
  /// Removes all methods, for when nobody is going to log in.
  void leave_nothing();
  /// The server does not survive CAPA: only USER and PASS are left, and CAPA is not sent.
  void leave_out_capa();
  /// The server does not survive UTF8 (RFC 6856 section 2), whatever it announces.
  void leave_out_utf8() noexcept { sends_utf8_ = false; }

  bool empty() const noexcept { return left_.empty(); }
  bool by_libcurl() const noexcept {
    return !left_.empty() && left_.front().way == LoginMethod::Way::by_libcurl;
  }
  bool asks_capa() const noexcept { return asks_capa_; }
  bool sends_utf8() const noexcept { return sends_utf8_; }
  /// USER and PASS are among the methods, and STLS is not needed (only an answer to CAPA announces STLS).
  bool has_way_without_capa() const noexcept { return has_way_without_capa_; }

 private:
  bool automatic_, has_way_without_capa_, asks_capa_ = true, sends_utf8_ = true;
  std::vector<LoginMethod> left_;
};

/// The name of an `auth`, as written in the configuration: "cram-md5".
std::string name_of(Auth auth);

/// What the greeting's APOP timestamp is: missing, a message-id of RFC 822 as RFC 1939 section 7 demands, or
/// something made up so that the digest over it reveals the password (CVE-2007-1558).
enum class ApopTimestamp { none, plausible, forged };
ApopTimestamp apop_timestamp(std::string_view greeting);

}  // namespace mailhaul::net
