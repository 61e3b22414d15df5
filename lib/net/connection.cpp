// SPDX-License-Identifier: MIT
#include "net/connection.h"

#include <curl/curl.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "net/curl_handle.h"
#include "net/curl_stream.h"
#include "net/login_method.h"
#include "net/problem.h"
#include "net/proxy_url.h"
#include "net/raw_login.h"
#include "net/refusal.h"
#include "net/wire.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::net {

namespace {

using util::Error;
using util::Kind;
using Way = LoginMethod::Way;

bool needs_secret(Auth auth) { return auth != Auth::external && auth != Auth::gssapi; }

/// libcurl sends a line end in a user name or password as it is: "joe\r\nDELE 1" would be two commands.
void check(const Login& login) {
  if (login.user.empty() || util::has_control_character(login.user)) {
    throw Error(Kind::config, login.user.empty() ? "the user name is empty"
                                                 : "the user name \"" + util::escape(login.user) +
                                                       "\" contains control characters");
  }
  if (util::has_control_character(login.secret.reveal())) {
    throw Error(Kind::login, "the password of " + util::escape(login.user) + " contains control characters",
                "is there a carriage return at its end?");
  }
  if (login.secret.empty() && needs_secret(login.auth)) {
    throw Error(Kind::login, "the password of " + util::escape(login.user) + " is empty",
                "check the source of the password in the profile");
  }
}

Redactor redactor_for(const Endpoint& endpoint, const Login& login) {
  Redactor redactor;
  const std::string& secret = login.secret.reveal();
  // As PLAIN sends it (RFC 4616): base64 of a short password alone would not be found inside that.
  if (!secret.empty()) redactor.hide(std::string(1, '\0') + login.user + std::string(1, '\0') + secret);
  redactor.hide(secret);
  redactor.hide(password_in(endpoint.proxy));
  return redactor;
}

/// What a failed attempt says about the other methods.
enum class Verdict {
  refused,       ///< the credentials, or the session: the other methods would fail as well
  no_mechanism,  ///< the server does not have this one: another may work
  bad_form,      ///< the server wants the credentials in two steps
  capa_is_fatal  ///< the server does not survive CAPA: only a login that does not ask it can work
};

/// Exchange and others answer credentials on the AUTH line with "-ERR Protocol error" or hang up. Words about
/// the credentials mean what they say: to ask again would only count as one more wrong password.
bool dislikes_form(const ConnectResult& result, const Transcript& said) {
  if (!said.initial_response() || said.stage() != Transcript::Stage::login || !said.sasl_error().empty())
    return false;
  if (!said.refusal())
    return !said.answered() && (result.code == CURLE_RECV_ERROR || result.code == CURLE_GOT_NOTHING);
  if (!response_code(*said.refusal()).empty()) return false;
  if (understand(*said.refusal(), Kind::login).reason != Reason::unknown) return false;
  const std::string words = util::lower(*said.refusal());
  constexpr std::string_view about_credentials[] = {"passw",  "credential", "authent", "authoriz", "login",
                                                    "log in", "logon",      "user",    "account",  "denied"};
  return std::none_of(std::begin(about_credentials), std::end(about_credentials),
                      [&](std::string_view word) { return words.find(word) != std::string::npos; });
}

Verdict judge(const ConnectResult& result, const Transcript& said) {
  if (unanswered_capa(result, said)) return Verdict::capa_is_fatal;
  if (lacks_mechanism(result, said)) return Verdict::no_mechanism;
  const bool no_user = said.refusal() && said.stage() == Transcript::Stage::user;
  if (no_user && response_code(*said.refusal()).empty() &&
      understand(*said.refusal(), Kind::login).reason == Reason::unknown)
    return Verdict::no_mechanism;
  return dislikes_form(result, said) ? Verdict::bad_form : Verdict::refused;
}

/// The methods that are left after the first one failed.
std::vector<LoginMethod> methods_after(const std::vector<LoginMethod>& methods, Verdict verdict) {
  std::vector<LoginMethod> left(methods.begin() + 1, methods.end());
  std::erase_if(left, [&](const LoginMethod& method) {
    const bool same_mechanisms = method.mechanisms == methods.front().mechanisms;
    const bool without_capa = method.way == Way::user_pass_without_capa;
    switch (verdict) {
      case Verdict::refused:
        return true;
      case Verdict::no_mechanism:
        return same_mechanisms || without_capa;
      case Verdict::bad_form:
        return !same_mechanisms || method.initial_response;
      case Verdict::capa_is_fatal:
        return !without_capa;
    }
    return true;
  });
  return left;
}

/// One login method, on a connection of its own.
struct Attempt {
  Attempt(const Redactor& redactor, const Trace& trace) : dialogue(redactor, trace) {}
  Dialogue dialogue;
  ConnectResult result;
  std::unique_ptr<Stream> stream;  ///< empty: the login failed
};

bool offers_xoauth2(const Transcript& said) {
  const auto& lines = said.capabilities();
  return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.starts_with("SASL ") && (line + ' ').find(" XOAUTH2 ") != std::string::npos;
  });
}

/// Opens sessions for one login. All is borrowed.
class Opener {
 public:
  explicit Opener(const OpenRequest& request)
      : request_(request),
        deadline_{std::chrono::steady_clock::now() + request.endpoint.connect_timeout, request.cancel},
        redactor_(redactor_for(request.endpoint, request.login)) {}

