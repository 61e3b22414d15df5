// SPDX-License-Identifier: MIT
#include "net/connection.h"

#include <curl/curl.h>

#include <algorithm>
#include <utility>

#include "net/curl_handle.h"
#include "net/curl_stream.h"
#include "net/login_method.h"
#include "net/problem.h"
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

bool needs_secret(Auth auth) { return auth != Auth::external && auth != Auth::gssapi; }

/// libcurl sends a line end in user name or password as it is: "joe\r\nDELE 1" would be two commands.
void check(const Login& login) {
  if (login.user.empty() || util::has_control_character(login.user)) {
    throw Error(Kind::config, login.user.empty() ? "the user name is empty"
                                                 : "the user name \"" + util::escape(login.user) +
                                                       "\" holds control characters");
  }
  if (util::has_control_character(login.secret.reveal())) {
    throw Error(Kind::login, "the password of " + util::escape(login.user) + " holds control characters",
                "is there a carriage return at its end?");
  }
  if (login.secret.empty() && needs_secret(login.auth)) {
    throw Error(Kind::login, "the password of " + util::escape(login.user) + " is empty",
                "check where the profile says that the password is");
  }
}

std::string password_in(const std::string& proxy) {
  struct Free {
    void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
  };
  const std::unique_ptr<CURLU, Free> url(curl_url());
  char* password = nullptr;
  if (!url ||
      curl_url_set(url.get(), CURLUPART_URL, proxy.c_str(), CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME) ||
      curl_url_get(url.get(), CURLUPART_PASSWORD, &password, CURLU_URLDECODE)) {
    return {};
  }
  std::string result(password);
  curl_free(password);
  return result;
}

Redactor redactor_for(const Endpoint& endpoint, const Login& login) {
  Redactor redactor;
  const std::string& secret = login.secret.reveal();
  // As PLAIN sends it: base64 of a short password alone would not be found within it.
  if (!secret.empty()) redactor.hide(std::string(1, '\0') + login.user + std::string(1, '\0') + secret);
  redactor.hide(secret);
  redactor.hide(password_in(endpoint.proxy));
  return redactor;
}

enum class Verdict { refused, no_mechanism, bad_form };

/// Exchange and others answer credentials on the AUTH line with "-ERR Protocol error" or hang up. Words about
/// the credentials mean what they say: asking again would only count as one more wrong password.
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
    switch (verdict) {
      case Verdict::refused:
        return true;
      case Verdict::no_mechanism:
        return same_mechanisms;
      case Verdict::bad_form:
        return !same_mechanisms || method.initial_response;
    }
    return true;
  });
  return left;
}

/// One method, on a connection of its own.
struct Attempt {
  Attempt(const Redactor& redactor, const Trace& trace) : dialogue(redactor, trace) {}
  Dialogue dialogue;
  ConnectResult result;
  std::unique_ptr<Stream> stream;  // empty: it came to nothing
};

void attempt(Attempt& now, const LoginMethod& method, const Endpoint& endpoint, const Login& login,
             const Deadline& deadline) {
  auto curl = std::make_unique<CurlHandle>(endpoint, deadline.cancel, now.dialogue);
  const bool raw = method.way == LoginMethod::Way::raw;
  if (!raw) curl->give(method, login);
  now.result = curl->connect(deadline.left());
  if (!now.result.ok()) return;
  Wire wire(std::move(curl), address_of(endpoint));
  if (raw) {
    // libcurl has seen to this; a password deserves a second look.
    if (endpoint.tls == Tls::starttls && !now.dialogue.transcript().secured()) {
      throw Error(Kind::unavailable, address_of(endpoint) + " did not switch to TLS");
    }
    if (!raw_login(wire, login, now.dialogue, deadline)) return;
  }
  now.stream = std::make_unique<CurlStream>(std::move(wire), CurlStream::Limits{.silence = endpoint.silence},
                                            deadline.cancel);
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

/// Throws what explain() found, with the meaning of the -ERR where one led to it.
[[noreturn]] void fail(const LoginFailure& failure) {
  const util::Error error = explain(failure);
  const Transcript& said = failure.transcript;
  if (!said.refusal()) throw util::Error(error);
  Refusal refusal = understand(*said.refusal(), error.kind());
  if (refusal.kind != error.kind()) throw util::Error(error);
  if (!refusal.pause && response_code(*said.refusal()) == "LOGIN-DELAY")
    refusal.pause = announced_delay(said.capabilities());
  throw RefusedError(error, std::move(refusal));
}

}  // namespace

LoggedIn open_pop3(const Endpoint& endpoint, const Login& login, const std::string& remembered_method,
                   const util::Cancel& cancel, const Trace& trace) {
  check(login);
  Redactor redactor = redactor_for(endpoint, login);
  const Deadline deadline{std::chrono::steady_clock::now() + endpoint.connect_timeout, cancel};
  std::vector<LoginMethod> methods = login_methods(login.auth, endpoint.tls, remembered_method);
  for (;;) {
    const LoginMethod method = methods.front();
    Attempt now(redactor, trace);
    attempt(now, method, endpoint, login, deadline);
    const Transcript& said = now.dialogue.transcript();
    if (now.stream) return {std::move(now.stream), said.capabilities(), method.name, std::move(redactor)};
    methods = methods_after(methods, judge(now.result, said));
    if (methods.empty()) {
      fail({.endpoint = endpoint,
            .login = login,
            .method = method,
            .redactor = redactor,
            .transcript = said,
            .result = now.result,
            .deadline = deadline});
    }
    now.dialogue.remark("this way to log in is not for this server: the next one is \"" +
                        methods.front().name + "\"");
  }
}

}  // namespace mailhaul::net
