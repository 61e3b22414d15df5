// SPDX-License-Identifier: MIT
#include "delivery/mbox_recovery.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "delivery/mbox_journal.h"
#include "delivery/mbox_search.h"
#include "delivery/mbox_segments.h"

namespace mailhaul::delivery {

namespace {

using util::Fd;
using util::Path;

/// The spool of this name beside the database, which may have been moved; otherwise the one that the ticket
/// names.
Path spool_of(const TicketFields& message, const RunContext& context) {
  const Path named = message.text("spool");
  const auto beside = context.state_directory / "spool" / named.filename();
  return ::access(beside.c_str(), F_OK) == 0 ? beside : named;
}

class Recovery {
 public:
  Recovery(const LockedMbox& mbox, const RunContext& context, std::span<const TicketFields> messages)
      : mbox_(mbox),
        context_(context),
        messages_(messages),
        spool_path_(spool_of(messages.front(), context)),
        journal_(spool_path_.native() + journal_suffix),
        spool_(::open(spool_path_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)),
        off_(messages.front().number("off")) {
    if (!spool_ && errno != ENOENT) util::throw_errno(util::Kind::storage, "open", spool_path_.native());
  }

  std::vector<DeliveryResult> run() {
    std::vector<DeliveryResult> results(messages_.size());
    if (!spool_) {
      results = without_spool();
    } else {
      if (complete_journal(mbox_, journal_)) say("the interrupted delivery to ", " was completed");
      if (!complete_in_place()) append_missing();
    }
    // What was found may be in memory only: perhaps it was never flushed, or a flush failed, which the kernel
    // reports only once.
    util::sync_fd(mbox_.fd(), mbox_.path());
    return results;
  }

 private:
  bool same_place() const;
  bool complete_in_place();
  bool between_messages(std::uint64_t at) const;
  std::uint64_t torn_bytes(const Segments& segments) const;
  void append_missing();
  void cut_torn_copy(Extent last, const std::vector<bool>& there);
  /// The offset from which copies are searched for.
  std::uint64_t start() const { return same_place() ? off_ : 0; }
  std::vector<bool> found_from(std::uint64_t start) const;
  std::vector<DeliveryResult> without_spool() const;
  Segments segments(const std::string& padding) const { return Segments(padding, spool_.get(), spool_path_); }
  static Extent extent_of(const TicketFields& message) {
    return {message.number("from"), message.number("length")};
  }
  void say(std::string_view what, std::string_view how) const {
    context_.warn(std::string(what) + mbox_.path().native() + std::string(how),
                  "another program has changed the mbox meanwhile: a message may be in it twice");
  }

