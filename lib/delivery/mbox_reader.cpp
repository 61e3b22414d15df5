// SPDX-License-Identifier: MIT
#include "delivery/mbox_reader.h"

#include <algorithm>
#include <vector>

#include "delivery/text_filters.h"

namespace mailhaul::delivery {

namespace {

constexpr std::string_view from_ = "From ";

/// Takes lines, or parts of long ones.
class Parser {
 public:
  Parser(const util::Path& path, std::chrono::sys_seconds changed, const StoredMailVisitor& visitor)
      : path_(path), changed_(changed), text_(visitor) {}

  void line(std::string_view part) {
    const bool begins = at_start_;
    at_start_ = part.ends_with('\n');
    if (begins && part.starts_with(from_)) {
      finish();
      in_message_ = true;
      text_.start({.where = path_.native() + ", message " + std::to_string(++number_),
                   .time = std::min(time_in_from_line(part).value_or(changed_), changed_)});
      in_from_line_ = !at_start_;
      return;
    }
    if (in_from_line_) {
      in_from_line_ = !at_start_;
    } else if (in_message_) {
      const auto quotes = part.find_first_not_of('>');
      const bool quoted =
          begins && quotes != 0 && quotes != std::string_view::npos && part.substr(quotes).starts_with(from_);
      text_.append(quoted ? part.substr(1) : part);
    }
  }
  void finish() {
    if (in_message_) text_.finish();
    in_message_ = false;
  }

 private:
  const util::Path& path_;
  std::chrono::sys_seconds changed_;  ///< no message has come since then
  StoredText text_;
  std::size_t number_ = 0;
  bool at_start_ = true, in_message_ = false, in_from_line_ = false;
};

}  // namespace

void read_mbox(const LockedMbox& mbox, const StoredMailVisitor& visitor) {
  constexpr std::size_t most_of_line = std::size_t{1} << 20U;
  const auto info = util::status_of(mbox.fd(), mbox.path());
  Parser parser(mbox.path(), std::chrono::sys_seconds(std::chrono::seconds(info.st_mtim.tv_sec)), visitor);
  std::vector<char> buffer(std::size_t{64} << 10U);
  std::string held;
  off_t at = 0;
  while (const auto bytes = util::pread_all(mbox.fd(), buffer, at, mbox.path())) {
    at += static_cast<off_t>(bytes);
    held.append(buffer.data(), bytes);
    std::string_view rest = held;
    for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      parser.line(rest.substr(0, end + 1));
      rest.remove_prefix(end + 1);
    }
    if (rest.size() > most_of_line) {
      parser.line(rest);
      rest = {};
    }
    held = std::string(rest);
  }
  if (!held.empty()) parser.line(held);
  parser.finish();
}

}  // namespace mailhaul::delivery
