// SPDX-License-Identifier: MIT
// The lists in which other programs keep what they have fetched. A damaged list is refused, because
// the messages that are missing in it would be fetched again.
#include <algorithm>

#include "setup/programs.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::setup {
namespace {

constexpr std::size_t longest_uid = 4096;

[[noreturn]] void refuse_list(const util::Path& file, unsigned line, const std::string& sentence) {
  throw util::Error(
      util::Kind::config,
      "the list of fetched messages " + util::escape(file.native(), 4096) +
          (line == 0 ? "" : ":" + std::to_string(line)) + " is damaged: " + sentence,
      "nothing was taken over, so that nothing is fetched twice; let the program that wrote the list run "
      "once more, then try again");
}

/// Skips the byte order mark that some editors of Windows put before a text.
std::string_view without_mark(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (text.starts_with(mark)) text.remove_prefix(mark.size());
  return text;
}

/// Takes lines off a text, and counts them.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(without_mark(text)) {}
  bool at_end() const { return rest_.empty(); }
  unsigned number() const { return number_; }
  /// The next line, without its LF or CR LF. REQUIRES: not at_end().
  std::string_view next() {
    const auto end = rest_.find('\n');
    auto line = rest_.substr(0, end);
    whole_ = end != std::string_view::npos;
    if (whole_ && line.ends_with('\r')) line.remove_suffix(1);
    rest_.remove_prefix(whole_ ? end + 1 : rest_.size());
    ++number_;
    return line;
  }
  bool whole() const { return whole_; }  ///< the last line ended with LF

 private:
  std::string_view rest_;
  unsigned number_ = 0;
  bool whole_ = true;
};

std::optional<std::chrono::sys_seconds> time_of(std::string_view digits) {
  const auto seconds = util::parse_number(digits);
  constexpr std::uint64_t year_1990 = 631152000, year_2200 = 7258118400;
  if (!seconds || *seconds < year_1990 || *seconds > year_2200) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(*seconds));
}

/// Each of these programs ends each line, so that a line without an end was cut off: perhaps inside a UID or
/// a time.
void require_whole(const util::Path& file, const Lines& lines) {
  if (!lines.whole())
    refuse_list(file, lines.number(), "the last line does not end with a newline, and may have been cut off");
}

KnownMessage known(const util::Path& file, unsigned line, std::string_view uid,
                   std::optional<std::chrono::sys_seconds> fetched) {
  if (uid.empty()) refuse_list(file, line, "a line has no UID");
  if (uid.size() > longest_uid) refuse_list(file, line, "a UID is too long");
  if (uid.find('\0') != std::string_view::npos) refuse_list(file, line, "a UID contains NUL");
  return {std::string(uid), fetched};
}

void without_doubles(std::vector<KnownMessage>& messages) {
  std::ranges::stable_sort(messages, {}, &KnownMessage::uid);
  const auto same = [](const KnownMessage& one, const KnownMessage& other) { return one.uid == other.uid; };
  messages.erase(std::unique(messages.begin(), messages.end(), same), messages.end());
}

}  // namespace

/// Lines "USER@SERVER UID", where the server is the one of "via" (fetchmail 6.4.37), else the entry's name.
/// As in fetchmail, the mailbox ends at the first blank after the first @, and its last @ divides it.
std::vector<KnownMessage> fetchmail_list(const util::Path& file, std::string_view text, const Draft& draft) {
  std::vector<KnownMessage> messages;
  for (Lines lines(text); !lines.at_end();) {
    const auto line = util::trimmed(lines.next());
    if (line.empty()) continue;
    require_whole(file, lines);
    const auto at = line.find('@');
    const auto blank = at == std::string_view::npos ? at : line.find_first_of(" \t", at);
    if (blank == std::string_view::npos)
      refuse_list(file, lines.number(), "a line is not \"USER@SERVER UID\"");
    const auto mailbox = line.substr(0, blank);
    const auto divider = mailbox.rfind('@');
    auto uid = util::trimmed(line.substr(blank));
    uid = uid.substr(0, uid.find_first_of(" \t"));
    const auto server = mailbox.substr(divider + 1);
    const bool ours = util::equal_nocase(mailbox.substr(0, divider), draft.user) &&
                      (util::equal_nocase(server, draft.host) || util::equal_nocase(server, draft.poll_name));
    auto message = known(file, lines.number(), uid, std::nullopt);
    if (ours) messages.push_back(std::move(message));
  }
  without_doubles(messages);
  return messages;
}

