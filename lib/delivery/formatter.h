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

/// How a message is stored.
enum class StoredForm {
  bare,             ///< as it came
  with_sender,      ///< as it came, and sender() is known afterwards
  below_from_line,  ///< after a From line, nothing quoted
  mbox_entry        ///< after a From line, quoted as mboxrd, followed by an empty line
};

/// Turns a message as it came over the wire into the form that is stored, and puts the trace header before
/// it. Uses a bounded amount of memory for a message of any size.
class Formatter {
 public:
  /// `out` outlives it. `now`: seconds since 1970, for the From line.
  Formatter(BufferedFile& out, StoredForm form, const Envelope& envelope, std::int64_t now);
  void append(std::string_view wire);  ///< throws Error{storage}
  void finish();                       ///< passes the last bytes to `out`. Throws Error{storage}
  /// Known after finish(); not for StoredForm::bare.
  const std::string& sender() const noexcept { return sender_; }

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
  std::optional<SenderFinder> finder_;  ///< set while the start of the message is held back
  std::string sender_;
  char last_ = '\n';
};

}  // namespace mailhaul::delivery
