// SPDX-License-Identifier: MIT
#include "net/connection.h"

#include <curl/curl.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "net/addresses.h"
#include "net/certificate.h"
#include "net/curl_handle.h"
#include "net/curl_stream.h"
#include "net/login_conversation.h"
#include "net/login_driver.h"
#include "net/login_method.h"
#include "net/problem.h"
#include "net/proxy_url.h"
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

/// libcurl sends a line end in a user name or password as it is: "joe\r\nDELE 1" would be two commands.
void check(const Login& login) {
  if (login.user.empty() || util::has_control_character(login.user)) {
    throw Error(Kind::config, login.user.empty() ? "the user name is empty"
                                                 : "the user name \"" + util::escape(login.user) +
                                                       "\" contains control characters");
  }
  if (!util::fits_on_a_line(login.secret.reveal())) {
    throw Error(Kind::login, "the password of " + util::escape(login.user) + " contains a line end or a NUL",
                "is there a carriage return at its end?");
  }
  if (login.secret.empty() && needs_secret(login.auth)) {
    throw Error(Kind::login, "the password of " + util::escape(login.user) + " is empty",
                "check the source of the password in the configuration");
  }
}

Redactor redactor_for(const Endpoint& endpoint, const Login& login) {
  Redactor redactor;
  const std::string& secret = login.secret.reveal();
  // The secret as PLAIN sends it (RFC 4616): the base64 of a short password alone would not be found in that.
  if (!secret.empty()) redactor.hide(std::string(1, '\0') + login.user + std::string(1, '\0') + secret);
  redactor.hide(secret);
  redactor.hide(password_in(endpoint.proxy));
  return redactor;
}

/// One login method, on a connection of its own.
struct Attempt {
  Attempt(const Redactor& redactor, const Trace& trace) : dialogue(redactor, trace) {}
  Dialogue dialogue;
  ConnectResult result;
  std::optional<LoginMethod> method;  ///< empty: nothing was tried
  std::optional<LoginEnd> end;        ///< of a conversation that did not log in
  std::unique_ptr<Stream> stream;     ///< empty: the login failed
};

/// Whether an -ERR to the name of a mechanism would also be the answer to the next mechanism. Credentials do
/// not count as a reason, because none have been sent yet.
bool is_about_more_than_the_mechanism(std::string_view words) {
  switch (understand(words, Kind::protocol).reason) {
    case Reason::in_use:
    case Reason::limit:
    case Reason::permanent:
      return true;
    case Reason::trouble:
      return !response_code(words).empty();
    case Reason::unknown:
    case Reason::credentials:
    case Reason::gone:
    case Reason::hung_up:
      break;
  }
  return false;
}

/// Whether an -ERR to the first message of SCRAM, which has the user's name and nothing secret, may be about
/// SCRAM itself. Many servers keep the password in a form that SCRAM cannot use, and then answer as for an
/// unknown user.
bool may_be_about_scram(std::string_view words) {
  const auto reason = understand(words, Kind::login).reason;
  return reason == Reason::credentials || reason == Reason::unknown;
}

/// How a login by libcurl failed, in the terms of our own conversation; empty if none of these fits.
std::optional<LoginEnd> end_by_libcurl(const Attempt& now) {
  using Phase = Transcript::Phase;
  const Transcript& said = now.dialogue.transcript();
  if (said.refusal()) {
    if (!now.method->at_once || !blames_the_way(*said.refusal())) return std::nullopt;
    return LoginEnd{
        .what = LoginEnd::What::way_wrong, .words = "-ERR " + *said.refusal(), .credentials_sent = true};
  }
  const bool is_cut = now.result.code == CURLE_RECV_ERROR || now.result.code == CURLE_SEND_ERROR;
  if (!is_cut || said.answered() || !said.login_tried()) return std::nullopt;
  const bool sent = said.phase() == Phase::exchange;
  return LoginEnd{.what = sent ? LoginEnd::What::hung_up : LoginEnd::What::lost,
                  .words = now.result.words,
                  .credentials_sent = sent};
}

