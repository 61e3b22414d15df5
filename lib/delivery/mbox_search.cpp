// SPDX-License-Identifier: MIT
#include "delivery/mbox_search.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "delivery/mbox_journal.h"
#include "util/digest.h"

namespace mailhaul::delivery {

namespace {

using util::Hash;
using util::Path;

constexpr std::string_view separator = "\nFrom ";

std::string read_part(int fd, const Path& path, Extent part) {
  std::string bytes(part.length, '\0');
  bytes.resize(util::pread_all(fd, bytes, static_cast<off_t>(part.from), path));
  return bytes;
}

/// An entry without its From line and the newlines at its end. If nothing else is there, the From line
/// itself, because an entry that was cut within it must not look like an empty message.
Extent content_of(int fd, const Path& path, Extent entry) {
  const auto head = read_part(fd, path, {entry.from, std::min<std::uint64_t>(entry.length, 4096)});
  const auto line = std::min(head.find('\n'), head.size() - 1) + 1;
  const auto tail = std::min<std::uint64_t>(entry.length, 64);
  const auto end = read_part(fd, path, {entry.from + entry.length - tail, tail});
  const auto last = end.find_last_not_of('\n');
  const auto newlines = last == std::string::npos ? end.size() : end.size() - last - 1;
  if (head.empty() || line + newlines >= entry.length) return {entry.from, std::min(line, entry.length)};
  return {entry.from + line, entry.length - line - newlines};
}

Hash hash_of(int fd, const Path& path, Extent part) {
  util::Sha256 hash;
  constexpr std::uint64_t step = 65536;
  for (std::uint64_t done = 0; done < part.length; done += step) {
    hash.add(read_part(fd, path, {part.from + done, std::min(step, part.length - done)}));
  }
  return hash.finish();
}

/// The end of a whole copy of a message. A reader may have added up to `added` bytes after it.
struct Ending {
  std::string text;
  std::uint64_t added = 0;
};

/// Readers add and change header lines, but never a body: from the empty line on, all bytes are unchanged. If
/// there is only a header, readers add lines after it.
Ending ending_of(int fd, const Path& path, Extent content) {
  constexpr std::uint64_t enough = 256;
  constexpr std::uint64_t most_added = 4096;
  const auto head = read_part(fd, path, {content.from, std::min<std::uint64_t>(content.length, 65536)});
  const auto header = head.find("\n\n");
  const bool has_body = header != std::string::npos;
  const auto k = std::min(content.length - (has_body ? header : 0), enough);
  return {read_part(fd, path, {content.from + content.length - k, k}), has_body ? 0 : most_added};
}

/// Whether nothing is missing at the end of an entry, as far as that shows without the spool: it is as long
/// as the message, ends in a newline, and has none of the zeros that a power cut leaves. Only at the end of
/// the file, the empty line may be missing: others add it before they append.
bool looks_whole(const LockedMbox& mbox, Extent entry, const TicketFields& message) {
  constexpr std::uint64_t enough = 4096;
  const auto end = entry.from + entry.length, k = std::min(entry.length, enough);
  const std::uint64_t missing = end == mbox.bytes() ? 1 : 0;
  const bool has_zeros = read_part(mbox.fd(), mbox.path(), {end - k, k}).find('\0') != std::string::npos;
  return entry.length + missing >= message.number("length") && mbox.padding(end) != "\n\n" && !has_zeros;
}

/// True if the entry is a whole copy of the message. A torn message that is followed by the mail of others
/// may be as long, but its end is missing.
bool whole(const LockedMbox& mbox, Extent entry, int spool, const TicketFields& message) {
  if (spool < 0) return looks_whole(mbox, entry, message);
  const Path path = message.text("spool");
  const auto ours = content_of(spool, path, {message.number("from"), message.number("length")});
  const auto theirs = content_of(mbox.fd(), mbox.path(), entry);
  if (theirs.length < ours.length) return false;
  const auto end = ending_of(spool, path, ours);
  const auto k = std::min(theirs.length, end.text.size() + end.added);
  const auto last = read_part(mbox.fd(), mbox.path(), {theirs.from + theirs.length - k, k}) + '\n';
  const auto at = last.find(end.text + '\n');
  return at != std::string::npos && last.find("\n\n", at + end.text.size()) == std::string::npos;
}

using Wanted = std::map<std::string, std::size_t, std::less<>>;

/// The message whose id is in the text; wanted.end() if there is none.
Wanted::const_iterator id_in(std::string_view text, const Wanted& wanted) {
  constexpr std::string_view digits = "0123456789";
  for (auto at = text.find(".mh"); at != std::string_view::npos; at = text.find(".mh", at + 1)) {
    const auto before = text.find_last_not_of(digits, at - (at > 0 ? 1 : 0));
    const auto id = text.substr(before == std::string_view::npos ? 0 : before + 1);
    auto found = wanted.upper_bound(id);
    if (found != wanted.begin() && id.starts_with((--found)->first)) return found;
  }
  return wanted.end();
}

/// The indexes of the messages of which the mbox has a whole copy with their id.
std::vector<std::size_t> find_traced(const LockedMbox& mbox, std::span<const Extent> entries, int spool,
                                     std::span<const TicketFields> messages) {
  std::vector<std::size_t> found;
  Wanted wanted;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].number("traced") != 0) wanted.emplace(messages[i].text("id"), i);
  }
  if (wanted.empty()) return found;
  for (const auto& entry : entries) {
    const auto head =
        read_part(mbox.fd(), mbox.path(), {entry.from, std::min<std::uint64_t>(entry.length, 4096)});
    const auto match = id_in(head, wanted);
    if (match != wanted.end() && whole(mbox, entry, spool, messages[match->second]))
      found.push_back(match->second);
  }
  return found;
}

