// SPDX-License-Identifier: MIT
// What is to be delivered, and what was delivered and removed, in SQLite (LAW section 6).
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "state/mailbox_rows.h"
#include "state/rows.h"
#include "util/file.h"

namespace mailhaul::state {

/// One connection to the state database. One thread at a time. Several Stores on one file are fine: the mutex
/// that they are given serialises their writes. After a failed COMMIT or flush the Store cannot be used any
/// more: every call throws Error{storage}, and recovery decides what took place. The implementation is in
/// three files, which are named at the parts below; they share connection.h.
class Store {
 public:
  // store.cpp: mailboxes, and what is remembered of their servers.

  /// Opens or creates the file (0600, parents 0700), and migrates one of an older version. Throws
  /// Error{storage} when it is damaged or of a newer version, with what to do as hint; Error{config} when it
  /// is on a network file system.
  Store(const util::Path& file, std::mutex& writes);
  ~Store();
  Store(Store&&) noexcept;

  /// Eight random letters and digits, part of all file names. They are new after the machine id has changed.
  const std::string& instance() const noexcept;
  const util::Path& file() const noexcept;

  /// The mailbox's id. Its row is made at the first call.
  MailboxId mailbox(std::string_view user, std::string_view host, std::uint16_t port);
  /// The same, but makes no row: empty when there is none.
  [[nodiscard]] std::optional<MailboxId> find_mailbox(std::string_view user, std::string_view host,
                                                      std::uint16_t port) const;

  /// Each of two mailboxes gets the user, host and port of the other.
  void exchange_names(MailboxId one, MailboxId other);

  struct Mailbox {
    MailboxId id = 0;
    std::string user, host;
    std::uint16_t port = 0;
  };
  [[nodiscard]] std::vector<Mailbox> mailboxes() const;

  // REQUIRES for all calls below: mailbox() or find_mailbox() has returned this `mailbox`.

  [[nodiscard]] Server server(MailboxId mailbox) const;
  /// Unsynced: a power cut may take it back. Writes nothing when nothing has changed.
  void remember(MailboxId mailbox, const Server& server);

  /// The lasting warnings about this mailbox that were shown before.
  [[nodiscard]] std::vector<std::string> told(MailboxId mailbox) const;
  /// Adds to them; unsynced. Writes nothing when `warnings` is empty.
  void note_told(MailboxId mailbox, std::span<const std::string> warnings);

  /// Empty when no run has ended so far.
  [[nodiscard]] std::optional<LastRun> last_run(MailboxId mailbox) const;
  void note_run(MailboxId mailbox, const LastRun& run);  ///< unsynced

  // messages.cpp: messages and their landings.

  [[nodiscard]] std::size_t row_count_at_most(MailboxId mailbox) const;  ///< an upper limit, found quickly
  [[nodiscard]] MailboxRows rows(MailboxId mailbox) const;
  [[nodiscard]] std::optional<Row> row(MailboxId mailbox, RowId id) const;
  /// Calls `visit` with each row of one snapshot, by id. Holds one row at a time. Throws Error{storage} at
  /// the end if rows are missing. REQUIRES: `visit` does not use the Store.
  void for_each_row(MailboxId mailbox, const std::function<void(const Row&)>& visit) const;
  [[nodiscard]] std::vector<Row> rows_with_header(MailboxId mailbox, const util::Hash& header,
                                                  std::uint64_t bytes) const;
  /// Those that are gone are left out.
  [[nodiscard]] std::vector<Row> rows_with_content(MailboxId mailbox, const util::Hash& content) const;
  [[nodiscard]] std::vector<Landing> landings(MailboxId mailbox) const;  ///< by row
  [[nodiscard]] std::vector<Landing> landings_of(MailboxId mailbox, RowId row) const;
  /// Of all mailboxes, without those that are delivered.
  [[nodiscard]] std::vector<Landing> unfinished_landings() const;
  /// An id that no row of this mailbox ever had. REQUIRES: this process holds the mailbox's lock.
  [[nodiscard]] RowId next_row(MailboxId mailbox);

  /// One transaction. An empty change writes nothing, but if it is synced, earlier unsynced changes become
  /// durable. Throws Error{temporary} when other writers take longer than 30 s: then nothing has begun.
  /// After any other error the Store cannot be used any more. REQUIRES: ids of new rows come from next_row().
  void commit(MailboxId mailbox, const Change& change, Durability durability = Durability::synced);
  struct MailboxChange {
    MailboxId mailbox = 0;
    Change change;
  };
  /// The same for several mailboxes, each named once: either all changes are made, or none.
  void commit(std::span<const MailboxChange> changes);

  /// Makes durable what earlier processes committed, too: a kill may have ended one of them inside its
  /// COMMIT.
  void flush(MailboxId mailbox);

  // absence.cpp: messages that are no longer listed.

  /// Records the day on which rows were absent from a whole listing; `absent` has all rows that were not in
  /// it, even those that are gone. Forgets rows without landings that were absent on 20 days since they were
  /// listed last, if first absence, delivery and removal are more than 180 days ago. Writes at most once a
  /// day.
  void note_absent(MailboxId mailbox, std::span<const RowId> absent, Time now);

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

/// "SQLite 3.40.1".
std::string library_version();

}  // namespace mailhaul::state
