// SPDX-License-Identifier: MIT
#include "delivery/mda.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>

#include "delivery/handover_queue.h"
#include "delivery/names.h"
#include "delivery/sleep.h"
#include "delivery/ticket_fields.h"
#include "util/process.h"
#include "util/shell.h"

namespace mailhaul::delivery {

namespace {

using util::Fd;
using util::Kind;

constexpr int try_again = 75;  // EX_TEMPFAIL

enum class Lock : short { shared = F_RDLCK, alone = F_WRLCK };

/// The lock that the programs inherit: shared by all that we start, so that taking it alone means that none
/// is left.
class RunningPrograms {
 public:
  explicit RunningPrograms(const RunContext& context)
      : path_(context.state_directory / ("mda-" + context.instance + "-" + context.mailbox + ".lock")),
        file_(util::open_file(path_, O_RDWR | O_CREAT | O_NOFOLLOW, 0600)) {}

  bool try_take(Lock lock) const {
    struct flock whole {};
    whole.l_type = static_cast<short>(lock);
    whole.l_whence = SEEK_SET;
    while (::fcntl(file_.get(), F_OFD_SETLK, &whole) != 0) {
      if (errno == EAGAIN || errno == EACCES) return false;
      if (errno != EINTR) util::throw_errno(Kind::storage, "lock", path_.native());
    }
    return true;
  }
  int fd() const noexcept { return file_.get(); }

 private:
  util::Path path_;
  Fd file_;
};

/// Waits until no program of an earlier run is at work, at most so long as it may be.
void wait_for_running_programs(const RunContext& context, std::chrono::seconds limit) {
  using Clock = std::chrono::steady_clock;
  const RunningPrograms running(context);
  const auto deadline = Clock::now() + limit;
  while (!running.try_take(Lock::alone) && Clock::now() < deadline) {
    sleep_unless_cancelled(context, std::chrono::milliseconds(50), "waiting for a program of an earlier run");
  }
}

std::string target_of(const Spec& spec) {
  std::string target = "mda:";
  for (const auto& word : spec.command) target += (target.size() > 4 ? " " : "") + util::shell_word(word);
  return target;
}

class Mda final : public Destination {
 public:
  Mda(Spec spec, std::string target, const RunContext& context)
      : spec_(std::move(spec)), target_(std::move(target)), context_(context) {}

  const std::string& target() const noexcept override { return target_; }
  bool exactly_once() const noexcept override { return false; }
  std::size_t batch_messages() const noexcept override { return 64; }  // each holds a descriptor
  std::unique_ptr<Writer> begin(const Envelope& envelope, std::uint64_t /*announced_bytes*/) override {
    TicketFields fields;
    fields.set("id", envelope.id);
    fields.set("boot", context_.boot);
    fields.set("timeout", static_cast<std::uint64_t>(spec_.timeout.count()));
    const auto form = spec_.from_line ? StoredForm::below_from_line : StoredForm::with_sender;
    return std::make_unique<HandoverWriter>(queue_, context_, envelope,
                                            HandoverWriter::Setup{form, {target_, fields.data()}});
  }
  void stage(std::span<Ticket> /*tickets*/) override {}  // on the server until the program has it
  std::vector<DeliveryResult> publish(std::span<const Ticket> tickets) override;
  void discard(std::span<const Ticket> tickets) noexcept override {
    for (const auto& ticket : tickets) queue_.remove(id_of(ticket));
  }
  std::vector<DeliveryResult> recover(std::span<const Ticket> tickets) override;
  void sweep(std::span<const Ticket> /*keep*/) noexcept override {}

 private:
  DeliveryResult hand_over(const HandoverQueue::QueuedMessage& message);
  util::Exit run(const HandoverQueue::QueuedMessage& message, const Fd& output);
  DeliveryResult judge(const util::Exit& exit, const Fd& output);

