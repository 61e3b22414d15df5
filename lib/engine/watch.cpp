// SPDX-License-Identifier: MIT
#include "engine/watch.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "engine/fetch_account.h"

namespace mailhaul::engine {

using std::chrono::seconds;

seconds pause_of(const account::Account& account, seconds interval, std::uint64_t runs) {
  const auto least = std::max(interval, account.policy.min_interval);
  std::uint64_t hash = runs * 0x9e3779b97f4a7c15U;
  for (const char c : account.name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  hash ^= hash >> 32U;
  const auto most_jitter = static_cast<std::uint64_t>(least.count() / 10 + 1);
  return least + seconds(static_cast<std::int64_t>(hash % most_jitter));
}

Watch::Watch(std::vector<account::Account> accounts, const Limits& limits, seconds interval,
             WatchOutside outside)
    : limits_(limits), interval_(interval), outside_(std::move(outside)), entries_(accounts.size()) {
  const auto now = outside_.now();
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    entries_[i].account = std::move(accounts[i]);
    entries_[i].due = now;
  }
}

void Watch::run() {
  while (outside_.goes_on()) {
    const auto now = outside_.now();  // one time for both, so that no account falls due in between
    start_due(now);
    outside_.wait(next_due(now));
  }
  while (count_at_work() != 0) outside_.wait(std::nullopt);
  for (auto& entry : entries_)
    if (entry.thread.joinable()) entry.thread.join();
}

void Watch::start_due(seconds now) {
  std::vector<Entry*> due;
  {
    const std::lock_guard lock(mutex_);
    for (auto& entry : entries_)
      if (!entry.is_at_work && entry.due <= now) due.push_back(&entry);
  }
  begin_round(due);
  std::ranges::stable_sort(due, {}, &Entry::due);
  for (auto* entry : due)
    if (has_room(*entry)) begin(*entry);
}

/// Begins a round, unless an account of the last round is still at work or waits for room.
void Watch::begin_round(const std::vector<Entry*>& due) {
  {
    const std::lock_guard lock(mutex_);
    if (due.empty() || std::ranges::any_of(entries_, &Entry::is_expected)) return;
    for (auto* entry : due) entry->is_expected = true;
  }
  std::vector<std::string> names;
  for (const auto* entry : due) names.push_back(entry->account.name);
  outside_.expect(names);
}

bool Watch::has_room(const Entry& entry) const {
  const std::lock_guard lock(mutex_);
  unsigned all = 0, at_host = 0;
  for (const auto& other : entries_) {
    if (!other.is_at_work) continue;
    ++all;
    if (other.account.server.host == entry.account.server.host) ++at_host;
  }
  return all < limits_.jobs && at_host < limits_.host_jobs;
}

/// When the next account is due. Accounts that were due at `now` but have no room wait for the end of a run,
/// which calls wake().
std::optional<seconds> Watch::next_due(seconds now) const {
  const std::lock_guard lock(mutex_);
  std::optional<seconds> next;
  for (const auto& entry : entries_) {
    if (entry.is_at_work || entry.due <= now) continue;
    if (!next || entry.due < *next) next = entry.due;
  }
  return next;
}

void Watch::begin(Entry& entry) {
  const auto begun = outside_.now();
  {
    const std::lock_guard lock(mutex_);
    entry.is_at_work = true;
  }
  if (entry.thread.joinable()) entry.thread.join();  // the last run has ended
  try {
    entry.thread = outside_.start([this, &entry, begun] {
      outside_.fetch(entry.account);
      end(entry, begun);
      outside_.wake();
    });
  } catch (const std::system_error& error) {
    put_off(entry, begun, error.code().message());
  }
}

/// Tries the account again soon, because no thread could be started. The account stays part of its round.
void Watch::put_off(Entry& entry, seconds begun, const std::string& why) {
  constexpr seconds soon{60};
  {
    const std::lock_guard lock(mutex_);
    entry.due = begun + std::min(interval_, soon);
    entry.is_at_work = false;
  }
  if (std::exchange(has_warned_, true)) return;
  outside_.warn({.sentence = "cannot start a thread for account " + entry.account.name + ": " + why +
                             "; accounts wait until one can be started",
                 .hint = "raise the limit on processes: TasksMax= of the unit, or ulimit -u"});
}

void Watch::end(Entry& entry, seconds begun) {
  const std::lock_guard lock(mutex_);
  entry.due = begun + pause_of(entry.account, interval_, ++entry.runs);
  entry.is_at_work = entry.is_expected = false;
}

std::size_t Watch::count_at_work() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(entries_, &Entry::is_at_work));
}

std::function<void(const account::Account&)> fetcher(const Environment& environment,
                                                     report::Listener& listener) {
  return [&environment, &listener, writes = std::make_shared<std::mutex>()](const account::Account& account) {
    (void)fetch_account(account, environment, listener, *writes);
  };
}

}  // namespace mailhaul::engine