/// Removes a method that has failed from those to try, in this form or in every form. Returns false if
/// another method would fail as well, or must not be tried.
bool strikes(const LoginEnd& end, const LoginMethod& method, MethodsToTry& methods, int& forms) {
  using What = LoginEnd::What;
  // A wrong password may be refused in any words, so the password is sent twice at most.
  if (end.credentials_sent && (end.what != What::way_wrong || ++forms > 1)) return false;
  if (end.what == What::way_refused && is_about_more_than_the_mechanism(end.refusal())) return false;
  if (end.what == What::name_refused && !may_be_about_scram(end.refusal())) return false;
  // Some servers do not accept anything after the name of the mechanism.
  if (end.what == What::way_wrong || end.what == What::odd_answer || end.what == What::lost)
    methods.strike(method);
  else
    methods.strike_mechanism(method);
  return true;
}

/// What -vv shows before the next attempt.
std::string_view remark_before_next(LoginEnd::What end) {
  using What = LoginEnd::What;
  if (end == What::capa_unanswered || end == What::capa_unfinished)
    return "CAPA was not answered; the next attempt does without it";
  if (end == What::utf8_unanswered) return "UTF8 was not answered; the next attempt does without it";
  return "this server does not accept this login method; the next method is tried";
}

/// Removes what has failed from the methods to try. Returns false if another method would fail as well, or
/// must not be tried. `forms` counts the methods whose form was refused after they had sent the secret.
bool goes_on(const Attempt& now, MethodsToTry& methods, int& forms) {
  using What = LoginEnd::What;
  if (!now.end) return false;
  switch (now.end->what) {
    case What::capa_unanswered:
    case What::capa_unfinished:
      if (!methods.has_way_without_capa()) return false;
      methods.leave_out_capa();
      return true;
    case What::utf8_unanswered:
      // With PIPELINING, the credentials were sent right after UTF8: they may be sent once more at most.
      if (now.end->credentials_sent) ++forms;
      methods.leave_out_utf8();
      return true;
    case What::way_wrong:
    case What::way_refused:
    case What::name_refused:
    case What::odd_answer:
    case What::lost:
    case What::too_much:
    case What::broken_mechanism:
    case What::hung_up_at_name:
      return now.method && strikes(*now.end, *now.method, methods, forms);
    case What::foreign_greeting:
    case What::greeting_refused:
    case What::capa_endless:
    case What::no_stls:
    case What::clear_text:
    case What::not_offered:
    case What::forged_timestamp:
    case What::refused:
    case What::hung_up:
    case What::timed_out:
      break;
  }
  return false;
}

/// Opens sessions for one login. All is borrowed.
class Opener {
 public:
  explicit Opener(const OpenRequest& request)
      : request_(request),
        deadline_{std::chrono::steady_clock::now() + request.endpoint.connect_timeout, request.cancel},
        redactor_(redactor_for(request.endpoint, request.login)),
        methods_(request.login.auth, request.endpoint.tls, request.remembered_method),
        addresses_(request.endpoint) {}

  LoggedIn open();
  ServerFacts look();

 private:
  void attempt(Attempt& now);
  void attempt_by_libcurl(Attempt& now);
  void keep(Attempt& now, Wire wire) const;
  std::optional<Wire> secured(Attempt& now, Wire plain) const;
  LoggedIn opened(Attempt& now);
  /// Empty without TLS: then the certificate that libcurl reports is that of a proxy.
  std::optional<std::chrono::sys_seconds> certificate_until(const Attempt& now) const {
    return request_.endpoint.tls == Tls::none ? std::nullopt : now.result.certificate_until;
  }
  [[noreturn]] void fail(const Attempt& now) const;

  const OpenRequest& request_;
  const Deadline deadline_;
  Redactor redactor_;
  MethodsToTry methods_;
  Addresses addresses_;
};

