// SPDX-License-Identifier: MIT
#include "engine/run.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "engine/account_run.h"
#include "engine/backoff.h"
#include "engine/fetch_session.h"
#include "engine/mailbox.h"

namespace mailhaul::engine {

int most_serious(std::span<const int> statuses) {
  for (const int status : {70, 71, 78, 77, 74, 73, 65, 76, 69, 68, 75}) {
    if (std::ranges::find(statuses, status) != statuses.end()) return status;
  }
  const auto other = std::ranges::find_if(statuses, [](int status) { return status != 0; });
  return other == statuses.end() ? 0 : *other;
}

int status_of(const AccountOutcome& outcome) {
  std::vector<int> statuses;
  if (outcome.error) statuses.push_back(util::exit_status(outcome.error->kind()));
  for (const auto kind : outcome.message_errors) statuses.push_back(util::exit_status(kind));
  return most_serious(statuses);
}

namespace {

/// Which accounts are still to be worked, and how many are being worked at each host.
class Queue {
 public:
  Queue(const std::vector<account::Account>& accounts, const Limits& limits)
      : accounts_(accounts), limits_(limits) {
    for (std::size_t i = 0; i < accounts.size(); ++i) waiting_.push_back(i);
  }

  /// The first account whose host has room; waits for one. Empty: none is left.
  std::optional<std::size_t> take() {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (waiting_.empty()) return std::nullopt;
      const auto free = std::ranges::find_if(
          waiting_, [&](std::size_t i) { return busy_[accounts_[i].server.host] < limits_.host_jobs; });
      if (free != waiting_.end()) {
        const std::size_t index = *free;
        waiting_.erase(free);
        ++busy_[accounts_[index].server.host];
        return index;
      }
      freed_.wait(lock);
    }
  }

  void done(std::size_t index) {
    const std::lock_guard lock(mutex_);
    --busy_[accounts_[index].server.host];
    freed_.notify_all();
  }

 private:
  const std::vector<account::Account>& accounts_;
  const Limits& limits_;
  std::vector<std::size_t> waiting_;
  std::map<std::string, unsigned> busy_;
  std::mutex mutex_;
  std::condition_variable freed_;
};

}  // namespace

void for_each_account(const std::vector<account::Account>& accounts, const Limits& limits,
                      const std::function<void(std::size_t)>& work) {
  Queue queue(accounts, limits);
  const auto worker = [&] {
    while (const auto index = queue.take()) {
      work(*index);
      queue.done(*index);
    }
  };
  const std::size_t threads = std::min<std::size_t>(limits.jobs, accounts.size());
  if (threads <= 1) return worker();
  std::vector<std::jthread> workers;
  for (std::size_t i = 0; i < threads; ++i) workers.emplace_back(worker);
}

namespace {

net::LoggedIn connect(AccountRun& run) {
  const auto& account = run.account;
  const auto trace = [&](char direction, std::string_view line) {
    run.tell.traced(account.name, direction, line);
  };
  return connect(account, run.environment, run.server, trace);
}

/// What the store knows of the mailbox. Much of it is read while the server is being talked to.
std::future<state::MailboxRows> read_seen(const AccountRun& run) {
  constexpr std::size_t many = 10'000;  // rows: a few milliseconds, more than a thread costs
  const bool beside = run.store.row_count_at_most(run.mailbox) >= many;
  return std::async(beside ? std::launch::async | std::launch::deferred : std::launch::deferred,
                    [&] { return run.store.rows(run.mailbox); });
}

void fetch(AccountRun& run) {
  warn_of_plain_text(run.account, run.environment, run.tell);
  recover(run);
  run.open_destinations();
  Part part = Part::all;
  for (int broken_off = 0; broken_off < 3;) {  // the first, one more when an answer was missing, one by one
    auto seen = read_seen(run);
    auto logged_in = connect(run);
    switch (fetch_once(
        run, std::move(logged_in), [&] { return seen.get(); }, part)) {
      case Next::stop:
        run.sweep();  // what the last batch left until it was DELIVERED
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

/// The account's net: whatever goes wrong below ends here.
template <typename Work>
std::optional<util::Error> caught(const Work& work) {
  try {
    work();
    return std::nullopt;
  } catch (const util::Error& error) {
    if (error.kind() != util::Kind::temporary || !error.hint().empty()) return error;
    return util::Error(error.kind(), error.what(),
                       "nothing is lost; the next run goes on where this one stopped");
  } catch (const std::exception& bug) {
    return util::Error(util::Kind::internal, std::string("a bug: ") + bug.what(), "please report it");
  }
}

void tell_outcome(const account::Account& account, const Environment& environment, report::Listener& tell,
                  const AccountOutcome& outcome, bool hushed) {
  if (outcome.error && !(outcome.error->kind() == util::Kind::cancelled && environment.cancel->requested())) {
    tell.failed(account.name, {.sentence = outcome.error->what(),
                               .hint = outcome.error->hint(),
                               .uid = {},
                               .status = util::exit_status(outcome.error->kind()),
                               .quiet_skips_it = hushed});
  }
  const int own = status_of(outcome);
  const bool stopped =
      environment.cancel->requested() && (own == 0 || own == util::exit_status(util::Kind::cancelled));
  const int status = stopped ? 128 + environment.cancel->signal() : own;
  tell.finished(account.name, outcome.totals, status);
}

AccountOutcome fetch_account(const account::Account& account, const Environment& environment,
                             report::Listener& tell, std::mutex& writes) {
  const auto begun = std::chrono::steady_clock::now();
  AccountOutcome outcome;
  outcome.account = account.name;
  // Another mailhaul at work, or anything else temporary before the store can be asked: never worth a cron
  // mail.
  bool hushed = environment.quiet;
  tell.started(account.name);
  outcome.error = caught([&] {
    state::Store store(environment.state_file, writes);
    const auto lock = lock_mailbox(account::mailbox_of(account), store.file());
    AccountRun run(account, environment, tell, store);
    outcome.error = caught([&] { fetch(run); });
    outcome.totals = run.totals;
    outcome.message_errors = run.message_errors;
    hushed = note_trouble(run, outcome);
    auto forgotten = caught([&] { run.remember(); });
    if (outcome.error) throw util::Error(*outcome.error);
    if (forgotten) throw util::Error(*forgotten);
  });
  if (outcome.error && outcome.error->kind() != util::Kind::temporary) hushed = false;
  outcome.totals.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  tell_outcome(account, environment, tell, outcome, hushed);
  return outcome;
}

}  // namespace

std::vector<AccountOutcome> run(const std::vector<account::Account>& accounts, const Limits& limits,
                                const Environment& environment, report::Listener& tell) {
  std::vector<AccountOutcome> outcomes(accounts.size());
  std::mutex writes;
  for_each_account(accounts, limits, [&](std::size_t i) {
    outcomes[i] = fetch_account(accounts[i], environment, tell, writes);
  });
  return outcomes;
}

}  // namespace mailhaul::engine