  Spec spec_;
  std::string target_;
  const RunContext& context_;
  HandoverQueue queue_;
  std::unique_ptr<RunningPrograms> running_;
  Fd output_;             // what a program says
  bool stopped_ = false;  // one did not end in time when we were to stop: no other is started
};

std::vector<DeliveryResult> Mda::publish(std::span<const Ticket> tickets) {
  std::vector<DeliveryResult> results;
  results.reserve(tickets.size());
  for (const auto& ticket : tickets) {
    const auto id = id_of(ticket);
    results.push_back(hand_over(queue_.at(id)));
    queue_.remove(id);
  }
  return results;
}

DeliveryResult Mda::hand_over(const HandoverQueue::QueuedMessage& message) {
  if (stopped_) return {DeliveryStatus::later, target_.substr(4) + ": not started, since we are to stop", ""};
  if (!output_) output_ = nameless_file(context_);
  const auto exit = run(message, output_);
  const auto result = judge(exit, output_);
  // One that nothing was written to serves the next program as well.
  if (::lseek(output_.get(), 0, SEEK_END) != 0) output_ = Fd();
  return result;
}

util::Exit Mda::run(const HandoverQueue::QueuedMessage& message, const Fd& output) {
  if (!running_) {
    running_ = std::make_unique<RunningPrograms>(context_);
    running_->try_take(Lock::shared);
  }
  const auto& envelope = message.envelope;
  std::vector<std::string> argv;
  argv.reserve(spec_.command.size());
  const Placeholders with{message.sender, context_.user, context_.account, envelope.id, message.bytes};
  for (const auto& word : spec_.command) argv.push_back(expand(word, with));
  std::vector<std::string> environment{"MAILHAUL_ACCOUNT=" + context_.account, "MAILHAUL_ID=" + envelope.id,
                                       "MAILHAUL_SIZE=" + std::to_string(message.bytes)};
  if (envelope.retry) environment.emplace_back("MAILHAUL_RETRY=1");
  if (::lseek(message.file.get(), 0, SEEK_SET) != 0) util::throw_errno(Kind::storage, "rewind", "a message");
  util::Child child({.argv = argv,
                     .environment = environment,
                     .input = message.file.get(),
                     .output = output.get(),
                     .error = output.get(),
                     .keep = running_->fd()});
  return child.wait(spec_.timeout, *context_.cancel);
}

DeliveryResult Mda::judge(const util::Exit& exit, const Fd& output) {
  if (exit.ok()) return {};
  const auto words = util::last_words(output);
  const auto program = util::Path(spec_.command.front()).filename().native();
  const bool stopped = exit.timed_out && context_.cancel->requested();
  DeliveryResult result{DeliveryStatus::rejected, program + ": ", ""};
  result.sentence += stopped ? "stopped with us" : util::describe(exit, spec_.timeout);
  if (!words.empty()) result.sentence += ": " + words;
  if (exit.signal != 0 || exit.timed_out) {
    result.status = DeliveryStatus::doubt;
  } else if (exit.status == try_again) {
    result.status = DeliveryStatus::later;
  }
  stopped_ = stopped_ || stopped;
  if (stopped) return result;
  result.hint = exit.timed_out ? "if it needs longer, raise \"timeout\" in \"deliver\""
                               : "the message stays on the server and is handed over again by the next run";
  return result;
}

std::vector<DeliveryResult> Mda::recover(std::span<const Ticket> tickets) {
  std::uint64_t longest = 0;
  for (const auto& ticket : tickets) longest = std::max(longest, TicketFields(ticket).number("timeout"));
  if (!tickets.empty()) wait_for_running_programs(context_, std::chrono::seconds(longest));
  std::vector<DeliveryResult> results;
  results.reserve(tickets.size());
  for (const auto& ticket : tickets) {
    // COMMIT TRIED, which is not flushed, survives all but the end of the boot.
    const TicketFields fields(ticket);
    const bool certain = fields.has("boot") && fields.text("boot") == context_.boot;
    results.push_back({certain ? DeliveryStatus::later : DeliveryStatus::doubt,
                       "it cannot be told whether " + target_.substr(4, target_.find(' ') - 4) + " took " +
                           id_of(ticket) + ": it will be handed over again",
                       ""});
  }
  return results;
}

}  // namespace

std::string expand(std::string_view argument, const Placeholders& with) {
  const std::map<char, std::string> values{{'F', with.sender},
                                           {'T', with.user},
                                           {'a', with.account},
                                           {'i', with.id},
                                           {'s', std::to_string(with.bytes)},
                                           {'%', "%"}};
  std::string text;
  for (auto at = argument.find('%'); at != std::string_view::npos; at = argument.find('%')) {
    const auto letter = at + 1 < argument.size() ? argument[at + 1] : '\0';
    const auto value = values.find(letter);
    text += argument.substr(0, at);
    text += value == values.end() ? std::string(argument.substr(at, 2)) : value->second;
    argument.remove_prefix(std::min(at + 2, argument.size()));
  }
  return text += argument;
}

void require_usable(const Spec& spec) {
  if (spec.kind == "mda" && ::geteuid() == 0 && !spec.allow_root) {
    throw util::Error(Kind::config, "an MDA would run as root, with mail from anybody as its input",
                      "run mailhaul as the mail's owner (one crontab per user), or say \"allow_root\": true");
  }
}

std::unique_ptr<Destination> open_mda(const Spec& spec, const RunContext& context) {
  require_usable(spec);
  return std::make_unique<Mda>(spec, target_of(spec), context);
}

std::unique_ptr<Destination> reopen_mda(const std::string& target, const RunContext& context) {
  return std::make_unique<Mda>(Spec{}, target, context);
}

}  // namespace mailhaul::delivery
