// SPDX-License-Identifier: MIT
#include "delivery/mbox_journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "delivery/buffered_file.h"
#include "delivery/ticket_fields.h"

namespace mailhaul::delivery {

namespace {

using util::Fd;
using util::Path;

constexpr std::size_t head_bytes = 4096;
constexpr std::size_t step = 64U << 10U;

struct JournalHead {
  std::uint64_t inode = 0, at = 0, torn = 0, behind = 0;
  std::string before;
};

std::string text_of(const JournalHead& head) {
  TicketFields fields;
  fields.set("inode", head.inode);
  fields.set("at", head.at);
  fields.set("torn", head.torn);
  fields.set("behind", head.behind);
  fields.set("before", head.before);
  auto text = fields.data();
  text.resize(head_bytes, '\0');
  return text;
}

JournalHead read_head(const Fd& file, const Path& path) {
  std::string text(head_bytes, '\0');
  text.resize(util::pread_all(file.get(), text, 0, path));
  const TicketFields fields(Ticket{"", text.substr(0, text.find('\0'))});
  return {fields.number("inode"), fields.number("at"), fields.number("torn"), fields.number("behind"),
          fields.text("before")};
}

Segments journal_segments(const Fd& file, const Path& path) {
  Segments segments("", file.get(), path);
  const auto end = ::lseek(file.get(), 0, SEEK_END);
  if (end < static_cast<off_t>(head_bytes)) {
    throw util::Error(util::Kind::storage, "cannot read " + path.native() + ": cut short");
  }
  segments.add({head_bytes, static_cast<std::uint64_t>(end) - head_bytes});
  return segments;
}

void copy(const Segments& segments, BufferedFile& out) {
  std::vector<char> piece(step);
  std::uint64_t at = 0;
  while (const auto got = segments.read(at, piece)) {
    out.write({piece.data(), got});
    at += got;
  }
}

/// Writes the journal so that it appears whole or not at all.
void write_journal(const JournalHead& head, const Segments& segments, const Segments& behind,
                   const Path& journal) {
  const Path part = journal.native() + ".part";
  const Fd file = util::open_file(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  BufferedFile out(file.get(), part, WriteBack::none);
  out.write(text_of(head));
  copy(segments, out);
  copy(behind, out);
  out.write_out();
  util::sync_fd(file.get(), part);
  if (::rename(part.c_str(), journal.c_str()) != 0) {
    util::throw_errno(util::Kind::storage, "rename", part.native());
  }
  util::sync_directory(journal.parent_path());
}

std::size_t read_mbox(const LockedMbox& mbox, std::uint64_t at, std::span<char> into) {
  return util::pread_all(mbox.fd(), into, static_cast<off_t>(at), mbox.path());
}

/// True if nobody else has changed the mbox since the journal was written: each byte is the old one, the
/// new one, or a zero that a power cut left.
bool untouched(const LockedMbox& mbox, const Segments& segments, const JournalHead& head) {
  const auto size = mbox.bytes();
  if (mbox.inode() != head.inode || size < head.at || size > head.at + segments.bytes()) return false;
  if (mbox.hash_before(head.at) != head.before) return false;
  std::array<char, step> now{};
  std::array<char, step> after{};
  std::array<char, step> before{};
  const auto old_end = head.torn + head.behind;
  for (std::uint64_t at = 0; head.at + at < size; at += step) {
    const auto got = read_mbox(mbox, head.at + at, now);
    segments.read(at, after);
    for (std::size_t i = 0; i < got; ++i) {
      if (now[i] == after[i] || now[i] == 0) continue;
      const auto place = at + i;
      if (place < head.torn || place >= old_end) return false;
      // What followed the torn part is now the end of the segments.
      const auto shifted = segments.bytes() - head.behind + (place - head.torn);
      if (segments.read(shifted, std::span(before).first(1)) != 1 || before[0] != now[i]) return false;
    }
  }
  return true;
}

void apply(const LockedMbox& mbox, const Segments& segments, std::uint64_t at, const Path& journal) {
  write_segments(segments, mbox.fd(), at, mbox.path());
  util::sync_fd(mbox.fd(), mbox.path());
  if (::unlink(journal.c_str()) != 0) util::throw_errno(util::Kind::storage, "remove", journal.native());
  util::sync_directory(journal.parent_path());
}

}  // namespace

void rewrite(const LockedMbox& mbox, const Rewrite& change, const Path& journal) {
  const auto from = change.at + change.torn;
  const auto size = mbox.bytes();
  Segments behind("", mbox.fd(), mbox.path());
  if (change.torn > 0) behind.add({from, size - from});
  const JournalHead head{mbox.inode(), change.at, change.torn, behind.bytes(), mbox.hash_before(change.at)};
  write_journal(head, change.segments, behind, journal);
  const Fd file = util::open_file(journal, O_RDONLY | O_NOFOLLOW);
  apply(mbox, journal_segments(file, journal), change.at, journal);
}

bool complete_journal(const LockedMbox& mbox, const Path& journal) {
  const Fd file(::open(journal.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file && errno == ENOENT) return false;
  if (!file) util::throw_errno(util::Kind::storage, "open", journal.native());
  const auto head = read_head(file, journal);
  const auto segments = journal_segments(file, journal);
  const bool same = untouched(mbox, segments, head);
  if (same || common_bytes(mbox, segments, head.at) == segments.bytes()) {
    apply(mbox, segments, head.at, journal);
    return false;
  }
  const auto end = mbox.bytes();
  Segments again(mbox.padding(end), file.get(), journal);
  again.add({head_bytes, segments.bytes()});
  rewrite(mbox, {again, end, 0}, journal);
  return true;
}

bool is_part_of(const LockedMbox& mbox, const Segments& segments, std::uint64_t at) {
  JournalHead head;
  head.inode = mbox.inode();
  head.at = at;
  head.before = mbox.hash_before(at);
  return untouched(mbox, segments, head);
}

std::uint64_t common_bytes(const LockedMbox& mbox, const Segments& segments, std::uint64_t at) {
  std::array<char, step> now{};
  std::array<char, step> ours{};
  for (std::uint64_t done = 0;;) {
    const auto n = std::min(read_mbox(mbox, at + done, now), segments.read(done, ours));
    const auto same = std::mismatch(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(n), ours.begin());
    const auto equal = static_cast<std::size_t>(same.first - now.begin());
    done += equal;
    if (n == 0 || equal < n) return done;
  }
}

}  // namespace mailhaul::delivery
