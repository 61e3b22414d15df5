// SPDX-License-Identifier: MIT
// The part of Store about messages that were not listed. They are noted once a day, and forgotten in the end
// (LAW section 1).
#include <algorithm>

#include "state/connection.h"
#include "state/store.h"
#include "state/transaction.h"

namespace mailhaul::state {

namespace {

// Both must have passed: a clock that jumps ahead makes every row old, but adds only one day of absence.
constexpr std::int64_t enough_days = 20;  // days are not counted any further, so nothing more is written
constexpr std::chrono::days enough_age{180};

/// Which rows count one more day of absence, and which rows start again from none. Both arguments are sorted.
struct Changes {
  std::vector<RowId> absent_again, listed_again;
};

Changes changes(std::span<const RowId> absent, const std::vector<AbsentRow>& counted) {
  Changes changes;
  auto before = counted.begin();
  for (const RowId row : absent) {
    for (; before != counted.end() && before->row < row; ++before)
      changes.listed_again.push_back(before->row);
    const bool known = before != counted.end() && before->row == row;
    const std::int64_t days = known ? (before++)->days : 0;
    if (days < enough_days) changes.absent_again.push_back(row);
  }
  for (; before != counted.end(); ++before) changes.listed_again.push_back(before->row);
  return changes;
}

std::vector<RowId> sorted(std::span<const RowId> rows) {
  std::vector<RowId> sorted(rows.begin(), rows.end());
  std::ranges::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

}  // namespace

void Store::note_absent(MailboxId mailbox, std::span<const RowId> absent, Time now) {
  Connection& connection = *connection_;
  const std::int64_t day = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
  if (connection.tables.mailboxes.read(mailbox).absent_day == day) return;
  const auto counted = connection.tables.messages.absent(mailbox);
  if (absent.empty() && counted.empty()) return;
  const auto [absent_again, listed_again] = changes(sorted(absent), counted);
  // Unsynced: what is lost in a power cut is noted again.
  Transaction transaction(connection.database, Durability::unsynced);
  MailboxWriter writer(connection.tables, mailbox);
  for (const RowId row : absent_again) {
    writer.change_row(row, [&](MessageRow& message) {
      ++message.absent_days;
      message.absent_since = message.absent_since.value_or(day);
    });
  }
  for (const RowId row : listed_again) {
    writer.change_row(row, [](MessageRow& message) {
      message.absent_days = 0;
      message.absent_since.reset();
    });
  }
  writer.forget(connection.tables.messages.absent_for(mailbox, enough_days, Time(now - enough_age)));
  writer.mailbox().absent_day = day;
  writer.finish();
  transaction.commit();
}

}  // namespace mailhaul::state
