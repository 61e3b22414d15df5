// SPDX-License-Identifier: MIT
#include "delivery/mbox.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "delivery/formatter.h"
#include "delivery/image.h"
#include "delivery/journal.h"
#include "delivery/mbox_recovery.h"
#include "delivery/names.h"
#include "delivery/outlet.h"
#include "delivery/record.h"
#include "delivery/spool.h"

namespace mailhaul::delivery {

namespace {

using util::Path;

class Mbox final : public Destination {
 public:
  Mbox(const Path& path, const Locking& locking, const Site& site)
      : path_(path), locking_(locking), site_(site), target_("mbox:" + path.native()) {}

  const std::string& target() const noexcept override { return target_; }
  bool exactly_once() const noexcept override { return true; }
  std::unique_ptr<Writer> begin(const Envelope& envelope, std::uint64_t announced_bytes) override;
  void stage(std::span<Ticket> tickets) override;
  std::vector<Outcome> publish(std::span<const Ticket> tickets) override;
  void discard(std::span<const Ticket> tickets) noexcept override;
  std::vector<Outcome> recover(std::span<const Ticket> tickets) override;
  void sweep(std::span<const Ticket> keep) noexcept override;

  Ticket add(const Envelope& envelope, std::uint64_t length);

 private:
  Box lock(Missing missing);
  void remove_published() noexcept;
  void remove_spools_but(const std::set<std::string>& kept) const;

  Path path_;
  Locking locking_;
  const Site& site_;
  std::string target_;
  std::unique_ptr<Spool> spool_;   // S1: of the batch that is arriving
  std::size_t entries_ = 0;        // finished in it, not discarded
  std::unique_ptr<Spool> staged_;  // S2 to S4
  std::unique_ptr<Box> box_;       // locked as long as a batch is staged
  std::vector<Path> published_;    // S4: spools whose landing is not on record yet
};

/// One entry at the end of the spool. One at a time.
class MboxWriter final : public Writer {
 public:
  MboxWriter(Mbox& mbox, Spool& spool, const Envelope& envelope, std::int64_t now)
      : mbox_(mbox),
        spool_(spool),
        envelope_(envelope),
        outlet_(spool.fd(), spool.path(), WriteBack::early),
        formatter_(outlet_, Shape::mbox_entry, envelope, now) {}
  MboxWriter(const MboxWriter&) = delete;
  MboxWriter& operator=(const MboxWriter&) = delete;
  ~MboxWriter() override {
    if (!finished_) spool_.cut_back();
  }
  void append(std::string_view wire) override { formatter_.append(wire); }
  Ticket finish() override {
    formatter_.finish();
    outlet_.flush();
    finished_ = true;
    return mbox_.add(envelope_, outlet_.bytes());
  }

