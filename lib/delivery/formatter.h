// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "delivery/buffered_file.h"
#include "delivery/destination.h"
#include "delivery/text_filters.h"

namespace mailhaul::delivery {

/// How a message is stored: as it is; the same, its sender being wanted; below a From line; as an entry of an
/// mbox.
enum class StoredForm { bare, with_sender, below_from_line, mbox_entry };

/// Turns a message as it came over the wire into what is stored, trace header first. Memory is bounded
/// whatever the message's size.
class Formatter {
 public:
  /// `out` outlives it. `now`: seconds since 1970, for the From line.
  Formatter(BufferedFile& out, StoredForm form, const Envelope& envelope, std::int64_t now);
  void append(std::string_view wire);  ///< throws Error{storage}
  void finish();                       ///< the last byte is with `out`. Throws Error{storage}
  const std::string& sender() const noexcept {
    return sender_;
  }  ///< after finish(); not for StoredForm::bare

 private:
  void take(std::string_view text);
  void begin_body();
  void put(std::string_view text);

  BufferedFile& out_;
  StoredForm form_;
  std::string trace_header_;
  std::int64_t now_;
  LineEnds line_ends_;
  FromQuoter quoter_;
  std::optional<SenderFinder> finder_;  // while the start of the message is held back
  std::string sender_;
  char last_ = '\n';
};

}  // namespace mailhaul::delivery
