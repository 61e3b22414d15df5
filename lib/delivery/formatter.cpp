// SPDX-License-Identifier: MIT
#include "delivery/formatter.h"

namespace mailhaul::delivery {

Formatter::Formatter(BufferedFile& out, StoredForm form, const Envelope& envelope, std::int64_t now)
    : out_(out), form_(form), trace_header_(envelope.trace_header), now_(now) {
  if (form_ == StoredForm::bare) {
    out_.write(trace_header_);
  } else {
    finder_.emplace();
  }
}

void Formatter::append(std::string_view wire) {
  constexpr std::size_t slice = 65536;  // keeps the filters' buffers small, and in the cache
  for (; !wire.empty(); wire.remove_prefix(std::min(slice, wire.size()))) {
    take(line_ends_.convert(wire.substr(0, slice)));
  }
}

void Formatter::finish() {
  take(line_ends_.finish());
  if (finder_) begin_body();
  if (form_ != StoredForm::mbox_entry) return;
  const auto held = quoter_.finish();
  if (!held.empty()) last_ = held.back();
  out_.write(held);
  out_.write(last_ == '\n' ? "\n" : "\n\n");
}

void Formatter::take(std::string_view text) {
  if (!finder_) {
    put(text);
  } else if (finder_->feed(text)) {
    begin_body();
  }
}

void Formatter::begin_body() {
  sender_ = finder_->sender();
  if (form_ != StoredForm::with_sender) out_.write(from_line(sender_, now_));
  out_.write(trace_header_);
  put(finder_->held());
  finder_.reset();
}

void Formatter::put(std::string_view text) {
  if (text.empty()) return;
  last_ = text.back();
  out_.write(form_ == StoredForm::mbox_entry ? quoter_.quote(text) : text);
}

}  // namespace mailhaul::delivery
