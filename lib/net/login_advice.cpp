// SPDX-License-Identifier: MIT
// Chooses the provider's hint that fits the way in which an attempt has ended.
#include <curl/curl.h>

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
  if (failure.end && failure.end->is_silent_refusal()) return true;
  return error.kind() == Kind::login;
}

/// No greeting at all, or one of another protocol, or no TLS where it is demanded.
bool is_elsewhere(const LoginFailure& failure) {
  if (!failure.transcript.greeted()) return true;
  return failure.end && (failure.end->what == What::foreign_greeting || failure.end->what == What::no_stls);
}

/// The server does not list the method, so that our own hint says which methods it lists.
bool is_not_listed(const LoginFailure& failure) {
  if (failure.end->what != What::way_refused) return failure.end->what == What::not_offered;
  const Mechanism* const mechanism = mechanism_of(failure.login.auth);
  return mechanism != nullptr && !offers(failure.transcript.capabilities(), "SASL", mechanism->name);
}

/// Whether our own hint is needed in addition to the provider's. It describes the certificate, lists what the
/// server offers, or says what may be wrong if the server hung up without a word.
bool says_more(const LoginFailure& failure) {
  if (failure.end) return failure.end->is_silent_refusal() || is_not_listed(failure);
  switch (failure.result.code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return true;
    default:
      return false;
  }
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
  if (error.hint().empty() || !says_more(failure)) return {error.kind(), error.what(), hint};
  return {error.kind(), error.what(), error.hint() + "; " + hint};
}

}  // namespace mailhaul::net
