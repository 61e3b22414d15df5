// SPDX-License-Identifier: MIT
#include "engine/login.h"

#include <algorithm>
#include <variant>

#include "credentials/oauth_refusal.h"
#include "credentials/token_file.h"
#include "net/refusal.h"
#include "util/digest.h"

namespace mailhaul::engine {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds first_pause = 5min;
constexpr std::chrono::seconds longest_pause = 6h;

/// A hash that changes with the profile. It covers where the secret comes from, never the secret itself.
std::string login_mark(const account::Account& account, const Environment& environment) {
  std::string facts = environment.profile_stamp + '\0' + account.server.host + '\0' +
                      std::to_string(account.server.effective_port()) + '\0' + account.user + '\0' +
                      std::to_string(static_cast<int>(account.auth)) + '\0' +
                      std::to_string(account.secret.index()) + '\0';
  if (account.oauth) {
    facts += util::written_at(credentials::token_path(environment.state_file, account.name));
  } else if (const auto* command = std::get_if<credentials::Command>(&account.secret)) {
    for (const auto& word : command->argv) facts += word + '\0';
  } else if (const auto* file = std::get_if<credentials::File>(&account.secret)) {
    facts += file->path.native() + '\0' + util::written_at(file->path);
  }
  return util::hex(util::sha256(facts)).substr(0, 16);
}

std::string reason_for_pause(std::uint32_t refused_logins) {
  if (refused_logins == 0) return "the server asked for a pause";
  if (refused_logins == 1) return "the last login failed";
  return "the last " + std::to_string(refused_logins) + " logins failed";  // refused, or the server hung up
}

/// Throws Error{temporary} during a pause; ends a pause that is over.
void check_pause(const account::Account& account, const Environment& environment, state::Server& server) {
  if (!server.not_before) return;
  const auto now = environment.now();
  // If the clock was set back, a pause must not become longer than the longest one.
  const bool over = now >= *server.not_before || *server.not_before > now + longest_pause;
  if (over || environment.attended || server.login_mark != login_mark(account, environment)) {
    server.not_before.reset();
    return;
  }
  throw util::Error(
      util::Kind::temporary,
      "no login at " + account.server.host + " before " + environment.shown(*server.not_before) + ": " +
          reason_for_pause(server.refused_logins),
      server.refused_logins == 0
          ? "to try at once, run mailhaul at a terminal"
          : "to try at once, run mailhaul at a terminal, or correct the configuration if it is wrong");
}

/// If the server hung up at the credentials, it may have refused them, the network may have failed, or the
/// server may not accept credentials on the line of the command. The first time therefore begins no pause:
/// the next run sends them in another form, if there is one.
bool begins_pause(const state::Server& server, const net::RefusedError* refused, const util::Error& error) {
  const auto reason = refused != nullptr ? refused->refusal().reason : net::Reason::unknown;
  if (reason == net::Reason::hung_up) return server.refused_logins > 0;
  return error.kind() == util::Kind::login || reason == net::Reason::limit;
}

/// Begins a pause if the login was refused, or a limit of the server was exceeded. If the server
/// names a time, the pause lasts as long as that.
void note_refusal(const account::Account& account, const Environment& environment, state::Server& server,
                  const util::Error& error) {
  if (dynamic_cast<const credentials::LoginNeeded*>(&error) != nullptr) return;  // the server was not asked
  const auto* const refused = dynamic_cast<const net::RefusedError*>(&error);
  const bool limit = refused != nullptr && refused->refusal().reason == net::Reason::limit;
  const bool hung_up = refused != nullptr && refused->refusal().reason == net::Reason::hung_up;
  const bool pauses = begins_pause(server, refused, error);
  if (hung_up && !refused->refusal().other_method.empty())
    server.login_method = refused->refusal().other_method;
  if (hung_up && !pauses) ++server.refused_logins;
  if (!pauses) return;
  const auto named = refused != nullptr ? refused->refusal().pause : std::nullopt;
  std::chrono::seconds pause = first_pause;
  if (!limit) {
    for (std::uint32_t i = 0; i < server.refused_logins && pause < longest_pause; ++i) pause *= 2;
    ++server.refused_logins;
  }
  // After a refused password, the pause is never shorter than by our own rule.
  if (named) pause = limit ? *named : std::max(pause, *named);
  server.not_before = environment.now() + std::min(pause, longest_pause);
  server.login_mark = login_mark(account, environment);
}

}  // namespace

void note_limit(const account::Account& account, const Environment& environment, state::Server& server,
                const net::Refusal& refusal) {
  if (refusal.reason != net::Reason::limit) return;
  server.not_before = environment.now() + std::min(refusal.pause.value_or(first_pause), longest_pause);
  server.login_mark = login_mark(account, environment);
}

net::LoggedIn log_in(const account::Account& account, const Environment& environment, state::Server& server,
                     const net::Trace& trace) {
  check_pause(account, environment, server);
  try {
    auto opened = environment.connect(account, server.login_method, trace);
    server.login_method = opened.login_method;
    server.not_before.reset();
    server.refused_logins = 0;
    server.login_mark.clear();  // not_before, if set below, is a LOGIN-DELAY, not a pause
    if (const auto delay = net::login_delay(opened.capabilities))
      server.not_before = environment.now() + std::min(*delay, longest_pause);
    return opened;
  } catch (const util::Error& error) {
    note_refusal(account, environment, server, error);
    throw;
  }
}

bool is_within_login_delay(const state::Server& server, state::Time now) {
  return server.not_before && server.login_mark.empty() && now < *server.not_before &&
         *server.not_before <= now + longest_pause;
}

net::Trace login_trace(const account::Account& account, report::Listener& listener) {
  listener.doing(account.name, report::Activity::connecting);
  return [&account, &listener, answered = false](char direction, std::string_view line) mutable {
    if (!answered && direction == '<') {
      answered = true;
      listener.doing(account.name, report::Activity::logging_in);
    }
    listener.traced(account.name, direction, line);
  };
}

void warn_of_plain_text(const account::Account& account, const Environment& environment,
                        report::Listener& listener) {
  const auto& server = account.server;
  const bool loopback = account::mailbox_of(account).port != 0;
  if (server.tls != net::Tls::none || loopback || !server.crosses_network() || !environment.attended) return;
  listener.warned(account.name, {.sentence = "the password and all mail cross the network to " + server.host +
                                             " in clear text",
                                 .hint = "remove \"tls\": \"none\"; most servers offer TLS today",
                                 .uid = {}});
}

}  // namespace mailhaul::engine