void Opener::attempt(Attempt& now) {
  if (methods_.by_libcurl()) return attempt_by_libcurl(now);
  const Endpoint& endpoint = request_.endpoint;
  using State = LoginConversation::State;
  auto curl = std::make_unique<CurlHandle>(endpoint, deadline_.cancel, now.dialogue, Speaks::nothing);
  const auto mute_at = std::chrono::steady_clock::now() + endpoint.connect_timeout / 3;
  if (!addresses_.chosen().empty()) curl->connect_to_address(addresses_.chosen());
  curl->give_up_when_mute(mute_at,
                          [this](const std::string& peer) { return addresses_.has_another_than(peer); });
  now.result = curl->connect(addresses_.limit(deadline_.left()));
  addresses_.note(now.result);
  if (!now.result.ok()) return;
  std::optional<Wire> wire(std::in_place, std::move(curl), address_of(endpoint));
  LoginConversation conversation({endpoint, request_.login, methods_}, now.dialogue);
  const auto half_time = std::chrono::steady_clock::now() + deadline_.left() / 2;
  // If a login without CAPA or UTF8 is possible, half of the time is kept for it.
  const LoginLimits limits{.deadline = deadline_,
                           .capa_by = methods_.has_way_without_capa() ? half_time : deadline_.at,
                           .utf8_by = half_time,
                           .greeting_by = mute_at,
                           .give_up = [this, &now] { return addresses_.has_another_than(now.result.peer); }};
  converse(*wire, conversation, limits);
  if (conversation.state() == State::switching_to_tls) {
    wire = secured(now, std::move(*wire));
    if (!wire) return;
    conversation.secured();
    converse(*wire, conversation, limits);
  }
  now.method = conversation.method();
  if (conversation.state() == State::logged_in) return keep(now, std::move(*wire));
  now.end = conversation.end();
  const bool in_time = std::chrono::steady_clock::now() < deadline_.at;
  now.result.mute = conversation.awaits_greeting() && now.end->what == LoginEnd::What::timed_out && in_time;
  if (now.end->what == LoginEnd::What::lost) now.result.tunnel_end = wire->end_of_tunnel();
}

/// The same connection inside TLS; empty if there is no TLS that can be trusted.
std::optional<Wire> Opener::secured(Attempt& now, Wire plain) const {
  auto curl =
      std::make_unique<CurlHandle>(request_.endpoint, deadline_.cancel, now.dialogue, Speaks::nothing);
  curl->begin_tls_on(plain.release());
  now.result = curl->connect(deadline_.left());
  if (!now.result.ok()) return std::nullopt;
  return std::optional<Wire>(std::in_place, std::move(curl), address_of(request_.endpoint));
}

void Opener::attempt_by_libcurl(Attempt& now) {
  const Endpoint& endpoint = request_.endpoint;
  now.method = methods_.choose({});
  auto curl = std::make_unique<CurlHandle>(endpoint, deadline_.cancel, now.dialogue, Speaks::pop3);
  curl->log_in_by(*now.method, request_.login);
  if (!addresses_.chosen().empty()) curl->connect_to_address(addresses_.chosen());
  curl->give_up_when_mute(std::chrono::steady_clock::now() + endpoint.connect_timeout / 3,
                          [&](const std::string& peer) {
                            return !now.dialogue.transcript().greeted() && addresses_.has_another_than(peer);
                          });
  now.result = curl->connect(deadline_.left());
  addresses_.note(now.result);
  if (now.result.ok()) return keep(now, Wire(std::move(curl), address_of(endpoint)));
  now.end = end_by_libcurl(now);
}

void Opener::keep(Attempt& now, Wire wire) const {
  now.stream = std::make_unique<CurlStream>(
      std::move(wire), CurlStream::Limits{.silence = request_.endpoint.silence}, deadline_.cancel);
}