  const LockedMbox& mbox_;
  const RunContext& context_;
  std::span<const TicketFields> messages_;
  Path spool_path_, journal_;
  Fd spool_;
  std::uint64_t off_;
};

bool Recovery::same_place() const {
  const auto& message = messages_.front();
  return mbox_.inode() == message.number("box") && mbox_.bytes() >= off_ &&
         mbox_.hash_before(off_) == message.text("before");
}

/// Brings the batch from S3 or S4 to S4. Returns false if others may have changed it, or what precedes it.
bool Recovery::complete_in_place() {
  auto batch = segments(messages_.front().text("padding"));
  for (const auto& message : messages_) batch.add(extent_of(message));
  if (!same_place() || batch.bytes() != messages_.front().number("batch")) return false;
  // Other programs may have appended mail.
  const bool whole = common_bytes(mbox_, batch, off_) == batch.bytes();
  if (whole || is_part_of(mbox_, batch, off_)) {
    if (!whole && between_messages(mbox_.bytes())) say("the interrupted delivery to ", " was completed");
    // Even a whole batch is written again: after a failed flush it may not be on the disk.
    write_segments(batch, mbox_.fd(), off_, mbox_.path());
    return true;
  }
  const auto torn = torn_bytes(batch);
  // A batch in which a reader has changed or removed a message looks like a torn one. But then the equal
  // bytes end between two messages, or others of our messages follow.
  if (torn == 0 || between_messages(off_ + torn)) return false;
  if (std::ranges::count(found_from(off_ + torn), true) != 0) return false;
  rewrite(mbox_, {batch, off_, torn}, journal_);
  return true;
}

/// True if `at` is exactly between two of our messages. An interrupted write may end there, but a reader may
/// also have removed the messages that followed.
bool Recovery::between_messages(std::uint64_t at) const {
  auto end = off_ + messages_.front().text("padding").size();
  return std::ranges::any_of(messages_.first(messages_.size() - 1), [&](const TicketFields& message) {
    end += message.number("length");
    return at == end;
  });
}

/// How much of the batch was written before another program appended mail to it; 0 if that is not clear.
/// The appended mail begins with a From line, as ours does, so the equal bytes may reach into it.
std::uint64_t Recovery::torn_bytes(const Segments& batch) const {
  constexpr std::uint64_t reach = 1024;
  const auto padding = messages_.front().text("padding").size();
  const auto common = common_bytes(mbox_, batch, off_);
  const auto least = std::max<std::uint64_t>(padding + 1, common > reach ? common - reach : 0);
  for (auto torn = common; torn >= least; --torn) {
    std::array<char, 8> start{};
    const auto got = util::pread_all(mbox_.fd(), start, static_cast<off_t>(off_ + torn), mbox_.path());
    std::string_view text(start.data(), got);
    for (int newlines = 0; newlines < 2 && text.starts_with('\n'); ++newlines) text.remove_prefix(1);
    if (text.starts_with("From ")) return torn;
  }
  return 0;
}

std::vector<bool> Recovery::found_from(std::uint64_t start) const {
  return find_copies(mbox_, entries_from(mbox_, start), spool_.get(), messages_);
}

void Recovery::append_missing() {
  const auto entries = entries_from(mbox_, start());
  const auto there = find_copies(mbox_, entries, spool_.get(), messages_);
  if (std::ranges::count(there, false) == 0) return;
  // Warn first: a kill after the work would prevent the warning, and the next recovery finds nothing to do.
  say("messages of an interrupted delivery were added to ", "");
  if (!entries.empty()) cut_torn_copy(entries.back(), there);
  const auto end = mbox_.bytes();
  auto missing = segments(mbox_.padding(end));
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    if (!there[i]) missing.add(extent_of(messages_[i]));
  }
  rewrite(mbox_, {missing, end, 0}, journal_);
}

/// If our write was cut within a message, and a program has rewritten the mbox since, the beginning of
/// that message may still be the last entry. It is cut off here; the whole message is appended in its place.
void Recovery::cut_torn_copy(Extent last, const std::vector<bool>& there) {
  const auto whole = find_copies(mbox_, std::span(&last, 1), spool_.get(), messages_);
  // A whole message, except perhaps for newlines at its end. Another message may begin with the same bytes.
  if (std::ranges::count(whole, true) != 0) return;
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    if (there[i] || !is_torn_copy(mbox_, last, spool_.get(), messages_[i])) continue;
    if (mbox_.bytes() != last.from + last.length)
      return;  // a program that ignores our locks has appended mail
    if (::ftruncate(mbox_.fd(), static_cast<off_t>(last.from)) != 0) {
      util::throw_errno(util::Kind::storage, "shorten", mbox_.path().native());
    }
    util::sync_fd(mbox_.fd(), mbox_.path());  // before the journal is written, perhaps on another disk
    return;
  }
}

std::vector<DeliveryResult> Recovery::without_spool() const {
  const auto there = found_from(start());
  std::vector<DeliveryResult> results(messages_.size());
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    if (there[i]) continue;
    results[i] = {DeliveryStatus::doubt,
                  "nobody can tell whether " + messages_[i].text("id") + " reached " + mbox_.path().native(),
                  ""};
  }
  return results;
}

}  // namespace

std::vector<DeliveryResult> recover_batch(const LockedMbox& mbox, const RunContext& context,
                                          std::span<const TicketFields> messages) {
  return Recovery(mbox, context, messages).run();
}

}  // namespace mailhaul::delivery
