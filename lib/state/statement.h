// SPDX-License-Identifier: MIT
#pragma once
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "state/rows.h"
#include "util/digest.h"

struct sqlite3_stmt;

namespace mailhaul::state {

class Database;
class Statement;

/// Bytes to be bound as a BLOB. A plain string_view is bound as TEXT.
struct Blob {
  std::string_view bytes;
};

/// The rows of one execution, which ends when the Cursor is destroyed, so that no read lock is left.
class Cursor {
 public:
  explicit Cursor(Statement& statement) noexcept : statement_(statement) {}
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor();

  bool next();  ///< false at the end
  std::int64_t integer(int column) const noexcept;
  std::optional<std::int64_t> optional_integer(int column) const noexcept;
  std::optional<Time> time(int column) const noexcept;
  std::string_view bytes(int column) const noexcept;  ///< of TEXT or BLOB; valid until next()
  std::optional<util::Hash> hash(int column) const;   ///< throws Error{storage} unless it is a hash or NULL
  [[nodiscard]] bool flag(int column) const { return up_to(1, column) != 0; }  ///< throws like number()
  /// Throws Error{storage} for a number that its type cannot hold.
  template <std::unsigned_integral Number>
  [[nodiscard]] Number number(int column) const {
    constexpr auto most = std::min<std::uint64_t>(std::numeric_limits<Number>::max(), INT64_MAX);
    return static_cast<Number>(up_to(static_cast<std::int64_t>(most), column));
  }
  /// An enumerator, which is stored as its number. Throws Error{storage} for one beyond `last`.
  template <typename Enum>
  Enum choice(int column, Enum last) const {
    return static_cast<Enum>(up_to(static_cast<std::int64_t>(last), column));
  }

 private:
  std::int64_t up_to(std::int64_t last, int column) const {
    const std::int64_t stored = integer(column);
    if (stored < 0 || stored > last) refuse_number();
    return stored;
  }
  [[noreturn]] void refuse_number() const;
  Statement& statement_;
};

/// One SQL statement. It is prepared when it is first used, and kept. One execution at a time.
class Statement {
 public:
  /// `sql` must live as long as the statement.
  Statement(Database& database, const char* sql) noexcept : database_(database), sql_(sql) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  /// Begins an execution with these parameters, of which copies are made.
  template <typename... Values>
  [[nodiscard]] Cursor query(const Values&... values) {
    prepare();
    int index = 0;
    (bind(++index, values), ...);
    return Cursor(*this);
  }
  template <typename... Values>
  void run(const Values&... values) {
    auto cursor = query(values...);
    while (cursor.next()) {
    }
  }

 private:
  friend class Cursor;
  void prepare();
  void check(int code);
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view text);
  void bind(int index, Blob blob);
  void bind(int index, std::optional<Time> time);
  void bind(int index, std::optional<std::int64_t> number);
  void bind(int index, const std::optional<util::Hash>& hash);
  template <std::integral Number>
  void bind(int index, Number value) {
    bind(index, static_cast<std::int64_t>(value));
  }

  Database& database_;
  const char* sql_;
  sqlite3_stmt* handle_ = nullptr;
};

/// The first column of all remaining rows.
[[nodiscard]] std::vector<RowId> read_ids(Cursor rows);

}  // namespace mailhaul::state
