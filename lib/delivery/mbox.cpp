// SPDX-License-Identifier: MIT
// A batch waits in a spool file, because an mbox must not be locked while a message arrives, and because
// recovery needs the bytes to write them again.
#include "delivery/mbox.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "delivery/buffered_file.h"
#include "delivery/formatter.h"
#include "delivery/mbox_journal.h"
#include "delivery/mbox_reader.h"
#include "delivery/mbox_recovery.h"
#include "delivery/mbox_segments.h"
#include "delivery/mbox_spool.h"
#include "delivery/names.h"
#include "delivery/owner.h"
#include "delivery/ticket_fields.h"

namespace mailhaul::delivery {

namespace {

using util::Path;

class Mbox final : public Destination {
 public:
  Mbox(const Path& path, const Locking& locking, const RunContext& context)
      : path_(path), locking_(locking), context_(context), target_(target_of(mbox_kind, path)) {}

  const std::string& target() const noexcept override { return target_; }
  const Traits& traits() const noexcept override { return mbox_kind.traits; }
  std::unique_ptr<Writer> begin(const Envelope& envelope, std::uint64_t announced_bytes) override;
  void stage(std::span<Ticket> tickets) override;
  std::vector<DeliveryResult> publish(std::span<const Ticket> tickets) override;
  void discard(std::span<const Ticket> tickets) noexcept override;
  std::vector<DeliveryResult> recover(std::span<const Ticket> tickets) override;
  void sweep(std::span<const Ticket> keep) noexcept override;

  Ticket add(const Envelope& envelope, std::uint64_t length);

 private:
  LockedMbox lock(Missing missing);
  void remove_published() noexcept;
  void remove_spools_but(const std::set<std::string>& kept) const;

  Path path_;
  Locking locking_;
  const RunContext& context_;
  std::string target_;
  std::unique_ptr<Spool> spool_;        // S1: of the batch that arrives
  std::size_t entries_ = 0;             // finished in spool_ and not discarded
  std::unique_ptr<Spool> staged_;       // S2 to S4
  std::unique_ptr<LockedMbox> locked_;  // locked as long as a batch is staged
  std::vector<Path> published_;         // S4: spools whose landings are not recorded yet
};

/// Writes one entry at the end of the spool; one writer at a time.
class MboxWriter final : public Writer {
 public:
  MboxWriter(Mbox& mbox, Spool& spool, const Envelope& envelope, std::int64_t now)
      : mbox_(mbox),
        spool_(spool),
        envelope_(envelope),
        buffered_(spool.fd(), spool.path(), WriteBack::early),
        formatter_(buffered_, StoredForm::mbox_entry, envelope, now) {}
  MboxWriter(const MboxWriter&) = delete;
  MboxWriter& operator=(const MboxWriter&) = delete;
  ~MboxWriter() override {
    if (!finished_) spool_.cut_back();
  }
  void append(std::string_view wire) override { formatter_.append(wire); }
  Ticket finish() override {
    formatter_.finish();
    buffered_.write_out();
    finished_ = true;
    return mbox_.add(envelope_, buffered_.bytes());
  }