 private:
  Mbox& mbox_;
  Spool& spool_;
  Envelope envelope_;
  Outlet outlet_;
  Formatter formatter_;
  bool finished_ = false;
};

std::unique_ptr<Writer> Mbox::begin(const Envelope& envelope, std::uint64_t /*announced_bytes*/) {
  if (!spool_) {
    spool_ = std::make_unique<Spool>(site_, envelope.id + spool_suffix(target_));
    entries_ = 0;
  }
  return std::make_unique<MboxWriter>(*this, *spool_, envelope, site_.now());
}

Ticket Mbox::add(const Envelope& envelope, std::uint64_t length) {
  const bool traced = envelope.trace_header.find(envelope.id) != std::string::npos;
  Record record;
  record.set("id", envelope.id);
  record.set("traced", traced ? 1U : 0U);
  record.set("dotlock", locking_.kind == MboxLock::fcntl_dotlock ? 1U : 0U);
  record.set("spool", spool_->path().native());
  record.set("from", spool_->bytes());
  record.set("length", length);
  spool_->grew(length);
  ++entries_;
  return {target_, record.data()};
}

Box Mbox::lock(Missing missing) {
  Box box(path_, site_, locking_, missing);
  if (box.without_dotlock()) {
    site_.warn(
        "cannot make " + path_.native() + ".lock: its directory forbids it; fcntl locks alone are used",
        dotlockfile_installed()
            ? "dotlockfile may not either; where fcntl locks are enough, say \"lock\": \"fcntl\""
            : "install dotlockfile (Debian: liblockfile-bin), or say \"lock\": \"fcntl\"");
  }
  return box;
}

/// The entries in the order of the spool, which is that of recovery, too.
Image image_of(std::span<const Record> records, const std::string& padding, const Spool& spool) {
  std::vector<Extent> extents;
  for (const auto& record : records) extents.push_back({record.number("from"), record.number("length")});
  std::ranges::sort(extents, {}, &Extent::from);
  Image image(padding, spool.fd(), spool.path());
  for (const auto& extent : extents) image.add(extent);
  return image;
}

/// S4. On failure what was written goes again, if nobody else wrote behind it; the spool stays for recovery.
void append(const Box& box, const Image& image, std::uint64_t off) {
  try {
    write_image(image, box.fd(), off, box.path());
  } catch (const util::Error&) {
    const bool all_ours = box.bytes() == off + common_bytes(box, image, off);
    if (all_ours) [[maybe_unused]]
      const int cut = ::ftruncate(box.fd(), static_cast<off_t>(off));
    throw;
  }
  if (::fdatasync(box.fd()) != 0) util::throw_errno(util::Kind::storage, "flush", box.path().native());
}

void Mbox::stage(std::span<Ticket> tickets) {
  box_.reset();  // of a batch whose publish() failed
  staged_.reset();
  if (tickets.empty()) return;
  auto spool = std::exchange(spool_, nullptr);  // a throw removes it
  for (const auto& ticket : tickets) {
    if (!spool || Record(ticket).text("spool") != spool->path().native()) {
      throw util::Error(util::Kind::internal,
                        "a bug: a message for " + path_.native() + " is not in its batch's spool");
    }
  }
  spool->sync();
  auto box = std::make_unique<Box>(lock(Missing::create));
  const auto off = box->bytes();
  const auto padding = box->padding(off);
  const auto before = box->hash_before(off);
  std::vector<Record> records(tickets.begin(), tickets.end());
  const auto bytes = image_of(records, padding, *spool).bytes();
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    auto& record = records[i];
    record.set("box", box->inode());
    record.set("off", off);
    record.set("padding", padding);
    record.set("batch", bytes);
    record.set("before", before);
    tickets[i].data = record.data();
  }
  spool->keep();
  staged_ = std::move(spool);
  box_ = std::move(box);
}

std::vector<Outcome> Mbox::publish(std::span<const Ticket> tickets) {
  remove_published();  // the COMMIT between stage() and this has recorded the batch before
  if (tickets.empty()) return {};
  const auto box = std::move(box_);  // unlocked when we leave, however that is
  const auto spool = std::move(staged_);
  const std::vector<Record> records(tickets.begin(), tickets.end());
  const auto off = records.front().number("off");
  append(*box, image_of(records, records.front().text("padding"), *spool), off);
  published_.push_back(spool->path());
  return std::vector<Outcome>(tickets.size());
}

void Mbox::discard(std::span<const Ticket> tickets) noexcept {
  for (const auto& ticket : tickets) {
    const Path spool = Record(ticket).text("spool");
    if (staged_ && staged_->path() == spool) {
      box_.reset();
      staged_.reset();
      ::unlink(spool.c_str());
    } else if (spool_ && spool_->path() == spool && --entries_ == 0) {
      spool_.reset();
    }
  }
}

std::vector<Outcome> Mbox::recover(std::span<const Ticket> tickets) {
  std::map<std::string, std::vector<std::size_t>> batches;  // by spool; their names are in order of time
  std::vector<Record> records(tickets.begin(), tickets.end());
  for (std::size_t i = 0; i < records.size(); ++i) batches[records[i].text("spool")].push_back(i);
  std::vector<Outcome> outcomes(tickets.size());
  if (batches.empty()) return outcomes;
  const Box box = lock(Missing::refuse);
  for (auto& [spool, members] : batches) {
    std::ranges::sort(members, {}, [&](std::size_t i) { return records[i].number("from"); });
    std::vector<Record> batch;
    batch.reserve(members.size());
    for (const auto i : members) batch.push_back(records[i]);
    const auto found = recover_batch(box, site_, batch);
    for (std::size_t i = 0; i < members.size(); ++i) outcomes[members[i]] = found[i];
  }
  return outcomes;
}

void Mbox::remove_published() noexcept {
  for (const auto& spool : std::exchange(published_, {})) ::unlink(spool.c_str());
}

void Mbox::remove_spools_but(const std::set<std::string>& kept) const {
  const auto mark = mark_of(site_);
  const auto suffix = spool_suffix(target_);
  for (const auto& entry : std::filesystem::directory_iterator(site_.state_directory / "spool")) {
    const auto name = entry.path().filename().native();
    const auto stem = name.substr(0, name.find(suffix) + suffix.size());
    if (name.find(suffix) == std::string::npos || leading_id(name, mark).empty()) continue;
    if (!kept.contains(stem)) ::unlink(entry.path().c_str());
  }
}

void Mbox::sweep(std::span<const Ticket> keep) noexcept {
  try {
    std::set<std::string> kept;
    for (const auto& ticket : keep) {
      const Record record(ticket);
      if (record.has("spool")) kept.insert(Path(record.text("spool")).filename().native());
    }
    for (const auto* live : {spool_.get(), staged_.get()}) {
      if (live != nullptr) kept.insert(live->path().filename().native());
    }
    remove_spools_but(kept);
    if (!box_ && left_by_us(path_, site_)) {  // a dotlock taken over and let go
      Locking now = locking_;
      now.patience = {};
      const Box box(path_, site_, now, Missing::refuse);
    }
  } catch (const std::exception&) {  // no spool yet, or what is left is swept by another run
  }
}

}  // namespace

std::unique_ptr<Destination> open_mbox(const Path& path, const Locking& locking, const Site& site) {
  util::make_directories(path.parent_path());
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) open_box(path, Missing::refuse);
  return std::make_unique<Mbox>(path, locking, site);
}

std::unique_ptr<Destination> reopen_mbox(const Path& path, const Locking& locking, const Site& site) {
  open_box(path, Missing::refuse);
  return std::make_unique<Mbox>(path, locking, site);
}

}  // namespace mailhaul::delivery
