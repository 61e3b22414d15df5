// SPDX-License-Identifier: MIT
// Writes what is recorded about mailboxes as a JSON document, for another database. It leaves out landings,
// whose tickets name files of this machine, and marks for removal, which the next run makes again.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "state/rows.h"
#include "util/digest.h"

namespace mailhaul::state {

inline constexpr std::string_view document_format = "mailhaul state";
inline constexpr std::uint64_t document_version = 1;  ///< changes with the fields of a message

struct DocumentMailbox {
  std::string account;  ///< for people; nothing depends on it
  std::string user, host;
  std::uint16_t port = 0;
};

/// The names of the standings, in their order.
inline constexpr std::array<std::string_view, 4> document_standings{"pending", "seen", "delivered", "gone"};

/// The JSON object of one message, without the members that have their usual value.
[[nodiscard]] std::string document_text(const Row& row);

/// The hash of a document's content. It does not depend on blanks or on the order of the keys.
class DocumentHash {
 public:
  void add(const DocumentMailbox& mailbox);
  void add(const Row& row);
  [[nodiscard]] std::string finish();  ///< in hexadecimal digits

 private:
  util::Sha256 hash_;
};

/// Writes a document piece by piece; it is whole only after finish(). One thread at a time.
class DocumentWriter {
 public:
  using Sink = std::function<void(std::string_view)>;
  DocumentWriter(Sink sink, Time now);
  void begin(const DocumentMailbox& mailbox);
  void add(const Row& row);  ///< of the mailbox that began last
  void finish();

 private:
  void write(std::string_view text);

  Sink sink_;
  std::string buffer_;
  DocumentHash hash_;
  std::size_t mailboxes_ = 0, rows_ = 0;
};

}  // namespace mailhaul::state
