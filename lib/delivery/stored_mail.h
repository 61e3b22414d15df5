// SPDX-License-Identifier: MIT
// Reads back the mail in a place: to notice that the database was lost, to record again what was delivered,
// and to compare the mail with what is recorded.
#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mailhaul::delivery {

/// What a stable id says.
struct IdParts {
  std::string instance, mailbox;
  std::chrono::sys_seconds time;  ///< when it was made
};
/// Empty: it is not an id of any mailhaul.
[[nodiscard]] std::optional<IdParts> parts_of_id(std::string_view id);

/// A message in a place.
struct StoredMessage {
  std::string where;                ///< its file; in an mbox: "FILE, message N"
  std::string id;                   ///< the stable id that mailhaul gave it; empty: none was found
  std::string server;               ///< the host in its trace header; empty: it has none
  std::chrono::sys_seconds time{};  ///< of its delivery, by the id or the From line; else of its file
};

/// Receives messages, one after the other.
struct StoredMailVisitor {
  std::function<bool(const StoredMessage&)> begin;  ///< false: its bytes are not wanted
  /// Bytes as they were on the wire: lines end in CRLF, and trace header and quoting of From are undone. A
  /// line that ended in LF alone ends in CRLF, too.
  std::function<void(std::string_view wire)> append;
  std::function<void()> end;  ///< of a message whose bytes were wanted
};

/// Undoes what delivery did to a message. One thread at a time.
class StoredText {
 public:
  explicit StoredText(const StoredMailVisitor& visitor) : visitor_(visitor) {}
  void start(StoredMessage message);
  /// Takes whole lines, or parts of a long one. False: no more of this message is wanted.
  bool append(std::string_view text);
  void finish();

 private:
  void decide();
  void put(std::string_view text);

  const StoredMailVisitor& visitor_;
  StoredMessage message_;
  std::string head_;  ///< until the first two lines have come, which may be the trace header
  std::string wire_;  ///< a buffer
  bool decided_ = false, wanted_ = false;
};

}  // namespace mailhaul::delivery
