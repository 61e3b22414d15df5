// SPDX-License-Identifier: MIT
// The format of maildir(5), as qmail describes it. A message is written to tmp/, and renamed to new/ after
// the COMMIT: a rename is atomic, and recovery can see in which directory the message is.
#include "delivery/maildir.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "delivery/buffered_file.h"
#include "delivery/formatter.h"
#include "delivery/maildir_flusher.h"
#include "delivery/maildir_reader.h"
#include "delivery/maildir_recovery.h"
#include "delivery/names.h"
#include "delivery/ticket_fields.h"

namespace mailhaul::delivery {

namespace {

class Maildir final : public Destination {
 public:
  Maildir(MaildirFolder folder, util::Medium medium, const RunContext& context)
      : context_(context),
        folder_(std::move(folder)),
        flusher_(folder_.tmp_fd(), folder_.path() / "tmp", medium),
        target_(target_of(maildir_kind, folder_.path())) {}

  const std::string& target() const noexcept override { return target_; }
  const Traits& traits() const noexcept override { return maildir_kind.traits; }
  std::unique_ptr<Writer> begin(const Envelope& envelope, std::uint64_t announced_bytes) override;
  void stage(std::span<Ticket> tickets) override;
  std::vector<DeliveryResult> publish(std::span<const Ticket> tickets) override;
  void discard(std::span<const Ticket> tickets) noexcept override;
  std::vector<DeliveryResult> recover(std::span<const Ticket> tickets) override {
    return recover_maildir(folder_, context_, tickets);
  }
  void sweep(std::span<const Ticket> keep) noexcept override;

  util::Path tmp_path(const std::string& id) const { return folder_.path() / "tmp" / id; }
  void remove(const std::string& id) noexcept { ::unlinkat(folder_.tmp_fd(), id.c_str(), 0); }
  Ticket add(util::Fd file, const std::string& id, std::uint64_t bytes);

 private:
  util::Fd create(const std::string& id);

  const RunContext& context_;
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
        buffered_(file_.get(), maildir.tmp_path(id_), WriteBack::early),
        formatter_(buffered_, StoredForm::bare, envelope, 0) {}
  MaildirWriter(const MaildirWriter&) = delete;
  MaildirWriter& operator=(const MaildirWriter&) = delete;
  ~MaildirWriter() override {
    if (!finished_) maildir_.remove(id_);
  }
  void append(std::string_view wire) override { formatter_.append(wire); }
  Ticket finish() override {
    formatter_.finish();
    buffered_.write_out();
    auto ticket = maildir_.add(std::move(file_), id_, buffered_.bytes());
    finished_ = true;
    return ticket;
  }

 private:
  Maildir& maildir_;
  std::string id_;
  util::Fd file_;
  BufferedFile buffered_;
  Formatter formatter_;
  bool finished_ = false;
};

util::Fd Maildir::create(const std::string& id) {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  util::Fd file(::openat(folder_.tmp_fd(), id.c_str(), flags, 0600));
  if (!file && errno == EMFILE) {
    flusher_.free_descriptors();
    file = util::Fd(::openat(folder_.tmp_fd(), id.c_str(), flags, 0600));
  }
  if (!file) util::throw_errno(util::Kind::storage, "create", tmp_path(id).native());
  return file;
}

std::unique_ptr<Writer> Maildir::begin(const Envelope& envelope, std::uint64_t /*announced_bytes*/) {
  return std::make_unique<MaildirWriter>(*this, create(envelope.id), envelope);
}

Ticket Maildir::add(util::Fd file, const std::string& id, std::uint64_t bytes) {
  TicketFields fields;
  fields.set("id", id);
  fields.set("size", bytes);
  fields.set("new", folder_.new_inode());
  fields.set("tmp", folder_.tmp_inode());
  fields.set("boot", context_.boot);
  fields.set("time", static_cast<std::uint64_t>(context_.seconds()));
  flusher_.add(std::move(file), id);
  return {target_, fields.data()};
}

void Maildir::stage(std::span<Ticket> tickets) {
  try {
    flusher_.flush();
  } catch (const util::Error&) {
    discard(tickets);  // back to S0: a failed flush is never retried on the same file
    throw;
  }
}

std::vector<DeliveryResult> Maildir::publish(std::span<const Ticket> tickets) {
  std::vector<DeliveryResult> results;
  results.reserve(tickets.size());
  for (const auto& ticket : tickets) {
    const TicketFields fields(ticket);
    const auto& id = fields.text("id");
    const auto name = published_name(id, fields.number("size"));
    results.emplace_back();
    if (folder_.move_to_new(id, name)) {
      results.back().path = folder_.path() / "new" / name;
      continue;
    }
    results.back() = {
        DeliveryStatus::doubt, tmp_path(id).native() + " disappeared before it could be moved to new/",
        "another program removes files there, or another mailhaul uses a copy of this state database", ""};
  }
  folder_.sync_both();
  return results;
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
    sweep_maildir(folder_, context_, keep);
  } catch (const util::Error&) {  // a later run removes what is left
  }
}

}  // namespace

std::unique_ptr<Destination> open_maildir_on(MaildirFolder folder, util::Medium medium,
                                             const RunContext& context) {
  if (medium == util::Medium::network) {
    context.warn(
        folder.path().native() + " is on a network file system: a crash may deliver a message twice there",
        "a Maildir on a local disk gets each message exactly once");
  }
  return std::make_unique<Maildir>(std::move(folder), medium, context);
}

namespace {

constexpr std::array maildir_fields{
    Field{.name = "path", .help = "the Maildir", .type = FieldType::path, .required = true},
};

std::unique_ptr<Destination> open_maildir(const Spec& spec, const RunContext& context) {
  const util::Path path = value_of(spec, "path").text;
  auto folder = MaildirFolder::make(path);
  return open_maildir_on(std::move(folder), util::medium_of(path / "tmp"), context);
}

std::unique_ptr<Destination> reopen_maildir(const Ticket& ticket, const RunContext& context) {
  return std::make_unique<Maildir>(MaildirFolder::find(path_of(ticket)), util::Medium::plain, context);
}

void require_usable_maildir(const Spec& spec) { MaildirFolder::require_usable(value_of(spec, "path").text); }

void read_spec_of_maildir(const Spec& spec, const RunContext& /*context*/, const StoredMailVisitor& visitor) {
  read_maildir(value_of(spec, "path").text, visitor);
}

}  // namespace

constinit const KindRow maildir_kind{
    .name = "maildir",
    .value = "PATH",
    .help = "a Maildir, created if missing",
    .fields = maildir_fields,
    .traits = {},
    .open = open_maildir,
    .reopen = reopen_maildir,
    .require_usable = require_usable_maildir,
    .read = read_spec_of_maildir,
};

}  // namespace mailhaul::delivery
