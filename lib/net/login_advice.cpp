// SPDX-License-Identifier: MIT
// Which hint of a provider belongs to which end of an attempt.
#include "net/problem.h"
#include "net/refusal.h"

namespace mailhaul::net {

namespace {

using util::Error;
using util::Kind;
using What = LoginEnd::What;

bool lacks_method(const LoginFailure& failure, const Error& error) {
  if (failure.end) return failure.end->what == What::not_offered || failure.end->what == What::way_refused;
  return failure.transcript.greeted() && error.kind() == Kind::unavailable &&
         !failure.transcript.login_tried();
}

/// A lock, a limit or trouble at the server has a hint of its own; so has a mailbox without POP3.
bool refuses_credentials(const LoginFailure& failure, const Error& error) {
  if (failure.end && failure.end->what == What::hung_up) return true;
  return error.kind() == Kind::login;
}

/// No greeting at all, or one of another protocol, or no TLS where it is demanded.
bool is_elsewhere(const LoginFailure& failure) {
  if (!failure.transcript.greeted()) return true;
  return failure.end && (failure.end->what == What::foreign_greeting || failure.end->what == What::no_stls);
}

}  // namespace

Error advised(const LoginFailure& failure, const Error& error, Advisor advise) {
  if (advise == nullptr || error.kind() == Kind::cancelled || explain_proxy(failure)) return error;
  const Advice advice = advise(failure.endpoint, failure.login);
  const std::string& hint = is_elsewhere(failure)                 ? advice.server
                            : lacks_method(failure, error)        ? advice.mechanism
                            : refuses_credentials(failure, error) ? advice.refused
                                                                  : std::string();
  if (hint.empty()) return error;
  const bool hung_up =
      failure.end && failure.end->what == What::hung_up;  // without a word: anything may be wrong
  return {error.kind(), error.what(), hung_up ? error.hint() + "; " + hint : hint};
}

}  // namespace mailhaul::net
