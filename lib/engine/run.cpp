// SPDX-License-Identifier: MIT
#include "engine/run.h"

#include <algorithm>
#include <future>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "engine/account_queue.h"
#include "engine/account_run.h"
#include "engine/fetch_account.h"
#include "engine/fetch_session.h"
#include "engine/hooks.h"
#include "engine/last_run.h"
#include "engine/login.h"
#include "engine/mailbox.h"
#include "engine/recover.h"
#include "engine/trouble.h"

namespace mailhaul::engine {

int status_of(const AccountOutcome& outcome) {
  std::vector<int> statuses;
  if (outcome.error) statuses.push_back(util::exit_status(outcome.error->kind()));
  for (const auto kind : outcome.message_errors) statuses.push_back(util::exit_status(kind));
  return util::most_serious(statuses);
}

void for_each_account(const std::vector<account::Account>& accounts, const Limits& limits,
                      const std::function<void(std::size_t)>& work) {
  if (accounts.empty()) return;
  AccountQueue queue(accounts, limits);
  const auto worker = [&] {
    while (const auto index = queue.take()) {
      work(*index);
      queue.done(*index);
    }
  };
  std::vector<std::jthread> others(std::clamp<std::size_t>(limits.jobs, 1, accounts.size()) - 1);
  for (auto& other : others) {
    try {
      other = limits.start(worker);
    } catch (const std::system_error&) {
      break;  // no more threads can be started: the existing ones do all of the work
    }
  }
  worker();
}

namespace {

net::LoggedIn log_in(AccountRun& run) {
  return log_in(run.account, run.environment, run.server, login_trace(run.account, run.tell));
}

/// Reads the mailbox's rows in a thread of its own while the server is asked for its listing, or, if they
/// are few or no thread can be started, when get() is called.
std::future<state::MailboxRows> read_rows(const AccountRun& run) {
  constexpr std::size_t many = 10'000;  // to read so many takes longer than to start a thread
  const bool in_thread = run.store.row_count_at_most(run.mailbox) >= many;
  return std::async(in_thread ? std::launch::async | std::launch::deferred : std::launch::deferred,
                    [&run] { return run.store.rows(run.mailbox); });
}

void fetch(AccountRun& run) {
  constexpr int max_broken_off = 3;  // the first session, a second one, and one that asks one by one
  warn_of_plain_text(run.account, run.environment, run.tell);
  recover(run.store, run.mailbox, run.context, run.account.deliver);
  run.totals.is_new_place = run.places.are_new();
  run.places.open();
  run.places.sweep(open_tickets(run.store));
  Part part = Part::all;
  for (int broken_off = 0; broken_off < max_broken_off;) {
    auto rows = read_rows(run);
    auto logged_in = log_in(run);
    run.certificate_until = logged_in.certificate_until;
    const auto get_rows = [&rows] { return rows.get(); };
    switch (fetch_once(run, std::move(logged_in), get_rows, part)) {
      case Next::stop:
        // The last batch kept its temporary files until it was recorded as delivered.
        run.places.sweep(open_tickets(run.store));
        if (const auto error = run.refusing.error(run.totals.waiting, run.environment))
          throw util::Error(*error);
        return;
      case Next::failed_messages:
        part = Part::failed;
        break;
      case Next::new_session:
      case Next::one_by_one:
        ++broken_off;
        break;
    }
  }
  throw util::Error(util::Kind::protocol,
                    "the server " + run.account.server.host + " broke off three sessions in a row",
                    "try again later; nothing is lost");
}

/// Runs `work` for one account, and catches what it throws: returns the error, if there was one.
template <typename Work>
std::optional<util::Error> caught(const Work& work) {
  try {
    work();
    return std::nullopt;
  } catch (const util::Error& error) {
    if (error.kind() != util::Kind::temporary || !error.hint().empty()) return error;
    return util::Error(error.kind(), error.what(), "nothing is lost; the next run continues from here");
  } catch (const std::exception& bug) {
    return util::Error(util::Kind::internal, std::string("a bug: ") + bug.what(), "please report it");
  }
}

void report_outcome(const AccountOutcome& outcome, const util::Cancel& cancel, report::Listener& listener) {
  const bool was_cancelled = outcome.error && outcome.error->kind() == util::Kind::cancelled;
  if (outcome.error && !(was_cancelled && cancel.requested())) {
    auto notice = notice_of(*outcome.error);
    notice.quiet_skips_it = outcome.quiet_skips_it;
    listener.failed(outcome.account, notice);
  }
  int status = status_of(outcome);
  // Temporary is included, because nobody knows whether a program that had to be ended took its message.
  const bool nothing_else = status == 0 || status == util::exit_status(util::Kind::cancelled) ||
                            status == util::exit_status(util::Kind::temporary);
  if (cancel.requested() && nothing_else) status = 128 + cancel.signal();
  listener.finished(outcome.account, outcome.totals, status);
}

/// Behind the portal of a hotel, or without the VPN, a server's name may not be found, although it was found
/// before.
util::Error with_known_host(const AccountRun& run, const util::Error& error) {
  const bool worked_before = !run.server.login_method.empty();
  if (error.kind() != util::Kind::no_host || !worked_before) return error;
  return {util::Kind::temporary, error.what(),
          "its name was found before: check the network and the VPN; if the server has a new name, correct "
          "\"server\""};
}

/// With the mailbox locked: fetches, and stores what was learned about the server.
AccountOutcome fetch_locked(AccountRun& run) {
  AccountOutcome outcome{.account = run.account.name};
  if (const auto why = too_soon(run)) {
    outcome.totals.not_asked = why->key;
    if (run.environment.attended)
      run.notices.warn(why->sentence, "");
    else
      run.tell.noted(run.account.name, why->sentence);
    return outcome;
  }
  const auto begun = run.environment.now();
  recall_trouble(run);
  outcome.error = caught([&] { fetch(run); });
  if (outcome.error) outcome.error = with_known_host(run, *outcome.error);
  outcome.totals = run.totals;
  outcome.message_errors = run.notices.message_errors();
  outcome.totals.failed = static_cast<std::uint32_t>(outcome.message_errors.size());
  int status_before = 0;
  const auto not_noted = caught([&] {
    if (const auto before = run.store.last_run(run.mailbox)) status_before = before->status;
    note_last_run(run, outcome, begun);
  });
  outcome = note_trouble(run, std::move(outcome), status_before);
  const auto not_stored = caught([&] {
    run.store.remember(run.mailbox, run.server);
    run.store.note_told(run.mailbox, run.notices.newly_told());
    if (not_noted) throw util::Error(*not_noted);
  });
  if (not_stored) return note_trouble_elsewhere(run, std::move(outcome), *not_stored);
  run.environment.trouble_elsewhere.end(run.account.name);
  return outcome;
}

}  // namespace

AccountOutcome fetch_account(const account::Account& account, const Environment& environment,
                             report::Listener& listener, std::mutex& writes) {
  const auto begun = std::chrono::steady_clock::now();
  listener.started(account.name);
  // Trouble that comes before the store can be read, such as another run at work, is not worth a mail from
  // cron.
  AccountOutcome outcome{.account = account.name, .quiet_skips_it = environment.quiet};
  const auto error = caught([&] {
    state::Store store(environment.state_file, writes);
    const auto lock = lock_mailbox(account::mailbox_of(account), store.file());
    AccountRun run(account, environment, listener, store);
    outcome = fetch_locked(run);
  });
  if (error) {
    outcome.error = error;
    outcome.quiet_skips_it = was_told_elsewhere(account, environment, *error);
  }
  outcome.totals.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  run_hooks(account, outcome, environment, listener);
  report_outcome(outcome, *environment.cancel, listener);
  return outcome;
}

std::vector<AccountOutcome> run(const std::vector<account::Account>& accounts, const Limits& limits,
                                const Environment& environment, report::Listener& listener) {
  std::vector<AccountOutcome> outcomes(accounts.size());
  listener.expected(account::account_names(accounts));
  std::mutex writes;
  for_each_account(accounts, limits, [&](std::size_t i) {
    outcomes[i] = fetch_account(accounts[i], environment, listener, writes);
  });
  return outcomes;
}

}  // namespace mailhaul::engine
