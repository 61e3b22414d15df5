// SPDX-License-Identifier: MIT
#include "state/run_table.h"

namespace mailhaul::state {

namespace {

constexpr const char* one_run =
    "SELECT ended, asked, succeeded, mail, failing_since, status, error, hint, listed, waiting, "
    "waiting_bytes, refusing, certificate_until FROM runs WHERE mailbox = ?1";
struct RunColumn {
  enum : int {
    ended,
    asked,
    succeeded,
    mail,
    failing_since,
    status,
    error,
    hint,
    listed,
    waiting,
    waiting_bytes,
    refusing,
    certificate_until
  };
};
constexpr const char* write_run =
    "INSERT OR REPLACE INTO runs (mailbox, ended, asked, succeeded, mail, failing_since, status, error, "
    "hint, listed, waiting, waiting_bytes, refusing, certificate_until) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
    "?8, ?9, ?10, ?11, ?12, ?13, ?14)";

}  // namespace

RunTable::RunTable(Database& database) noexcept : read_(database, one_run), write_(database, write_run) {}

std::optional<LastRun> RunTable::read(MailboxId mailbox) {
  using Column = RunColumn;
  auto row = read_.query(mailbox);
  if (!row.next()) return std::nullopt;
  return LastRun{.ended = row.time(Column::ended).value_or(Time()),
                 .asked = row.time(Column::asked),
                 .succeeded = row.time(Column::succeeded),
                 .mail = row.time(Column::mail),
                 .failing_since = row.time(Column::failing_since),
                 .status = static_cast<int>(row.number<std::uint8_t>(Column::status)),
                 .error = std::string(row.bytes(Column::error)),
                 .hint = std::string(row.bytes(Column::hint)),
                 .listed = row.number<std::uint32_t>(Column::listed),
                 .waiting = row.number<std::uint32_t>(Column::waiting),
                 .waiting_bytes = row.number<std::uint64_t>(Column::waiting_bytes),
                 .certificate_until = row.time(Column::certificate_until),
                 .refusing = std::string(row.bytes(Column::refusing))};
}

void RunTable::write(MailboxId mailbox, const LastRun& run) {
  write_.run(mailbox, std::optional(run.ended), run.asked, run.succeeded, run.mail, run.failing_since,
             run.status, std::string_view(run.error), std::string_view(run.hint), run.listed, run.waiting,
             run.waiting_bytes, std::string_view(run.refusing), run.certificate_until);
}

}  // namespace mailhaul::state
