// SPDX-License-Identifier: MIT
#include "state/landing_table.h"

namespace mailhaul::state {

namespace {

// All statements that read whole landings select the same columns.
constexpr const char* all_landings =
    "SELECT row, target, ticket, state FROM landings WHERE mailbox = ?1 ORDER BY row, target";
constexpr const char* landings_of_rows =
    "SELECT row, target, ticket, state FROM landings WHERE mailbox = ?1 AND row BETWEEN ?2 AND ?3 "
    "ORDER BY row, target";
constexpr const char* unfinished_landings =
    "SELECT row, target, ticket, state FROM landings WHERE state <> ?1 ORDER BY mailbox, row, target";
struct LandingColumn {
  enum : int { row, target, ticket, state };
};

constexpr const char* write_landing =
    "INSERT INTO landings (mailbox, row, target, ticket, state) VALUES (?1, ?2, ?3, ?4, ?5) "
    "ON CONFLICT (mailbox, row, target) DO UPDATE SET ticket = ?4, state = ?5";
constexpr const char* remove_landings = "DELETE FROM landings WHERE mailbox = ?1 AND row BETWEEN ?2 AND ?3";

std::vector<Landing> read_landings(Cursor stored) {
  using Column = LandingColumn;
  std::vector<Landing> landings;
  while (stored.next()) {
    landings.push_back({.row = stored.integer(Column::row),
                        .target = std::string(stored.bytes(Column::target)),
                        .ticket = std::string(stored.bytes(Column::ticket)),
                        .state = stored.choice(Column::state, LandingState::doubt)});
  }
  return landings;
}

}  // namespace

std::uint64_t sum_of(MailboxId mailbox, const Landing& landing) {
  Checksum sum;
  sum.add(static_cast<std::uint64_t>(mailbox));
  sum.add(static_cast<std::uint64_t>(landing.row));
  sum.add(std::string_view(landing.target));
  sum.add(std::string_view(landing.ticket));
  sum.add(static_cast<std::uint64_t>(landing.state));
  return sum.value();
}

LandingTable::LandingTable(Database& database) noexcept
    : all_(database, all_landings),
      of_rows_(database, landings_of_rows),
      unfinished_(database, unfinished_landings),
      write_(database, write_landing),
      remove_(database, remove_landings) {}

std::vector<Landing> LandingTable::all(MailboxId mailbox) { return read_landings(all_.query(mailbox)); }

std::vector<Landing> LandingTable::of_rows(MailboxId mailbox, RowRange rows) {
  return read_landings(of_rows_.query(mailbox, rows.first, rows.last));
}

std::vector<Landing> LandingTable::unfinished() {
  return read_landings(unfinished_.query(static_cast<int>(LandingState::delivered)));
}

void LandingTable::write(MailboxId mailbox, const Landing& landing) {
  write_.run(mailbox, landing.row, Blob{landing.target}, Blob{landing.ticket},
             static_cast<int>(landing.state));
}

void LandingTable::remove(MailboxId mailbox, RowRange rows) { remove_.run(mailbox, rows.first, rows.last); }

}  // namespace mailhaul::state