 private:
  Mbox& mbox_;
  Spool& spool_;
  Envelope envelope_;
  BufferedFile buffered_;
  Formatter formatter_;
  bool finished_ = false;
};

std::unique_ptr<Writer> Mbox::begin(const Envelope& envelope, std::uint64_t /*announced_bytes*/) {
  if (!spool_) {
    spool_ = std::make_unique<Spool>(context_, envelope.id + spool_suffix(target_));
    entries_ = 0;
  }
  return std::make_unique<MboxWriter>(*this, *spool_, envelope, context_.seconds());
}

Ticket Mbox::add(const Envelope& envelope, std::uint64_t length) {
  const bool traced = envelope.trace_header.find(envelope.id) != std::string::npos;
  TicketFields fields;
  fields.set("id", envelope.id);
  fields.set("traced", traced ? 1U : 0U);
  fields.set("dotlock", locking_.kind == MboxLock::fcntl_dotlock ? 1U : 0U);
  fields.set("spool", spool_->path().native());
  fields.set("from", spool_->bytes());
  fields.set("length", length);
  spool_->grew(length);
  ++entries_;
  return {target_, fields.data()};
}

LockedMbox Mbox::lock(Missing missing) {
  LockedMbox locked(path_, context_, locking_, missing);
  if (locked.without_dotlock()) {
    context_.warn(
        "cannot create " + path_.native() +
            ".lock: its directory does not allow that; the mbox is locked with fcntl only",
        dotlockfile_installed()
            ? "dotlockfile(1) cannot create it either; if fcntl locks are enough, set \"lock\": \"fcntl\""
            : "install dotlockfile (Debian: liblockfile-bin), or set \"lock\": \"fcntl\"");
  }
  return locked;
}

/// The entries in the order of the spool, which recovery uses as well.
Segments segments_of(std::span<const TicketFields> messages, const std::string& padding, const Spool& spool) {
  std::vector<Extent> extents;
  for (const auto& fields : messages) extents.push_back({fields.number("from"), fields.number("length")});
  std::ranges::sort(extents, {}, &Extent::from);
  Segments segments(padding, spool.fd(), spool.path());
  for (const auto& extent : extents) segments.add(extent);
  return segments;
}

/// S4. If a write fails, what was written is cut off again unless other programs have written after it. After
/// any failure, the spool stays for recovery.
void append(const LockedMbox& locked, const Segments& segments, std::uint64_t off) {
  try {
    write_segments(segments, locked.fd(), off, locked.path());
  } catch (const util::Error&) {
    const bool all_ours = locked.bytes() == off + common_bytes(locked, segments, off);
    if (all_ours) [[maybe_unused]]
      const int cut = ::ftruncate(locked.fd(), static_cast<off_t>(off));
    throw;
  }
  if (::fdatasync(locked.fd()) != 0) util::throw_errno(util::Kind::storage, "flush", locked.path().native());
}

void Mbox::stage(std::span<Ticket> tickets) {
  locked_.reset();  // a batch that was staged, but not published
  staged_.reset();
  if (tickets.empty()) return;
  auto spool = std::exchange(spool_, nullptr);  // the file is removed if an exception is thrown
  for (const auto& ticket : tickets) {
    if (!spool || TicketFields(ticket).text("spool") != spool->path().native()) {
      throw util::Error(util::Kind::internal,
                        "a bug: a message for " + path_.native() + " is not in its batch's spool");
    }
  }
  spool->sync();
  auto locked = std::make_unique<LockedMbox>(lock(Missing::create));
  const auto off = locked->bytes();
  const auto padding = locked->padding(off);
  const auto before = locked->hash_before(off);
  std::vector<TicketFields> messages(tickets.begin(), tickets.end());
  const auto bytes = segments_of(messages, padding, *spool).bytes();
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    auto& fields = messages[i];
    fields.set("box", locked->inode());
    fields.set("off", off);
    fields.set("padding", padding);
    fields.set("batch", bytes);
    fields.set("before", before);
    tickets[i].data = fields.data();
  }
  spool->keep();
  staged_ = std::move(spool);
  locked_ = std::move(locked);
}

std::vector<DeliveryResult> Mbox::publish(std::span<const Ticket> tickets) {
  remove_published();  // the COMMIT after stage() has recorded the previous batch
  if (tickets.empty()) return {};
  const auto locked = std::move(locked_);  // unlocked at the end, exception or not
  const auto spool = std::move(staged_);
  const std::vector<TicketFields> messages(tickets.begin(), tickets.end());
  const auto off = messages.front().number("off");
  append(*locked, segments_of(messages, messages.front().text("padding"), *spool), off);
  published_.push_back(spool->path());
  return std::vector<DeliveryResult>(tickets.size(), DeliveryResult{.path = path_.native()});
}

void Mbox::discard(std::span<const Ticket> tickets) noexcept {
  for (const auto& ticket : tickets) {
    const Path spool = TicketFields(ticket).text("spool");
    if (staged_ && staged_->path() == spool) {
      locked_.reset();
      staged_.reset();
      ::unlink(spool.c_str());
    } else if (spool_ && spool_->path() == spool && --entries_ == 0) {
      spool_.reset();
    }
  }
}

std::vector<DeliveryResult> Mbox::recover(std::span<const Ticket> tickets) {
  std::map<std::string, std::vector<std::size_t>> batches;  // by spool; older spools come first
  std::vector<TicketFields> messages(tickets.begin(), tickets.end());
  for (std::size_t i = 0; i < messages.size(); ++i) batches[messages[i].text("spool")].push_back(i);
  std::vector<DeliveryResult> results(tickets.size());
  if (batches.empty()) return results;
  const LockedMbox locked = lock(Missing::refuse);
  for (auto& [spool, members] : batches) {
    std::ranges::sort(members, {}, [&](std::size_t i) { return messages[i].number("from"); });
    std::vector<TicketFields> batch;
    batch.reserve(members.size());
    for (const auto i : members) batch.push_back(messages[i]);
    const auto found = recover_batch(locked, context_, batch);
    for (std::size_t i = 0; i < members.size(); ++i) results[members[i]] = found[i];
  }
  return results;
}

void Mbox::remove_published() noexcept {
  for (const auto& spool : std::exchange(published_, {})) ::unlink(spool.c_str());
}

void Mbox::remove_spools_but(const std::set<std::string>& kept) const {
  const auto suffix = spool_suffix(target_);
  for (const auto& entry : std::filesystem::directory_iterator(context_.state_directory / "spool")) {
    const auto name = entry.path().filename().native();
    const auto end = name.find(suffix);
    if (end == std::string::npos || leading_id(name, context_).empty()) continue;
    if (!kept.contains(name.substr(0, end + suffix.size()))) ::unlink(entry.path().c_str());
  }
}

void Mbox::sweep(std::span<const Ticket> keep) noexcept {
  try {
    std::set<std::string> kept;
    for (const auto& ticket : keep) {
      const TicketFields fields(ticket);
      if (fields.has("spool")) kept.insert(Path(fields.text("spool")).filename().native());
    }
    for (const auto* live : {spool_.get(), staged_.get()}) {
      if (live != nullptr) kept.insert(live->path().filename().native());
    }
    remove_spools_but(kept);
    if (!locked_ && left_by_us(path_, context_)) {  // take the dotlock over, and release it
      Locking now = locking_;
      now.lock_timeout = {};
      const LockedMbox locked(path_, context_, now, Missing::refuse);
    }
  } catch (const std::exception&) {  // there is no spool/ yet, or a later run removes what is left
  }
}

}  // namespace

