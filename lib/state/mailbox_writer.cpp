// SPDX-License-Identifier: MIT
#include "state/mailbox_writer.h"

#include <algorithm>

namespace mailhaul::state {

MailboxWriter::MailboxWriter(Tables& tables, MailboxId mailbox)
    : tables_(tables),
      mailbox_(tables.mailboxes.read(mailbox)),
      highest_row_(tables.messages.highest_row(mailbox)) {}

void MailboxWriter::put(const MessageRow& message) {
  const RowId row = message.row.id;
  if (row > highest_row_) {
    highest_row_ = row;
    new_rows_.insert(row);
  } else if (const auto old = tables_.messages.read(id(), row)) {
    mailbox_.messages.remove(old->sum);
  }
  mailbox_.messages.add(tables_.messages.write(id(), message));
}

void MailboxWriter::put(const Landing& landing) {
  if (new_rows_.erase(landing.row) == 0) {
    for (const auto& old : tables_.landings.of_rows(id(), {landing.row, landing.row})) {
      if (old.target == landing.target) mailbox_.landings.remove(sum_of(id(), old));
    }
  }
  mailbox_.landings.add(sum_of(id(), landing));
  tables_.landings.write(id(), landing);
}

/// The ids of a batch nearly always follow each other, so one statement is enough for a thousand rows.
void MailboxWriter::remove_landings(std::vector<RowId> rows) {
  std::ranges::sort(rows);
  for (auto row = rows.begin(); row != rows.end();) {
    RowRange range{.first = *row, .last = *row};
    while (++row != rows.end() && *row <= range.last + 1) range.last = *row;
    const auto landings = tables_.landings.of_rows(id(), range);
    for (const auto& old : landings) mailbox_.landings.remove(sum_of(id(), old));
    if (!landings.empty()) tables_.landings.remove(id(), range);
  }
}

void MailboxWriter::forget(std::span<const RowId> rows) {
  if (rows.empty()) return;
  // An id is never used for another message, since a change that is not written yet may still name it.
  mailbox_.last_row = std::max(mailbox_.last_row, std::ranges::max(rows));
  remove_landings({rows.begin(), rows.end()});
  for (const RowId row : rows) {
    if (const auto old = tables_.messages.read(id(), row)) mailbox_.messages.remove(old->sum);
    tables_.messages.remove(id(), row);
  }
}

void MailboxWriter::finish() { tables_.mailboxes.write(mailbox_); }

}  // namespace mailhaul::state
