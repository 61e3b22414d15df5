// SPDX-License-Identifier: MIT
#include "delivery/maildir.h"

#include <fcntl.h>
#include <unistd.h>

#include "delivery/flusher.h"
#include "delivery/formatter.h"
#include "delivery/maildir_recovery.h"
#include "delivery/outlet.h"
#include "delivery/record.h"

namespace mailhaul::delivery {

namespace {

class Maildir final : public Destination {
 public:
  Maildir(MaildirFolder folder, util::Medium medium, const Site& site)
      : site_(site),
        folder_(std::move(folder)),
        flusher_(folder_.tmp(), folder_.path() / "tmp", medium),
        target_("maildir:" + folder_.path().native()) {}

  const std::string& target() const noexcept override { return target_; }
  bool exactly_once() const noexcept override { return true; }
  std::unique_ptr<Writer> begin(const Envelope& envelope, std::uint64_t announced_bytes) override;
  void stage(std::span<Ticket> tickets) override;
  std::vector<Outcome> publish(std::span<const Ticket> tickets) override;
  void discard(std::span<const Ticket> tickets) noexcept override;
  std::vector<Outcome> recover(std::span<const Ticket> tickets) override {
    return recover_maildir(folder_, site_, tickets);
  }
  void sweep(std::span<const Ticket> keep) noexcept override;

  util::Path tmp_path(const std::string& id) const { return folder_.path() / "tmp" / id; }
  void remove(const std::string& id) noexcept { ::unlinkat(folder_.tmp(), id.c_str(), 0); }
  Ticket add(util::Fd file, const std::string& id, std::uint64_t bytes);

 private:
  util::Fd create(const std::string& id);

  const Site& site_;
  MaildirFolder folder_;
  Flusher flusher_;
  std::string target_;
};

/// S1: tmp/ID is being written.
class MaildirWriter final : public Writer {
 public:
  MaildirWriter(Maildir& maildir, util::Fd file, const Envelope& envelope)
      : maildir_(maildir),
        id_(envelope.id),
        file_(std::move(file)),
        outlet_(file_.get(), maildir.tmp_path(id_), WriteBack::early),
        formatter_(outlet_, Shape::bare, envelope, 0) {}
  MaildirWriter(const MaildirWriter&) = delete;
  MaildirWriter& operator=(const MaildirWriter&) = delete;
  ~MaildirWriter() override {
    if (!finished_) maildir_.remove(id_);
  }
  void append(std::string_view wire) override { formatter_.append(wire); }
  Ticket finish() override {
    formatter_.finish();
    outlet_.flush();
    auto ticket = maildir_.add(std::move(file_), id_, outlet_.bytes());
    finished_ = true;
    return ticket;
  }

 private:
  Maildir& maildir_;
  std::string id_;
  util::Fd file_;
  Outlet outlet_;
  Formatter formatter_;
  bool finished_ = false;
};

util::Fd Maildir::create(const std::string& id) {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  util::Fd file(::openat(folder_.tmp(), id.c_str(), flags, 0600));
  if (!file && errno == EMFILE) {
    flusher_.free_descriptors();
    file = util::Fd(::openat(folder_.tmp(), id.c_str(), flags, 0600));
  }
  if (!file) util::throw_errno(util::Kind::storage, "create", tmp_path(id).native());
  return file;
}

std::unique_ptr<Writer> Maildir::begin(const Envelope& envelope, std::uint64_t /*announced_bytes*/) {
  return std::make_unique<MaildirWriter>(*this, create(envelope.id), envelope);
}

Ticket Maildir::add(util::Fd file, const std::string& id, std::uint64_t bytes) {
  Record record;
  record.set("id", id);
  record.set("size", bytes);
  record.set("new", folder_.fresh_inode());
  record.set("tmp", folder_.tmp_inode());
  record.set("boot", site_.boot);
  record.set("time", static_cast<std::uint64_t>(site_.now()));
  flusher_.add(std::move(file), id);
  return {target_, record.data()};
}

void Maildir::stage(std::span<Ticket> tickets) {
  try {
    flusher_.flush();
  } catch (const util::Error&) {
    discard(tickets);  // S1 again: a failed flush is never retried on the same file
    throw;
  }
}

std::vector<Outcome> Maildir::publish(std::span<const Ticket> tickets) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(tickets.size());
  for (const auto& ticket : tickets) {
    const Record record(ticket);
    const auto& id = record.text("id");
    outcomes.emplace_back();
    if (folder_.reveal(id, published_name(id, record.number("size")))) continue;
    outcomes.back() = {Fate::doubt, tmp_path(id).native() + " has vanished before it could be moved to new/",
                       "another program cleans up there, or another mailhaul with a copy of this state"};
  }
  folder_.sync_both();
  return outcomes;
}

void Maildir::discard(std::span<const Ticket> tickets) noexcept {
  for (const auto& ticket : tickets) {
    const auto id = id_of(ticket);
    flusher_.drop(id);
    remove(id);
  }
}

void Maildir::sweep(std::span<const Ticket> keep) noexcept {
  try {
    sweep_maildir(folder_, site_, keep);
  } catch (const util::Error&) {  // what is left is swept by another run
  }
}

}  // namespace

std::unique_ptr<Destination> open_maildir_on(MaildirFolder folder, util::Medium medium, const Site& site) {
  if (medium == util::Medium::network) {
    site.warn(
        folder.path().native() + " is on a network file system: a crash may deliver a message twice there",
        "a Maildir on a local disk gets each message exactly once");
  }
  return std::make_unique<Maildir>(std::move(folder), medium, site);
}

std::unique_ptr<Destination> open_maildir(const util::Path& path, const Site& site) {
  auto folder = MaildirFolder::make(path);
  return open_maildir_on(std::move(folder), util::medium_of(path / "tmp"), site);
}

std::unique_ptr<Destination> reopen_maildir(const util::Path& path, const Site& site) {
  return std::make_unique<Maildir>(MaildirFolder::find(path), util::Medium::plain, site);
}

}  // namespace mailhaul::delivery