std::unique_ptr<Destination> open_mbox(const Path& path, const Locking& locking, const RunContext& context) {
  require_own_as_root(path);
  util::make_directories(path.parent_path());
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) open_mbox_file(path, Missing::refuse);
  return std::make_unique<Mbox>(path, locking, context);
}

namespace {

constexpr std::array<std::string_view, 2> lock_names{"fcntl+dotlock", "fcntl"};

constexpr std::array mbox_fields{
    Field{.name = "path", .help = "the mbox file", .type = FieldType::path, .required = true},
    Field{.name = "lock",
          .help = "how the file is locked",
          .type = FieldType::choice,
          .fallback = lock_names[0],
          .choices = lock_names},
};

Locking locking_of(const Spec& spec) {
  const bool dotlock = value_of(spec, "lock").text == lock_names[0];
  return {.kind = dotlock ? MboxLock::fcntl_dotlock : MboxLock::fcntl};
}

std::unique_ptr<Destination> open_mbox_kind(const Spec& spec, const RunContext& context) {
  return open_mbox(value_of(spec, "path").text, locking_of(spec), context);
}

void read_spec_of_mbox(const Spec& spec, const RunContext& context, const StoredMailVisitor& visitor) {
  const Path path = value_of(spec, "path").text;
  if (util::type_of(path) == std::filesystem::file_type::not_found) return;
  std::error_code unknown;
  if (std::filesystem::file_size(path, unknown) == 0) return;  // an empty file need not be locked
  read_mbox(LockedMbox(path, context, locking_of(spec), Missing::refuse), visitor);
}

std::unique_ptr<Destination> reopen_mbox(const Ticket& ticket, const RunContext& context) {
  const auto path = path_of(ticket);
  const bool dotlock = TicketFields(ticket).number("dotlock") != 0;
  open_mbox_file(path, Missing::refuse);
  return std::make_unique<Mbox>(path, Locking{.kind = dotlock ? MboxLock::fcntl_dotlock : MboxLock::fcntl},
                                context);
}

void require_usable_mbox(const Spec& spec) {
  const util::Path path = value_of(spec, "path").text;
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return require_creatable(path);
  open_mbox_file(path, Missing::refuse);
}

}  // namespace

constinit const KindRow mbox_kind{
    .name = "mbox",
    .value = "PATH",
    .help = "an mbox file (mboxrd), created if missing",
    .fields = mbox_fields,
    .traits = {},
    .open = open_mbox_kind,
    .reopen = reopen_mbox,
    .require_usable = require_usable_mbox,
    .read = read_spec_of_mbox,
};

}  // namespace mailhaul::delivery
