// SPDX-License-Identifier: MIT
#include "net/connection.h"

#include <curl/curl.h>

#include <algorithm>
#include <utility>

#include "net/curl_stream.h"
#include "net/easy.h"
#include "net/problem.h"
#include "net/raw_login.h"
#include "net/response.h"
#include "net/rung.h"
#include "net/wire.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::net {

namespace {

using util::Error;
using util::Kind;

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool needs_secret(Auth auth) { return auth != Auth::external && auth != Auth::gssapi; }

/// libcurl sends a line end in user name or password as it is: "joe\r\nDELE 1" would be two commands.
void check(const Login& login) {
  if (login.user.empty() || has_control_character(login.user)) {
    throw Error(Kind::config, login.user.empty() ? "the user name is empty"
                                                 : "the user name \"" + util::escape(login.user) +
                                                       "\" holds control characters");
  }
  if (has_control_character(login.secret.reveal())) {
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

Mask mask_for(const Endpoint& endpoint, const Login& login) {
  Mask mask;
  const std::string& secret = login.secret.reveal();
  // As PLAIN sends it: base64 of a short password alone would not be found within it.
  if (!secret.empty()) mask.hide(std::string(1, '\0') + login.user + std::string(1, '\0') + secret);
  mask.hide(secret);
  mask.hide(password_in(endpoint.proxy));
  return mask;
}

enum class Verdict { refused, no_mechanism, bad_form };

/// Exchange and others answer credentials on the AUTH line with "-ERR Protocol error" or hang up. Words about
/// the credentials mean what they say: asking again would only count as one more wrong password.
bool dislikes_form(const Ended& ended, const Transcript& said) {
  if (!said.initial_response() || said.stage() != Transcript::Stage::login || !said.complaint().empty())
    return false;
  if (!said.refusal())
    return !said.answered() && (ended.code == CURLE_RECV_ERROR || ended.code == CURLE_GOT_NOTHING);
  if (!response_code(*said.refusal()).empty()) return false;
  if (kind_of_refusal(*said.refusal(), Kind::login) != Kind::login) return false;
  const std::string words = util::lower(*said.refusal());
  constexpr std::string_view about_credentials[] = {"passw",  "credential", "authent", "authoriz", "login",
                                                    "log in", "logon",      "user",    "account",  "denied"};
  return std::none_of(std::begin(about_credentials), std::end(about_credentials),
                      [&](std::string_view word) { return words.find(word) != std::string::npos; });
}

Verdict judge(const Ended& ended, const Transcript& said) {
  if (lacks_mechanism(ended, said)) return Verdict::no_mechanism;
  const bool no_user = said.refusal() && said.stage() == Transcript::Stage::user;
  if (no_user && response_code(*said.refusal()).empty()) return Verdict::no_mechanism;
  return dislikes_form(ended, said) ? Verdict::bad_form : Verdict::refused;
}

/// The rungs that are left after the first one failed.
std::vector<Rung> rungs_after(const std::vector<Rung>& rungs, Verdict verdict) {
  std::vector<Rung> left(rungs.begin() + 1, rungs.end());
  std::erase_if(left, [&](const Rung& rung) {
    const bool same_mechanisms = rung.mechanisms == rungs.front().mechanisms;
    switch (verdict) {
      case Verdict::refused:
        return true;
      case Verdict::no_mechanism:
        return same_mechanisms;
      case Verdict::bad_form:
        return !same_mechanisms || rung.initial_response;
    }
    return true;
  });
  return left;
}

/// One rung, on a connection of its own.
struct Attempt {
  Attempt(const Mask& mask, const Trace& trace) : dialogue(mask, trace) {}
  Dialogue dialogue;
  Ended ended;
  std::unique_ptr<Stream> stream;  // empty: it came to nothing
};

void attempt(Attempt& now, const Rung& rung, const Endpoint& endpoint, const Login& login,
             const Deadline& deadline) {
  auto easy = std::make_unique<Easy>(endpoint, deadline.cancel, now.dialogue);
  const bool raw = rung.way == Rung::Way::raw;
  if (!raw) easy->give(rung, login);
  now.ended = easy->connect(deadline.left());
  if (!now.ended.ok()) return;
  Wire wire(std::move(easy), address_of(endpoint));
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

}  // namespace

Opened open_pop3(const Endpoint& endpoint, const Login& login, const std::string& remembered_rung,
                 const util::Cancel& cancel, const Trace& trace) {
  check(login);
  Mask mask = mask_for(endpoint, login);
  const Deadline deadline{std::chrono::steady_clock::now() + endpoint.connect_timeout, cancel};
  std::vector<Rung> rungs = ladder(login.auth, endpoint.tls, remembered_rung);
  for (;;) {
    const Rung rung = rungs.front();
    Attempt now(mask, trace);
    attempt(now, rung, endpoint, login, deadline);
    const Transcript& said = now.dialogue.transcript();
    if (now.stream) return {std::move(now.stream), said.capabilities(), rung.name, std::move(mask)};
    rungs = rungs_after(rungs, judge(now.ended, said));
    if (rungs.empty()) {
      throw explain({.endpoint = endpoint,
                     .login = login,
                     .rung = rung,
                     .mask = mask,
                     .transcript = said,
                     .ended = now.ended,
                     .deadline = deadline});
    }
    now.dialogue.remark("this way to log in is not for this server: the next one is \"" + rungs.front().name +
                        "\"");
  }
}

}  // namespace mailhaul::net
