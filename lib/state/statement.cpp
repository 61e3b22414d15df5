// SPDX-License-Identifier: MIT
#include "state/statement.h"

#include <sqlite3.h>

#include <algorithm>

#include "state/database.h"

namespace mailhaul::state {

/// The result code is ignored, because it repeats the error that next() has thrown.
Cursor::~Cursor() { sqlite3_reset(statement_.handle_); }

bool Cursor::next() {
  const int code = sqlite3_step(statement_.handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) statement_.check(code);
  return false;
}

std::int64_t Cursor::integer(int column) const noexcept {
  return sqlite3_column_int64(statement_.handle_, column);
}

std::optional<std::int64_t> Cursor::optional_integer(int column) const noexcept {
  if (sqlite3_column_type(statement_.handle_, column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}

std::optional<Time> Cursor::time(int column) const noexcept {
  const auto seconds = optional_integer(column);
  if (!seconds) return std::nullopt;
  return Time(std::chrono::seconds(*seconds));
}

std::string_view Cursor::bytes(int column) const noexcept {
  const void* start = sqlite3_column_blob(statement_.handle_, column);
  if (start == nullptr) return {};
  return {static_cast<const char*>(start),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.handle_, column))};
}

std::optional<util::Hash> Cursor::hash(int column) const {
  const std::string_view stored = bytes(column);
  if (stored.empty()) return std::nullopt;
  util::Hash hash{};
  if (stored.size() != hash.size()) throw statement_.database_.damage("a hash has the wrong length");
  std::ranges::copy(stored, hash.begin());
  return hash;
}

void Cursor::refuse_number() const { throw statement_.database_.damage("a row holds an impossible number"); }

Statement::~Statement() { sqlite3_finalize(handle_); }

void Statement::prepare() {
  database_.require_sound();
  if (handle_ == nullptr) {
    check(sqlite3_prepare_v3(database_.handle(), sql_, -1, SQLITE_PREPARE_PERSISTENT, &handle_, nullptr));
  }
}

void Statement::check(int code) {
  if (code == SQLITE_OK) return;
  const bool reading = handle_ == nullptr || sqlite3_stmt_readonly(handle_) != 0;
  database_.fail(code, reading ? "read" : "write to");
}

void Statement::bind(int index, std::int64_t value) { check(sqlite3_bind_int64(handle_, index, value)); }

void Statement::bind(int index, std::string_view text) {
  check(sqlite3_bind_text64(handle_, index, text.data() == nullptr ? "" : text.data(), text.size(),
                            SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind(int index, Blob blob) {
  const std::string_view bytes = blob.bytes;
  check(sqlite3_bind_blob64(handle_, index, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                            SQLITE_TRANSIENT));
}

void Statement::bind(int index, std::optional<Time> time) {
  if (!time) return check(sqlite3_bind_null(handle_, index));
  bind(index, std::int64_t{time->time_since_epoch().count()});
}

void Statement::bind(int index, std::optional<std::int64_t> number) {
  if (!number) return check(sqlite3_bind_null(handle_, index));
  bind(index, *number);
}

void Statement::bind(int index, const std::optional<util::Hash>& hash) {
  if (!hash) return check(sqlite3_bind_null(handle_, index));
  bind(index, Blob{{reinterpret_cast<const char*>(hash->data()), hash->size()}});
}

std::vector<RowId> read_ids(Cursor rows) {
  std::vector<RowId> ids;
  while (rows.next()) ids.push_back(rows.integer(0));
  return ids;
}

}  // namespace mailhaul::state
