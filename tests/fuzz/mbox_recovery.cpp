// SPDX-License-Identifier: MIT
// A batch is staged for an mbox, the mbox is changed in any way, recovery is killed anywhere, and run again.
// Input: a byte of flags (1: no trace header, 2: the mbox is another file), two bytes that say at which
// write or flush recovery is killed (0: not at all), then, each ending in NUL: two messages, the content of
// the mbox before, and its content after. In the content after, 1 stands for the content before, 2 to 4 for
// the batch and its entries, 5 for an entry that a reader marked, 6 and a byte for that many eighths of the
// batch, 7 and a byte for that many zeros, 8 for foreign mail.
#include "delivery/mbox_recovery.h"

#include <algorithm>
#include <map>

#include "delivery/fixture.h"
#include "delivery/mbox.h"
#include "fuzz/fuzz.h"

using namespace mailhaul;

namespace {

/// Thrown instead of a write or flush: everything before it has happened, nothing after it.
struct Killed {};
unsigned steps_left = 0;
unsigned box_writes = 0;  // how often the mbox was written; not 0 if our wrappers are called

/// How many bytes of a write are still written.
std::size_t allowed(std::size_t bytes) { return steps_left != 0 && --steps_left == 0 ? bytes / 2 : bytes; }

}  // namespace

// The linker replaces the system calls by these (--wrap).
extern "C" {
ssize_t __real_pwrite64(int fd, const void* bytes, std::size_t size, off_t at);
ssize_t __real_write(int fd, const void* bytes, std::size_t size);
int __real_fsync(int fd);
ssize_t __wrap_pwrite64(int fd, const void* bytes, std::size_t size, off_t at) {
  ++box_writes;
  const auto part = allowed(size);
  const auto done = __real_pwrite64(fd, bytes, part, at);
  if (part < size) throw Killed();
  return done;
}
ssize_t __wrap_write(int fd, const void* bytes, std::size_t size) {
  const auto part = allowed(size);
  const auto done = __real_write(fd, bytes, part);
  if (part < size) throw Killed();
  return done;
}
int __wrap_fsync(int fd) {
  if (allowed(2) < 2) throw Killed();
  return __real_fsync(fd);
}
}

namespace {

constexpr std::string_view foreign = "From c@d Mon Jan  1 00:00:00 2024\nSubject: foreign\n\nforeign\n\n";

struct Crash : test::Fixture {
  util::Path path = dir / "box";
  std::string old;                   ///< in the mbox when the batch was staged
  std::string segments;              ///< what must follow `old`: padding and the entries
  std::vector<std::string> entries;  ///< as the spool has them
  std::vector<delivery::Ticket> tickets;
  util::Path journal;
  std::uint64_t padding = 0;

  void stage(bool traced, const std::vector<std::string>& messages) {
    test::spill(path, old);
    const auto mbox = delivery::open_mbox(path, {}, context);
    for (const auto& message : messages) {
      const auto id = std::to_string(clock) + ".mhabcd1234k7m" + std::to_string(tickets.size()) + ".host";
      const auto header = traced ? "Received: by host; id " + id + ";\n\tnow\n" : "";
      tickets.push_back(test::put(*mbox, {id, header, false}, message));
    }
    mbox->stage(tickets);
    const delivery::TicketFields first(tickets.front());
    journal = first.text("spool") + delivery::journal_suffix;
    const auto spool = test::slurp(first.text("spool"));
    for (const auto& ticket : tickets) {
      const delivery::TicketFields fields(ticket);
      entries.push_back(spool.substr(fields.number("from"), fields.number("length")));
    }
    padding = first.text("padding").size();
    segments = first.text("padding") + spool;
  }

  bool recover() {
    for (const auto& result : delivery::reopen(tickets.front(), context)->recover(tickets))
      if (result.status != delivery::DeliveryStatus::published) return false;
    return true;
  }
  void recover_and_die(unsigned at) {
    if (at == 0) return;
    steps_left = at;
    try {
      recover();
    } catch (const Killed&) {
    }
    steps_left = 0;
  }
};

std::string marked(std::string entry) {
  const auto header = entry.find('\n') + 1;
  return entry.insert(header, "Status: RO\n");
}

/// The content of the mbox after the crash. `plain`: it consists of whole mail, torn mail and zeros only.
struct After {
  std::string text;
  bool plain = true;
};

After after_of(fuzz::Input& input, const Crash& crash) {
  After after;
  while (!input.empty()) {
    const auto byte = input.byte();
    const auto& entries = crash.entries;
    // Our entries never follow half a line: the From_ line would become part of that line.
    const bool ours = byte >= 2 && byte <= 5;
    if (ours && !after.text.empty() && after.text.back() != '\n') after.plain = false;
    switch (byte) {
      case 1:
        after.text += crash.old;
        after.plain = after.plain && crash.old.starts_with("From ") && crash.old.ends_with("\n\n");
        break;
      case 2:
        after.text += crash.segments;
        break;
      case 3:
        after.text += entries.front();
        break;
      case 4:
        after.text += entries.back();
        break;
      case 5:
        after.text += marked(entries.front());
        break;
      case 6:
        after.text += crash.segments.substr(0, crash.segments.size() * (input.byte() % 8) / 8);
        break;
      case 7:
        after.text.append(input.byte(), '\0');
        break;
      case 8:
        after.text += foreign;
        break;
      default:
        after.text += static_cast<char>(byte);
        after.plain = false;
    }
  }
  return after;
}

/// The text without the newlines at its end, and without the zeros that a power cut left.
std::string_view without_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of(std::string_view("\n\0", 2)) + 1);
}

