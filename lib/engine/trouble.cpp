// SPDX-License-Identifier: MIT
#include "engine/trouble.h"

namespace mailhaul::engine {

using namespace std::chrono_literals;

namespace {

constexpr auto told_after = 24h;  // for temporary trouble
constexpr auto told_again = 24h;  // for lasting trouble

/// Notes that the account is not in trouble, and reports this if its trouble was reported.
void note_end(AccountRun& run) {
  auto& server = run.server;
  if (server.trouble_told) run.tell.recovered(run.account.name, server.failing_since);
  server.failing_since.reset();
  server.trouble_told.reset();
  server.told_status = 0;
}

enum class Trouble {
  passing,         ///< it may pass by itself
  lasting,         ///< somebody has to do something
  another_lasting  ///< the same, and other trouble was reported last
};

/// Whether -q reports the trouble now: lasting trouble at once, and then once a day; other trouble once,
/// after a day. What was reported before this trouble began was about other trouble.
bool is_to_be_told(const state::Server& server, Trouble trouble, state::Time now) {
  const auto& told = server.trouble_told;
  if (trouble == Trouble::another_lasting) return true;
  if (trouble == Trouble::lasting) return !told || *told > now || now - *told >= told_again;
  return (!told || *told < *server.failing_since) && now - *server.failing_since >= told_after;
}

bool lasts(int status) { return status != 0 && status != util::exit_status(util::Kind::temporary); }

Trouble trouble_of(const AccountOutcome& outcome, const state::Server& server) {
  if (!outcome.error || outcome.error->kind() == util::Kind::temporary) return Trouble::passing;
  const bool is_another = server.told_status != 0 && server.told_status != status_of(outcome);
  return is_another ? Trouble::another_lasting : Trouble::lasting;
}

void note_told(state::Server& server, int status, state::Time now) {
  server.trouble_told = now;
  server.told_status = status;
}

}  // namespace

void recall_trouble(AccountRun& run) {
  const auto now = run.environment.now();
  const auto& told = run.server.trouble_told;
  if (told && *told <= now && now - *told < told_again) run.notices.told_lately();
}

AccountOutcome note_trouble(AccountRun& run, AccountOutcome outcome, int status_before) {
  auto& server = run.server;
  outcome.quiet_skips_it = false;
  // A run that was stopped says nothing about the server.
  if (outcome.error && outcome.error->kind() == util::Kind::cancelled) return outcome;
  const auto now = run.environment.now();
  const int status = status_of(outcome);
  const auto trouble = trouble_of(outcome, server);
  if (status == 0) {
    note_end(run);
    return outcome;
  }
  // The pauses after a refused login belong to that trouble.
  const bool was_login = status_before == util::exit_status(util::Kind::login);
  const bool another = lasts(status_before) && !was_login && !lasts(status);
  if (another || !server.failing_since || *server.failing_since > now) server.failing_since = now;
  if (!run.environment.quiet) return outcome;
  if (trouble == Trouble::passing && lasts(status)) {  // each failure was reported now or in the last day
    if (run.notices.lasting_failure_told()) note_told(server, status, now);
    return outcome;
  }
  outcome.quiet_skips_it = !is_to_be_told(server, trouble, now);
  if (outcome.quiet_skips_it) return outcome;
  note_told(server, status, now);
  if (now - *server.failing_since < told_after) return outcome;
  const std::string since = "failing since " + run.environment.shown(*server.failing_since) + ": ";
  if (outcome.error) {
    outcome.error = util::Error(outcome.error->kind(), since + outcome.error->what(), outcome.error->hint());
  } else {
    const std::string sentence = "messages have been " + since + run.notices.last_trouble();
    run.tell.failed(run.account.name, {.sentence = sentence, .hint = {}, .uid = {}, .status = status});
  }
  return outcome;
}

bool was_told_elsewhere(const account::Account& account, const Environment& environment,
                        const util::Error& error) {
  if (!environment.quiet) return false;
  return error.kind() == util::Kind::temporary ||
         !environment.trouble_elsewhere.is_due(account.name, util::exit_status(error.kind()));
}

AccountOutcome note_trouble_elsewhere(const AccountRun& run, AccountOutcome outcome,
                                      const util::Error& not_stored) {
  if (!outcome.error) {
    outcome.error = not_stored;
    outcome.quiet_skips_it = false;
  }
  if (!outcome.quiet_skips_it)
    outcome.quiet_skips_it = was_told_elsewhere(run.account, run.environment, *outcome.error);
  return outcome;
}

}  // namespace mailhaul::engine