  LoggedIn open();

 private:
  void attempt(Attempt& now, const LoginMethod& method) const;
  bool log_in_ourselves(RawLogin& login, Attempt& now, const LoginMethod& method) const;
  [[noreturn]] void fail(const Attempt& now, const LoginMethod& method) const;

  const OpenRequest& request_;
  const Deadline deadline_;
  Redactor redactor_;
  bool has_way_without_capa_ = false;
};

void Opener::attempt(Attempt& now, const LoginMethod& method) const {
  const Endpoint& endpoint = request_.endpoint;
  auto curl = std::make_unique<CurlHandle>(endpoint, deadline_.cancel, now.dialogue);
  const auto left = deadline_.left();
  switch (method.way) {
    case Way::sasl:
    case Way::bearer:
    case Way::apop:
      curl->log_in_by(method, request_.login);
      break;
    case Way::user_pass_without_capa:
      curl->speak_no_pop3(endpoint);
      break;
    case Way::user_pass:
    case Way::xoauth2:
      break;
  }
  if (has_way_without_capa_) curl->wait_for_capa(left / 2);  // the other half is for that way
  now.result = curl->connect(left);
  if (!now.result.ok()) return;
  Wire wire(std::move(curl), address_of(endpoint));
  RawLogin login(wire, now.dialogue, deadline_);
  if (!log_in_ourselves(login, now, method)) {
    if (login.hung_up()) now.result = {.code = CURLE_GOT_NOTHING, .words = "closed during the login"};
    return;
  }
  now.stream = std::make_unique<CurlStream>(std::move(wire), CurlStream::Limits{.silence = endpoint.silence},
                                            deadline_.cancel);
}

/// Does what libcurl has not done: all of the login, or nothing.
bool Opener::log_in_ourselves(RawLogin& login, Attempt& now, const LoginMethod& method) const {
  const Transcript& said = now.dialogue.transcript();
  const bool by_libcurl = method.way == Way::sasl || method.way == Way::bearer || method.way == Way::apop;
  if (by_libcurl) return true;
  if (method.way == Way::user_pass_without_capa && !login.read_greeting()) return false;
  // libcurl has made sure of this; a password is worth a second check.
  if (request_.endpoint.tls == Tls::starttls && !said.secured())
    throw Error(Kind::unavailable, address_of(request_.endpoint) + " did not switch to TLS");
  if (method.way != Way::xoauth2) return login.user_pass(request_.login);
  if (offers_xoauth2(said)) return login.xoauth2(request_.login, method.initial_response);
  now.result.code = CURLE_LOGIN_DENIED;  // as libcurl calls it: nothing was tried
  return false;
}

/// The LOGIN-DELAY that a server announces in its answer to CAPA, in seconds (RFC 2449 section 6.5).
std::optional<std::chrono::seconds> announced_delay(const std::vector<std::string>& capabilities) {
  constexpr std::string_view name = "LOGIN-DELAY ";
  for (const std::string_view line : capabilities) {
    if (!line.starts_with(name)) continue;
    const auto argument = line.substr(name.size());
    const auto seconds = util::parse_number(argument.substr(0, argument.find(' ')));
    if (seconds && *seconds > 0 && *seconds <= 86'400)
      return std::chrono::seconds(static_cast<std::int64_t>(*seconds));
  }
  return std::nullopt;
}

/// Throws what explain() finds, with the meaning of the -ERR if one led to it.
void Opener::fail(const Attempt& now, const LoginMethod& method) const {
  const Transcript& said = now.dialogue.transcript();
  const Error error = explain({.endpoint = request_.endpoint,
                               .login = request_.login,
                               .method = method,
                               .redactor = redactor_,
                               .transcript = said,
                               .result = now.result,
                               .deadline = deadline_});
  if (!said.refusal()) throw Error(error);
  Refusal refusal = understand(*said.refusal(), error.kind());
  if (refusal.kind != error.kind()) throw Error(error);
  if (!refusal.pause && response_code(*said.refusal()) == "LOGIN-DELAY")
    refusal.pause = announced_delay(said.capabilities());
  throw RefusedError(error, std::move(refusal));
}

LoggedIn Opener::open() {
  auto methods = login_methods(request_.login.auth, request_.endpoint.tls, request_.remembered_method);
  has_way_without_capa_ = methods.back().way == Way::user_pass_without_capa;
  for (;;) {
    const LoginMethod method = methods.front();
    Attempt now(redactor_, request_.trace);
    attempt(now, method);
    const Transcript& said = now.dialogue.transcript();
    if (now.stream) {
      // What happened at CAPA may have been an accident: the next session asks again.
      const bool without_capa = method.way == Way::user_pass_without_capa;
      return {.stream = std::move(now.stream),
              .capabilities = said.capabilities(),
              .login_method = without_capa ? std::string(request_.remembered_method) : method.name,
              .redactor = std::move(redactor_),
              .answers_capa = !without_capa};
    }
    methods = methods_after(methods, judge(now.result, said));
    if (methods.empty()) fail(now, method);
    now.dialogue.remark("this server does not accept this way to log in; the next one is \"" +
                        methods.front().name + "\"");
  }
}

}  // namespace

LoggedIn open_pop3(const OpenRequest& request) {
  check(request.login);
  return Opener(request).open();
}

}  // namespace mailhaul::net