/// The indexes of the messages without a trace header whose content is in the mbox.
std::vector<std::size_t> find_equal(const LockedMbox& mbox, std::span<const Extent> entries, int spool,
                                    std::span<const TicketFields> messages) {
  std::vector<std::size_t> found;
  std::multimap<Hash, std::size_t> wanted;
  std::map<std::uint64_t, int> lengths;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto& message = messages[i];
    if (message.number("traced") != 0 || spool < 0) continue;
    const Path path = message.text("spool");
    const auto content = content_of(spool, path, {message.number("from"), message.number("length")});
    wanted.emplace(hash_of(spool, path, content), i);
    ++lengths[content.length];
  }
  for (const auto& entry : entries) {
    if (wanted.empty()) break;
    const auto content = content_of(mbox.fd(), mbox.path(), entry);
    if (!lengths.contains(content.length)) continue;
    const auto match = wanted.find(hash_of(mbox.fd(), mbox.path(), content));
    if (match == wanted.end()) continue;
    found.push_back(match->second);
    wanted.erase(match);
  }
  return found;
}

/// A header, or the beginning of one, without the fields in which readers keep their marks.
std::string without_marks(std::string_view text) {
  constexpr std::array marks = {"Status:",     "X-Status:",        "X-Keywords:", "X-UID:",         "X-IMAP:",
                                "X-IMAPbase:", "X-Mozilla-Status", "Lines:",      "Content-Length:"};
  std::string kept;
  while (!text.empty() && text.front() != '\n') {
    const auto line = text.substr(0, text.find('\n') + 1);
    if (line.empty()) break;  // cut short
    if (std::ranges::none_of(marks, [&](std::string_view mark) { return line.starts_with(mark); }))
      kept += line;
    text.remove_prefix(line.size());
  }
  return kept.append(text);
}

}  // namespace

std::vector<Extent> entries_from(const LockedMbox& mbox, std::uint64_t start) {
  std::vector<Extent> entries;
  const auto size = mbox.bytes();
  const auto begin_at = [&](std::uint64_t at) {
    if (!entries.empty()) entries.back().length = at - entries.back().from;
    entries.push_back({at, 0});
  };
  constexpr std::uint64_t step = 256U << 10U;
  std::string text = "\n";  // the byte before `start` ends a line
  std::uint64_t base = start - 1;
  for (std::uint64_t at = start; at < size; at += step) {
    text += read_part(mbox.fd(), mbox.path(), {at, std::min(step, size - at)});
    for (auto hit = text.find(separator); hit != std::string::npos; hit = text.find(separator, hit + 1)) {
      begin_at(base + hit + 1);
    }
    const auto rest = std::min(text.size(), separator.size() - 1);  // the next separator may begin there
    base += text.size() - rest;
    text.erase(0, text.size() - rest);
  }
  if (!entries.empty()) entries.back().length = size - entries.back().from;
  return entries;
}

std::vector<bool> find_copies(const LockedMbox& mbox, std::span<const Extent> entries, int spool,
                              std::span<const TicketFields> messages) {
  std::vector<bool> found(messages.size());
  for (const auto i : find_traced(mbox, entries, spool, messages)) found[i] = true;
  for (const auto i : find_equal(mbox, entries, spool, messages)) found[i] = true;
  return found;
}

bool is_torn_copy(const LockedMbox& mbox, Extent last, int spool, const TicketFields& message) {
  constexpr std::uint64_t longest_header = 65536;
  const bool traced = message.number("traced") != 0;
  if (!mbox.padding(last.from).empty() || (!traced && mbox.padding(last.from + last.length).size() < 2))
    return false;
  const Path path = message.text("spool");
  const Extent whole = {message.number("from"), message.number("length")};
  const auto head = read_part(mbox.fd(), mbox.path(), {last.from, std::min(last.length, longest_header)});
  const auto whole_head = read_part(spool, path, {whole.from, std::min(whole.length, longest_header)});
  if (head.find('\n') == std::string::npos)
    return false;  // a From line that was cut short may belong to other mail
  const auto there = without_marks(head);
  const auto all = without_marks(whole_head);
  const auto equal = std::min(there.size(), all.size());
  if (there.compare(0, equal, all, 0, equal) != 0) return false;
  const auto rest = last.length - head.size() + there.size() - equal;
  const auto whole_rest = whole.length - whole_head.size() + all.size() - equal;
  if (rest >= whole_rest) return false;
  Segments missing("", spool, path);
  missing.add({whole.from + whole.length - whole_rest, whole_rest});
  return common_bytes(mbox, missing, last.from + last.length - rest) == rest;
}

}  // namespace mailhaul::delivery
