// SPDX-License-Identifier: MIT
#include "delivery/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <vector>

#include "delivery/outlet.h"
#include "delivery/record.h"

namespace mailhaul::delivery {

namespace {

using util::Fd;
using util::Path;

constexpr std::size_t head_bytes = 4096;
constexpr std::size_t step = 64U << 10U;

struct Plan {
  std::uint64_t inode = 0, at = 0, torn = 0, behind = 0;
  std::string before;
};

std::string head_of(const Plan& plan) {
  Record record;
  record.set("inode", plan.inode);
  record.set("at", plan.at);
  record.set("torn", plan.torn);
  record.set("behind", plan.behind);
  record.set("before", plan.before);
  auto head = record.data();
  head.resize(head_bytes, '\0');
  return head;
}

Plan plan_of(const Fd& file, const Path& path) {
  std::string head(head_bytes, '\0');
  head.resize(util::pread_all(file.get(), head, 0, path));
  const Record record(Ticket{"", head.substr(0, head.find('\0'))});
  return {record.number("inode"), record.number("at"), record.number("torn"), record.number("behind"),
          record.text("before")};
}

Image journal_image(const Fd& file, const Path& path) {
  Image image("", file.get(), path);
  const auto end = ::lseek(file.get(), 0, SEEK_END);
  if (end < static_cast<off_t>(head_bytes)) {
    throw util::Error(util::Kind::storage, "cannot read " + path.native() + ": cut short");
  }
  image.add({head_bytes, static_cast<std::uint64_t>(end) - head_bytes});
  return image;
}

void copy(const Image& image, Outlet& out) {
  std::vector<char> piece(step);
  std::uint64_t at = 0;
  while (const auto got = image.read(at, piece)) {
    out.write({piece.data(), got});
    at += got;
  }
}

/// Appears whole or not at all.
void write_journal(const Plan& plan, const Image& image, const Image& behind, const Path& journal) {
  const Path part = journal.native() + ".part";
  const Fd file = util::open_file(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  Outlet out(file.get(), part, WriteBack::none);
  out.write(head_of(plan));
  copy(image, out);
  copy(behind, out);
  out.flush();
  util::sync_fd(file.get(), part);
  if (::rename(part.c_str(), journal.c_str()) != 0) {
    util::throw_errno(util::Kind::storage, "rename", part.native());
  }
  util::sync_directory(journal.parent_path());
}

std::size_t read_box(const Box& box, std::uint64_t at, std::span<char> into) {
  return util::pread_all(box.fd(), into, static_cast<off_t>(at), box.path());
}

/// Nobody else has changed the place since the journal was written: each byte is the one before or the one
/// after, or a zero that a power cut left.
bool untouched(const Box& box, const Image& image, const Plan& plan) {
  const auto size = box.bytes();
  if (box.inode() != plan.inode || size < plan.at || size > plan.at + image.bytes()) return false;
  if (box.hash_before(plan.at) != plan.before) return false;
  std::array<char, step> now{};
  std::array<char, step> after{};
  std::array<char, step> before{};
  const auto old_end = plan.torn + plan.behind;
  for (std::uint64_t at = 0; plan.at + at < size; at += step) {
    const auto got = read_box(box, plan.at + at, now);
    image.read(at, after);
    for (std::size_t i = 0; i < got; ++i) {
      if (now[i] == after[i] || now[i] == 0) continue;
      const auto place = at + i;
      if (place < plan.torn || place >= old_end) return false;
      // What stood behind the torn part is the end of the image now.
      const auto shifted = image.bytes() - plan.behind + (place - plan.torn);
      if (image.read(shifted, std::span(before).first(1)) != 1 || before[0] != now[i]) return false;
    }
  }
  return true;
}

void apply(const Box& box, const Image& image, std::uint64_t at, const Path& journal) {
  write_image(image, box.fd(), at, box.path());
  util::sync_fd(box.fd(), box.path());
  if (::unlink(journal.c_str()) != 0) util::throw_errno(util::Kind::storage, "remove", journal.native());
  util::sync_directory(journal.parent_path());
}

}  // namespace

void rewrite(const Box& box, const Rewrite& change, const Path& journal) {
  const auto from = change.at + change.torn;
  const auto size = box.bytes();
  Image behind("", box.fd(), box.path());
  if (change.torn > 0) behind.add({from, size - from});
  const Plan plan{box.inode(), change.at, change.torn, behind.bytes(), box.hash_before(change.at)};
  write_journal(plan, change.image, behind, journal);
  const Fd file = util::open_file(journal, O_RDONLY | O_NOFOLLOW);
  apply(box, journal_image(file, journal), change.at, journal);
}

bool complete_journal(const Box& box, const Path& journal) {
  const Fd file(::open(journal.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file && errno == ENOENT) return false;
  if (!file) util::throw_errno(util::Kind::storage, "open", journal.native());
  const auto plan = plan_of(file, journal);
  const auto image = journal_image(file, journal);
  const bool same = untouched(box, image, plan);
  if (same || common_bytes(box, image, plan.at) == image.bytes()) {
    apply(box, image, plan.at, journal);
    return false;
  }
  const auto end = box.bytes();
  Image again(box.padding(end), file.get(), journal);
  again.add({head_bytes, image.bytes()});
  rewrite(box, {again, end, 0}, journal);
  return true;
}

bool is_part_of(const Box& box, const Image& image, std::uint64_t at) {
  Plan plan;
  plan.inode = box.inode();
  plan.at = at;
  plan.before = box.hash_before(at);
  return untouched(box, image, plan);
}

std::uint64_t common_bytes(const Box& box, const Image& image, std::uint64_t at) {
  std::array<char, step> now{};
  std::array<char, step> ours{};
  for (std::uint64_t done = 0;;) {
    const auto n = std::min(read_box(box, at + done, now), image.read(done, ours));
    const auto same = std::mismatch(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(n), ours.begin());
    const auto equal = static_cast<std::size_t>(same.first - now.begin());
    done += equal;
    if (n == 0 || equal < n) return done;
  }
}

}  // namespace mailhaul::delivery
