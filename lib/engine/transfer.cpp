// SPDX-License-Identifier: MIT
#include "engine/transfer.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "engine/account_run.h"
#include "engine/mailbox.h"
#include "engine/merge.h"
#include "engine/recover.h"
#include "state/document_reader.h"

namespace mailhaul::engine {

namespace {

std::set<state::RowId> rows_with_landings(const state::Store& store, state::MailboxId mailbox) {
  std::set<state::RowId> rows;
  for (const auto& landing : store.landings(mailbox)) rows.insert(landing.row);
  return rows;
}

Exported export_mailbox(const state::Store& store, state::MailboxId mailbox, state::DocumentWriter& writer) {
  const auto begun = rows_with_landings(store, mailbox);
  Exported exported;
  store.for_each_row(mailbox, [&](const state::Row& row) {
    if (!names_its_message(row)) return;  // only this database's next session can do anything with it
    writer.add(row);
    ++exported.messages;
    if (row.standing == state::Standing::pending && begun.contains(row.id)) ++exported.unfinished;
  });
  return exported;
}

/// Adapts a row of the document to the time that has passed. The server may have used a UIDL again for a
/// message of the same size: if the document is more than a day old, each message is compared once.
void adapt(state::Row& row, const state::Document& document, state::Time now) {
  constexpr std::chrono::days fresh{1};
  const bool is_old = now < document.written || now - document.written > fresh;
  const bool is_kept = row.standing == state::Standing::delivered || row.standing == state::Standing::seen;
  row.suspect = row.suspect || (is_old && is_kept);
  if (row.delivered) row.delivered = std::min(*row.delivered, now);
  if (row.gone) row.gone = std::min(*row.gone, now);
}

struct RowsToWrite {
  state::Change change;
  std::size_t added = 0;  ///< the rest is recorded here already
};

RowsToWrite rows_to_write(state::Store& store, state::MailboxId mailbox, std::vector<state::Row> rows) {
  const auto begun = rows_with_landings(store, mailbox);
  std::vector<KnownRow> here;
  store.for_each_row(mailbox, [&](const state::Row& row) {
    here.push_back({.row = row, .has_landings = begun.contains(row.id)});
  });
  auto merged = merge(here, std::move(rows));
  RowsToWrite all{.change = {.rows = std::move(merged.changed)}, .added = merged.added.size()};
  for (auto& row : merged.added) {
    row.id = store.next_row(mailbox);
    all.change.rows.push_back(std::move(row));
  }
  return all;
}

}  // namespace

std::vector<Exported> export_state(std::span<const account::Account> accounts, const Environment& environment,
                                   const state::DocumentWriter::Sink& sink) {
  std::mutex writes;
  state::Store store(environment.state_file, writes);
  std::vector<util::Fd> locks;
  for (const auto& account : accounts)
    locks.push_back(lock_mailbox(account::mailbox_of(account), store.file()));
  state::DocumentWriter writer(sink, environment.now());
  std::vector<Exported> exported;
  for (const auto& account : accounts) {
    const auto key = account::mailbox_of(account);
    writer.begin({.account = account.name, .user = key.user, .host = key.host, .port = key.port});
    const auto mailbox = find_mailbox(store, account);
    // A missing place must not prevent the export.
    if (mailbox)
      recover_if_possible(store, *mailbox, context_of(account, environment, store, *mailbox),
                          account.deliver);
    exported.push_back(mailbox ? export_mailbox(store, *mailbox, writer) : Exported{});
  }
  writer.finish();
  return exported;
}

std::vector<Imported> import_state(std::istream& text, const std::string& name, const util::Path& state_file,
                                   state::Time now) {
  auto document = state::read_document(text, name);
  std::mutex writes;
  state::Store store(state_file, writes);
  std::vector<util::Fd> locks;
  for (const auto& [mailbox, rows] : document.mailboxes)
    locks.push_back(lock_mailbox({mailbox.user, mailbox.host, mailbox.port}, store.file()));
  std::vector<Imported> imported;
  std::vector<state::Store::MailboxChange> changes;
  for (auto& [mailbox, rows] : document.mailboxes) {
    const auto id = store.mailbox(mailbox.user, mailbox.host, mailbox.port);
    for (auto& row : rows) adapt(row, document, now);
    imported.push_back({.mailbox = mailbox, .messages = rows.size()});
    auto all = rows_to_write(store, id, std::move(rows));
    imported.back().added = all.added;
    imported.back().completed = all.change.rows.size() - all.added;
    changes.push_back({id, std::move(all.change)});
  }
  store.commit(changes);
  return imported;
}

}  // namespace mailhaul::engine
