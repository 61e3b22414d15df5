// SPDX-License-Identifier: MIT
// What was intended, delivered and removed: SQLite as LAW section 6 says.
#pragma once
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

/// The database, one connection. One thread at a time; several Stores on one file are fine, writes are
/// serialised by the mutex given. After a failed COMMIT or flush the Store is poisoned: every call throws
/// Error{storage}, recovery decides.
class Store {
 public:
  /// Opens or creates the file (0600, parents 0700). Throws Error{storage} when it is damaged or from a newer
  /// version, with the way on as hint; Error{config} when it lies on a network file system.
  Store(const util::Path& file, std::mutex& writes);
  ~Store();
  Store(Store&&) noexcept;

  const std::string& instance()
      const noexcept;  ///< 8 letters and digits, random, anew when the machine id differs
  const util::Path& file() const noexcept;

  /// The mailbox's id; makes its row on first use.
  MailboxId mailbox(std::string_view user, std::string_view host, std::uint16_t port);
  /// The same, but nothing is made: empty when it is unknown.
  std::optional<MailboxId> find_mailbox(std::string_view user, std::string_view host,
                                        std::uint16_t port) const;

  std::size_t row_count_at_most(MailboxId mailbox) const;  ///< no more than so many; cheap
  MailboxRows rows(MailboxId mailbox) const;
  std::optional<Row> row(MailboxId mailbox, RowId id) const;
  std::vector<Row> rows_with_header(MailboxId mailbox, const util::Hash& header, std::uint64_t bytes) const;
  /// Rows with this content that are not gone.
  std::vector<Row> rows_with_content(MailboxId mailbox, const util::Hash& content) const;
  std::vector<Landing> landings(MailboxId mailbox) const;  ///< all that are kept, by row
  std::vector<Landing> landings_of(MailboxId mailbox, RowId row) const;
  std::vector<Landing> unfinished_landings() const;  ///< those of all mailboxes that are not delivered
  /// An id that no row of this mailbox ever had; safe because one process at a time works on a mailbox.
  RowId next_row(MailboxId mailbox);

  /// One transaction; an empty change writes nothing, but a synced one makes unsynced ones before it durable
  /// all the same. A failure after BEGIN poisons the Store; Error{temporary} before it (other writers took
  /// 30 s) does not.
  void commit(MailboxId mailbox, const Change& change, Durability durability = Durability::synced);

  /// Makes durable what was read here, too: a kill may have overtaken another process inside its COMMIT.
  void flush(MailboxId mailbox);

  Server server(MailboxId mailbox) const;
  /// Writes only when it differs, and unsynced: a power cut may take it back.
  void remember(MailboxId mailbox, const Server& server);

  /// The standing warnings about this mailbox that a run has told before.
  std::vector<std::string> told(MailboxId mailbox) const;
  /// Adds to them; unsynced. Writes nothing when there is nothing to add.
  void note_told(MailboxId mailbox, std::span<const std::string> warnings);

  /// Notes the day on which rows were absent from a whole listing, and prunes those absent on 20 distinct
  /// days since they were listed last, if gone, else delivered, else first absent, more than 180 days ago,
  /// and without landings. `absent`: ids of all rows not in the listing, gone ones included. Writes at most
  /// once a day.
  void note_absent(MailboxId mailbox, std::span<const RowId> absent, Time now);

  struct Mailbox {
    MailboxId id;
    std::string user, host;
    std::uint16_t port;
  };
  std::vector<Mailbox> mailboxes() const;

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace mailhaul::state
