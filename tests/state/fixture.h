// SPDX-License-Identifier: MIT
#pragma once
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "state/store.h"
#include "support/cpp/temp_dir.h"
#include "support/cpp/text.h"
#include "util/error.h"

namespace mailhaul::test {

/// A directory with a state database in it.
struct Place {
  TempDir dir;
  std::mutex writes;
  std::filesystem::path file = dir / "state.db";
  state::Store open() { return {file, writes}; }
};

inline state::Time at_day(int day) { return state::Time(std::chrono::days(20000 + day)); }

inline util::Hash hash_of(std::string_view text) { return util::sha256(text); }

/// A row with a value in each field.
inline state::Row full_row() {
  return {.id = 7,
          .standing = state::Standing::gone,
          .uidl = std::string("a\0\xff\x80 \"\\ b", 9),
          .bytes = std::uint64_t{1} << 40,
          .header = hash_of("h"),
          .content = hash_of("c"),
          .ordinal = 3,
          .delivered = at_day(1),
          .gone = at_day(2),
          .due = at_day(3),
          .suspect = true,
          .failures = 7,
          .told = true,
          .received_bytes = 5,
          .remade = true};
}

inline state::Row delivered_row(state::RowId id, std::string uidl) {
  return {.id = id,
          .standing = state::Standing::delivered,
          .uidl = std::move(uidl),
          .bytes = 1000 + static_cast<std::uint64_t>(id),
          .header = hash_of("header " + std::to_string(id)),
          .content = hash_of("content " + std::to_string(id)),
          .delivered = at_day(0)};
}

/// The error that a call throws; Error{usage} "nothing was thrown" if it throws none.
inline util::Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const util::Error& error) {
    return error;
  }
  return {util::Kind::usage, "nothing was thrown"};
}

/// Runs a function in another process and returns the exit status; -1 when a signal has ended it.
inline int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 99;
    try {
      status = body();
    } catch (...) {
      status = 98;
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace mailhaul::test