/// Throws the error that explain() returns, with the meaning of the -ERR if an -ERR led to it.
void Opener::fail(const Attempt& now) const {
  const Transcript& said = now.dialogue.transcript();
  const LoginFailure failure{.endpoint = request_.endpoint,
                             .login = request_.login,
                             .method = now.method,
                             .end = now.end,
                             .redactor = redactor_,
                             .transcript = said,
                             .result = now.result,
                             .deadline = deadline_,
                             .tried = addresses_.tried()};
  const Error error = advised(failure, explain(failure), request_.advise);
  if (now.end && now.end->is_silent_refusal())
    throw RefusedError(error, {.reason = Reason::hung_up,
                               .kind = error.kind(),
                               .hint = error.hint(),
                               .pause = std::nullopt,
                               .other_method = now.method ? now.method->in_steps() : std::string()});
  if (!said.refusal()) throw Error(error);
  Refusal refusal = understand(*said.refusal(), error.kind());
  if (refusal.kind != error.kind()) throw Error(error);
  if (!refusal.pause && response_code(*said.refusal()) == "LOGIN-DELAY")
    refusal.pause = login_delay(said.capabilities());
  throw RefusedError(error, std::move(refusal));
}

LoggedIn Opener::opened(Attempt& now) {
  // A failure at CAPA may have been an accident: the method is not remembered, and the next login asks again.
  const bool asked = methods_.asks_capa();
  return {.stream = std::move(now.stream),
          .capabilities = now.dialogue.transcript().capabilities(),
          .login_method = asked ? now.method->name : std::string(request_.remembered_method),
          .redactor = std::move(redactor_),
          .answers_capa = asked,
          .certificate_until = certificate_until(now)};
}

LoggedIn Opener::open() {
  int forms = 0;
  for (;;) {
    Attempt now(redactor_, request_.trace);
    attempt(now);
    if (now.stream) return opened(now);
    if (!now.dialogue.transcript().greeted() && addresses_.go_on_after(now.result)) {
      now.dialogue.remark("this address does not answer; " + addresses_.chosen() + " is tried");
      continue;
    }
    // The methods that are left may be ones that this server does not offer.
    if (!goes_on(now, methods_, forms) || !methods_.choose(now.dialogue.transcript().capabilities()))
      fail(now);
    now.dialogue.remark(remark_before_next(now.end->what));
  }
}

/// Has the same conversation as open(), but with no method to try, so that it ends where a login would begin.
ServerFacts Opener::look() {
  methods_.leave_nothing();
  Attempt now(redactor_, request_.trace);
  attempt(now);
  const bool at_its_end = now.end && now.end->what == LoginEnd::What::not_offered;
  const bool dislikes_capa = now.end && (now.end->what == LoginEnd::What::capa_unanswered ||
                                         now.end->what == LoginEnd::What::capa_unfinished);
  if (!at_its_end && (!dislikes_capa || request_.endpoint.tls == Tls::starttls)) fail(now);
  return {.greeting = {},
          .capabilities = now.dialogue.transcript().capabilities(),
          .certificate_until = certificate_until(now)};
}

}  // namespace

std::optional<std::chrono::seconds> login_delay(std::span<const std::string> capabilities) {
  for (const std::string& line : capabilities) {
    const auto words = words_of_capability(line);
    if (words.size() < 2 || words.front() != "LOGIN-DELAY") continue;
    const auto seconds = util::parse_number(words[1]);
    if (seconds && *seconds > 0 && *seconds <= 86'400)
      return std::chrono::seconds(static_cast<std::int64_t>(*seconds));
  }
  return std::nullopt;
}

ServerFacts look_at_server(const OpenRequest& request) {
  std::string greeting;
  const Trace listen = [&](char direction, std::string_view line) {
    if (direction == '<' && greeting.empty()) greeting = line;
    if (request.trace) request.trace(direction, line);
  };
  OpenRequest heard{.endpoint = request.endpoint,
                    .login = request.login,
                    .remembered_method = {},
                    .cancel = request.cancel,
                    .trace = listen,
                    .advise = request.advise};
  auto facts = Opener(heard).look();
  facts.greeting = greeting;
  return facts;
}

LoggedIn open_pop3(const OpenRequest& request) {
  check(request.login);
  return Opener(request).open();
}

}  // namespace mailhaul::net