/// Entries, without their ends, and how often each occurs.
std::map<std::string, std::size_t> entries_of(std::string_view text) {
  std::map<std::string, std::size_t> entries;
  while (!text.empty()) {
    const auto end = text.find("\nFrom ");
    const auto entry = text.substr(0, end);
    ++entries[std::string(without_end(entry))];
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return entries;
}

/// Checks that the mbox is unchanged, with entries of ours appended.
bool added_behind(std::string_view before, std::string_view now, const Crash& crash) {
  if (!now.starts_with(before)) return false;
  auto rest = now.substr(before.size());
  for (;;) {
    while (rest.starts_with('\n')) rest.remove_prefix(1);
    std::size_t longest = 0;
    for (const auto& entry : crash.entries)
      if (rest.starts_with(entry)) longest = std::max(longest, entry.size());
    if (longest == 0) return rest.empty();
    rest.remove_prefix(longest);
  }
}

/// Checks that entries of ours took the place of the last entry, which is the beginning of one of them.
bool replaced_torn_end(std::string_view before, std::string_view now, const Crash& crash) {
  const auto line = before.rfind("\nFrom ");
  const auto start = line == std::string_view::npos ? 0 : line + 1;
  std::string last(before.substr(start));
  const std::string_view mark = "Status: RO\n";
  if (const auto at = last.find('\n') + 1; last.compare(at, mark.size(), mark) == 0)
    last.erase(at, mark.size());
  const auto begins_with_it = [&](const std::string& entry) {
    return last.starts_with("From ") && entry.size() > last.size() && entry.starts_with(last);
  };
  return std::ranges::any_of(crash.entries, begins_with_it) &&
         added_behind(before.substr(0, start), now, crash);
}

/// Checks that the torn part of the batch was completed and everything else is where it was.
bool completed_in_place(std::string_view before, std::string_view now, const Crash& crash) {
  const auto off = crash.old.size();
  const std::string_view segments = crash.segments;
  if (before.size() < off || now.substr(0, off) != before.substr(0, off)) return false;
  if (now.substr(off, segments.size()) != segments) return false;
  const auto behind = now.substr(off + segments.size());
  const auto torn = before.substr(off);
  if (torn.size() < behind.size() || !torn.ends_with(behind)) return false;
  const auto part = torn.substr(0, torn.size() - behind.size());
  if (part.size() > segments.size()) return false;
  for (std::size_t i = 0; i < part.size(); ++i)
    if (part[i] != segments[i] && (part[i] != 0 || !behind.empty())) return false;
  return true;
}

void check_whole(const Crash& crash, const std::string& now) {
  auto there = entries_of(now);
  for (const auto& entry : crash.entries) {
    const std::string whole(without_end(entry));
    auto& count = there[there[whole] != 0 ? whole : std::string(without_end(marked(entry)))];
    fuzz::require(count != 0, "every message of the batch is there, whole");
    --count;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto flags = input.byte();
  const std::array<unsigned, 2> deaths{input.byte(), input.byte()};
  const std::vector<std::string> messages{std::string(input.until('\0')), std::string(input.until('\0'))};
  Crash crash;
  crash.old = input.until('\0');
  const bool forged = fuzz::count(crash.old + messages[0] + messages[1], ".mh") != 0;
  crash.stage((flags & 1U) == 0, messages);
  // If the first entry begins with the old content, an mbox that recovery emptied and refilled would look
  // unchanged, though no foreign mail would be cut off.
  if (!crash.old.empty() && crash.entries.front().starts_with(crash.old)) return 0;
  const auto after = after_of(input, crash);
  if ((flags & 2U) != 0) std::filesystem::remove(crash.path);
  test::spill(crash.path, after.text);

  box_writes = 0;
  for (const auto at : deaths) crash.recover_and_die(at);
  fuzz::require(crash.recover(), "recovery ends, and every message is there");
  const auto now = test::slurp(crash.path);
  fuzz::require(now == after.text || box_writes != 0, "a kill can meet each write");
  const bool replaced = replaced_torn_end(after.text, now, crash);
  fuzz::require(replaced || now.size() >= after.text.size(), "a mailbox never becomes shorter");
  const bool in_place = completed_in_place(after.text, now, crash);
  fuzz::require(in_place || replaced || added_behind(after.text, now, crash),
                "nothing foreign is lost or changed");
  fuzz::require(in_place || now == after.text || deaths[0] + deaths[1] != 0 || !crash.warnings.empty(),
                "what is added to a mailbox that others changed is said");
  if (after.plain && !forged) check_whole(crash, now);
  fuzz::require(crash.recover() && test::slurp(crash.path) == now, "a second recovery changes nothing");
  fuzz::require(
      !std::filesystem::exists(crash.journal) && !std::filesystem::exists(crash.path.native() + ".lock"),
      "nothing is left behind");
  return 0;
}