/// Lines "UID NUL EPOCH". getmail ignores lines without NUL; we do not, because such a line was written by
/// somebody else or cut off.
std::vector<KnownMessage> getmail_list(const util::Path& file, std::string_view text,
                                       const Draft& /*draft*/) {
  std::vector<KnownMessage> messages;
  for (Lines lines(text); !lines.at_end();) {
    const auto line = lines.next();
    if (util::trimmed(line).empty()) continue;
    require_whole(file, lines);
    const auto nul = line.find('\0');
    if (nul == std::string_view::npos) refuse_list(file, lines.number(), "a line is not \"UID NUL TIME\"");
    const auto fetched = time_of(util::trimmed(line.substr(nul + 1)));
    if (!fetched)
      refuse_list(file, lines.number(),
                  "the time of a message is not a number of seconds since 1970, or is before 1990");
    messages.push_back(known(file, lines.number(), util::trimmed(line.substr(0, nul)), fetched));
  }
  without_doubles(messages);
  return messages;
}

/// Blocks: " N HOST USER", then N lines "UID" or "UID EPOCH"; comments at the top.
std::vector<KnownMessage> mpop_list(const util::Path& file, std::string_view text, const Draft& draft) {
  std::vector<KnownMessage> messages;
  bool at_top = true;
  for (Lines lines(text); !lines.at_end();) {
    const auto head = lines.next();
    if (at_top && head.starts_with('#')) continue;
    at_top = false;
    require_whole(file, lines);
    const auto first = head.find(' ', 1);
    const auto second = first == std::string_view::npos ? first : head.find(' ', first + 1);
    const auto count = head.starts_with(' ') && second != std::string_view::npos
                           ? util::parse_number(head.substr(1, first - 1))
                           : std::nullopt;
    if (!count || *count == 0)
      refuse_list(file, lines.number(), "a block does not begin with \" COUNT HOST USER\"");
    const bool ours = util::equal_nocase(head.substr(first + 1, second - first - 1), draft.host) &&
                      head.substr(second + 1) == draft.user;
    for (std::uint64_t n = 0; n < *count; ++n) {
      if (lines.at_end()) refuse_list(file, lines.number(), "it ends inside a block");
      const auto line = lines.next();
      require_whole(file, lines);
      if (line.starts_with(' ')) refuse_list(file, lines.number(), "a block is shorter than it says");
      const auto blank = line.rfind(' ');
      const auto fetched = blank == std::string_view::npos ? std::nullopt : time_of(line.substr(blank + 1));
      auto message = known(file, lines.number(), fetched ? line.substr(0, blank) : line, fetched);
      if (ours) messages.push_back(std::move(message));
    }
  }
  without_doubles(messages);
  return messages;
}

/// Entries "LENGTH UID LF": the number says how many bytes the UID has.
std::vector<KnownMessage> fdm_list(const util::Path& file, std::string_view text, const Draft& /*draft*/) {
  std::vector<KnownMessage> messages;
  text = without_mark(text);
  for (unsigned line = 1; !text.empty(); ++line) {
    const auto blank = text.find(' ');
    const auto length =
        blank == std::string_view::npos ? std::nullopt : util::parse_number(text.substr(0, blank));
    constexpr auto cut = "it ends inside an entry, and may have been cut off";
    if (blank == std::string_view::npos && util::parse_number(text)) refuse_list(file, line, cut);
    if (!length) refuse_list(file, line, "an entry does not begin with its length");
    text.remove_prefix(blank + 1);
    if (*length >= text.size()) refuse_list(file, line, cut);
    if (text[*length] != '\n') refuse_list(file, line, "a UID does not have the stated length");
    messages.push_back(known(file, line, text.substr(0, *length), std::nullopt));
    text.remove_prefix(*length + 1);
  }
  without_doubles(messages);
  return messages;
}

}  // namespace mailhaul::setup
