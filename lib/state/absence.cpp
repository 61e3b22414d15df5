// SPDX-License-Identifier: MIT
// What was not listed: noted once a day, and forgotten in the end (LAW section 1).
#include <algorithm>

#include "state/connection.h"
#include "state/store.h"
#include "state/transaction.h"

namespace mailhaul::state {

namespace {

// Both are asked for: a clock that jumps ahead makes every row old, but adds one day of absence only.
constexpr std::int64_t enough_days = 20;  // counting ends there, and with it the writing
constexpr std::chrono::days enough_age{180};

struct Stamp {
  RowId row;
  std::int64_t days;  ///< of absence
};

std::vector<Stamp> read_stamps(Cursor stored) {
  std::vector<Stamp> stamps;
  while (stored.next()) stamps.push_back({.row = stored.integer(0), .days = stored.integer(1)});
  return stamps;
}

/// What changes today: one day more for what is absent, none any more for what is listed again. Both sorted
/// by row.
std::vector<Stamp> new_stamps(const std::vector<Stamp>& old, std::span<const RowId> absent) {
  std::vector<Stamp> changed;
  auto before = old.begin();
  for (const RowId row : absent) {
    for (; before != old.end() && before->row < row; ++before) changed.push_back({before->row, 0});
    const bool known = before != old.end() && before->row == row;
    const std::int64_t days = known ? (before++)->days : 0;
    if (days < enough_days) changed.push_back({row, days + 1});
  }
  for (; before != old.end(); ++before) changed.push_back({before->row, 0});
  return changed;
}

std::vector<RowId> read_ids(Cursor stored) {
  std::vector<RowId> ids;
  while (stored.next()) ids.push_back(stored.integer(0));
  return ids;
}

}  // namespace

void Store::note_absent(MailboxId mailbox, std::span<const RowId> absent, Time now) {
  Connection& connection = *connection_;
  const auto day = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
  const auto noted = read_ids(connection.absent_day.query(mailbox));
  if (noted.empty() || noted.front() == day) return;
  const auto old = read_stamps(connection.stamped_rows.query(mailbox));
  if (absent.empty() && old.empty()) return;
  std::vector<RowId> sorted(absent.begin(), absent.end());
  std::ranges::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  // Unsynced: what a power cut takes back is noted again.
  Transaction transaction(connection.database, Durability::unsynced);
  for (const auto& stamp : new_stamps(old, sorted)) {
    connection.stamp_row.run(mailbox, stamp.row, stamp.days, day);
  }
  connection.forget(mailbox,
                    read_ids(connection.stale_rows.query(mailbox, enough_days, Time(now - enough_age))));
  connection.note_day.run(mailbox, day);
  transaction.commit();
}

}  // namespace mailhaul::state
