// SPDX-License-Identifier: MIT
#include "delivery/mbox_recovery.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "delivery/image.h"
#include "delivery/journal.h"
#include "delivery/mbox_search.h"

namespace mailhaul::delivery {

namespace {

using util::Fd;
using util::Path;

class Recovery {
 public:
  Recovery(const Box& box, const Site& site, std::span<const Record> records)
      : box_(box),
        site_(site),
        records_(records),
        spool_path_(records.front().text("spool")),
        journal_(spool_path_.native() + journal_suffix),
        spool_(::open(spool_path_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)),
        off_(records.front().number("off")) {
    if (!spool_ && errno != ENOENT) util::throw_errno(util::Kind::storage, "open", spool_path_.native());
  }

  std::vector<Outcome> run() {
    std::vector<Outcome> outcomes(records_.size());
    if (!spool_) {
      outcomes = without_spool();
    } else {
      if (complete_journal(box_, journal_)) say("the interrupted delivery to ", " was completed");
      if (!complete_in_place()) append_missing();
    }
    // What was found may stand in memory only: nobody flushed it, or a flush failed and told so once.
    util::sync_fd(box_.fd(), box_.path());
    return outcomes;
  }

 private:
  bool same_place() const;
  bool complete_in_place();
  bool between_messages(std::uint64_t at) const;
  std::uint64_t torn_bytes(const Image& image) const;
  void append_missing();
  std::vector<bool> found() const { return found_from(same_place() ? off_ : 0); }
  std::vector<bool> found_from(std::uint64_t start) const;
  std::vector<Outcome> without_spool() const;
  Image image(const std::string& padding) const { return Image(padding, spool_.get(), spool_path_); }
  static Extent extent_of(const Record& record) { return {record.number("from"), record.number("length")}; }
  void say(std::string_view what, std::string_view how) const {
    site_.warn(std::string(what) + box_.path().native() + std::string(how),
               "the mailbox was changed by another program in between: a message may be there twice");
  }

  const Box& box_;
  const Site& site_;
  std::span<const Record> records_;
  Path spool_path_, journal_;
  Fd spool_;
  std::uint64_t off_;
};

bool Recovery::same_place() const {
  const auto& record = records_.front();
  return box_.inode() == record.number("box") && box_.bytes() >= off_ &&
         box_.hash_before(off_) == record.text("before");
}

/// S3 or S4 to S4, where nobody has changed what stood before our entries. False: that cannot be told.
bool Recovery::complete_in_place() {
  auto batch = image(records_.front().text("padding"));
  for (const auto& record : records_) batch.add(extent_of(record));
  if (!same_place() || batch.bytes() != records_.front().number("batch")) return false;
  // Others may have added mail behind it.
  const bool whole = common_bytes(box_, batch, off_) == batch.bytes();
  if (whole || is_part_of(box_, batch, off_)) {
    if (!whole && between_messages(box_.bytes())) say("the interrupted delivery to ", " was completed");
    write_image(batch, box_.fd(), off_, box_.path());  // even so: after a failed flush it is not on the disk
    return true;
  }
  const auto torn = torn_bytes(batch);
  // Where a reader changed or removed one of ours it looks the same: but whole ones stand before, or others
  // of ours follow.
  if (torn == 0 || between_messages(off_ + torn)) return false;
  if (std::ranges::count(found_from(off_ + torn), true) != 0) return false;
  rewrite(box_, {batch, off_, torn}, journal_);
  return true;
}

/// A write cut short ends anywhere: where it ends between two of our messages, a reader may have been at
/// work.
bool Recovery::between_messages(std::uint64_t at) const {
  auto end = off_ + records_.front().text("padding").size();
  return std::ranges::any_of(records_.first(records_.size() - 1), [&](const Record& record) {
    end += record.number("length");
    return at == end;
  });
}

/// How much of the batch was written before another program added mail right behind that; 0 when it cannot be
/// told. Theirs begins with a From line, as ours does: the bytes that agree may reach into it.
std::uint64_t Recovery::torn_bytes(const Image& batch) const {
  constexpr std::uint64_t reach = 1024;
  const auto padding = records_.front().text("padding").size();
  const auto common = common_bytes(box_, batch, off_);
  const auto least = std::max<std::uint64_t>(padding + 1, common > reach ? common - reach : 0);
  for (auto torn = common; torn >= least; --torn) {
    std::array<char, 8> start{};
    const auto got = util::pread_all(box_.fd(), start, static_cast<off_t>(off_ + torn), box_.path());
    std::string_view text(start.data(), got);
    for (int newlines = 0; newlines < 2 && text.starts_with('\n'); ++newlines) text.remove_prefix(1);
    if (text.starts_with("From ")) return torn;
  }
  return 0;
}

std::vector<bool> Recovery::found_from(std::uint64_t start) const {
  return find_copies(box_, entries_from(box_, start), spool_.get(), records_);
}

void Recovery::append_missing() {
  const auto there = found();
  const auto end = box_.bytes();
  auto missing = image(box_.padding(end));
  bool any = false;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (!there[i]) missing.add(extent_of(records_[i]));
    any = any || !there[i];
  }
  if (!any) return;
  say("messages of an interrupted delivery were added to ", "");  // first: a kill in between leaves no trace
  rewrite(box_, {missing, end, 0}, journal_);
}

std::vector<Outcome> Recovery::without_spool() const {
  const auto there = found();
  std::vector<Outcome> outcomes(records_.size());
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (there[i]) continue;
    outcomes[i] = {Fate::doubt,
                   "it cannot be told whether " + records_[i].text("id") + " reached " + box_.path().native(),
                   ""};
  }
  return outcomes;
}

}  // namespace

std::vector<Outcome> recover_batch(const Box& box, const Site& site, std::span<const Record> records) {
  return Recovery(box, site, records).run();
}

}  // namespace mailhaul::delivery
