// SPDX-License-Identifier: MIT
#include "engine/backoff.h"

#include <algorithm>
#include <variant>

#include "net/refusal.h"
#include "util/digest.h"
#include "util/utc.h"

namespace mailhaul::engine {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds first_pause = 5min;
constexpr std::chrono::seconds longest_pause = 6h;

/// Tells a changed profile from the one that was refused. Holds nothing of the secret: only where it comes
/// from.
std::string login_mark(const account::Account& account, const std::string& profile_stamp) {
  std::string facts = profile_stamp + '\0' + account.server.host + '\0' +
                      std::to_string(account.server.effective_port()) + '\0' + account.user + '\0' +
                      std::to_string(static_cast<int>(account.auth)) + '\0' +
                      std::to_string(account.secret.index()) + '\0';
  if (const auto* command = std::get_if<credentials::Command>(&account.secret)) {
    for (const auto& word : command->argv) facts += word + '\0';
  } else if (const auto* file = std::get_if<credentials::File>(&account.secret)) {
    facts += file->path.native() + '\0' + util::written_at(file->path);
  }
  return util::hex(util::sha256(facts)).substr(0, 16);
}

void check_backoff(const account::Account& account, const Environment& environment, state::Server& server) {
  if (!server.not_before) return;
  const auto now = environment.now();
  // A clock that was stepped back must not lock anybody out for longer than the longest pause.
  const bool over = now >= *server.not_before || *server.not_before > now + longest_pause;
  if (over || environment.attended || server.login_mark != login_mark(account, environment.profile_stamp)) {
    server.not_before.reset();
    return;
  }
  throw util::Error(
      util::Kind::temporary,
      "no login at " + account.server.host + " before " + util::format_utc(*server.not_before) + ": " +
          (server.refused_logins == 0
               ? "the server asked for a pause"
               : (server.refused_logins == 1
                      ? "it refused the last login"
                      : "it refused the last " + std::to_string(server.refused_logins) + " logins")),
      "run it at a terminal, or mend the profile, to try at once");
}

/// After a limit the server's own number counts, where it names one: it knows best.
void note_refusal(const account::Account& account, const Environment& environment, state::Server& server,
                  const util::Error& error) {
  const auto* const refused = dynamic_cast<const net::RefusedError*>(&error);
  const bool limit = refused != nullptr && refused->refusal().reason == net::Reason::limit;
  if (error.kind() != util::Kind::login && !limit) return;
  std::chrono::seconds pause = limit ? refused->refusal().pause.value_or(first_pause) : first_pause;
  if (!limit) {
    for (std::uint32_t i = 0; i < server.refused_logins && pause < longest_pause; ++i) pause *= 2;
    ++server.refused_logins;
  }
  server.not_before = environment.now() + std::min(pause, longest_pause);
  server.login_mark = login_mark(account, environment.profile_stamp);
}

}  // namespace

net::LoggedIn connect(const account::Account& account, const Environment& environment, state::Server& server,
                      const net::Trace& trace) {
  check_backoff(account, environment, server);
  try {
    auto opened = environment.connect(account, server.login_method, trace);
    server.login_method = opened.login_method;
    server.not_before.reset();
    server.refused_logins = 0;
    server.login_mark.clear();
    return opened;
  } catch (const util::Error& error) {
    note_refusal(account, environment, server, error);
    throw;
  }
}

bool note_trouble(AccountRun& run, AccountOutcome& outcome) {
  auto& server = run.server;
  if (outcome.error && outcome.error->kind() == util::Kind::cancelled)
    return false;  // tells nothing of the server
  const auto now = run.environment.now();
  const int status = status_of(outcome);
  if (status != util::exit_status(util::Kind::temporary)) {
    if (server.trouble_told && status == 0) {
      run.warn(
          "the trouble that began at " + util::format_utc(server.failing_since.value_or(now)) + " is over",
          "");
    }
    server.failing_since.reset();
    server.trouble_told = false;
    return false;
  }
  if (!server.failing_since || *server.failing_since > now) server.failing_since = now;
  if (!run.environment.quiet) return false;
  if (now - *server.failing_since < 24h || server.trouble_told) return true;
  server.trouble_told = true;
  const std::string since = "failing since " + util::format_utc(*server.failing_since) + ": ";
  if (outcome.error) {
    outcome.error = util::Error(outcome.error->kind(), since + outcome.error->what(), outcome.error->hint());
  } else {
    const std::string sentence = "messages have been " + since + run.last_trouble;
    run.tell.failed(run.account.name, {.sentence = sentence, .hint = {}, .uid = {}, .status = status});
  }
  return false;
}

}  // namespace mailhaul::engine
