// SPDX-License-Identifier: MIT
#include "delivery/mda.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <map>
#include <utility>

#include "delivery/handover.h"
#include "delivery/names.h"
#include "delivery/sleep.h"
#include "delivery/ticket_fields.h"
#include "util/escape.h"
#include "util/join.h"
#include "util/process.h"
#include "util/shell.h"
#include "util/units.h"

namespace mailhaul::delivery {

namespace {

using util::Fd;
using util::Kind;

constexpr int bad_content = 65, try_again = 75;  // EX_DATAERR, EX_TEMPFAIL
constexpr std::string_view placeholders = "FTais%";

/// The lock that the programs inherit. All programs that we start share it, so a process that gets an
/// exclusive lock knows that none of them is running.
class RunningPrograms {
 public:
  explicit RunningPrograms(const RunContext& context)
      : path_(context.state_directory / ("mda-" + context.instance + "-" + context.mailbox + ".lock")),
        file_(util::open_file(path_, O_RDWR | O_CREAT | O_NOFOLLOW, 0600)) {}

  bool try_take(util::LockMode mode) const { return util::try_lock(file_.get(), mode, path_); }
  int fd() const noexcept { return file_.get(); }

 private:
  util::Path path_;
  Fd file_;
};

/// Waits until no program of an earlier run is running, but no longer than a program may run.
void wait_for_running_programs(const RunContext& context, std::chrono::seconds limit) {
  using Clock = std::chrono::steady_clock;
  const RunningPrograms running(context);
  const auto deadline = Clock::now() + limit;
  while (!running.try_take(util::LockMode::exclusive) && Clock::now() < deadline) {
    sleep_unless_cancelled(context, std::chrono::milliseconds(50), "waiting for a program of an earlier run");
  }
}

/// The command in one line, as a shell would take it.
std::string command_line(const std::vector<std::string>& command) {
  return util::joined(command, util::shell_word, " ");
}

struct Settings {
  std::vector<std::string> command;
  std::chrono::seconds timeout{300};
};

class Mda final : public Handover {
 public:
  Mda(Settings settings, Setup setup, const RunContext& context)
      : Handover(std::move(setup), context), settings_(std::move(settings)) {}

  std::vector<DeliveryResult> recover(std::span<const Ticket> tickets) override;

 private:
  DeliveryResult hand_over(const QueuedMessage& message) override;
  util::Exit run(const QueuedMessage& message, const Fd& output);
  DeliveryResult judge(const util::Exit& exit, const Fd& output);
  std::string command() const { return target().substr(mda_kind.name.size() + 1); }

  Settings settings_;
  std::unique_ptr<RunningPrograms> running_;
  Fd output_;             // what the program writes
  std::string by_hand_;   // the command line that ran last
  bool stopped_ = false;  // a program had to be ended after a request to stop: start no other
};

DeliveryResult Mda::hand_over(const QueuedMessage& message) {
  if (stopped_)
    return {DeliveryStatus::later, command() + ": not started, because mailhaul was asked to stop", ""};
  if (!output_) output_ = util::nameless_file(context().state_directory);
  const auto exit = run(message, output_);
  const auto result = judge(exit, output_);
  // A file that is still empty can be used for the next program.
  if (::lseek(output_.get(), 0, SEEK_END) != 0) output_ = Fd();
  return result;
}

util::Exit Mda::run(const QueuedMessage& message, const Fd& output) {
  if (!running_) {
    running_ = std::make_unique<RunningPrograms>(context());
    running_->try_take(util::LockMode::shared);
  }
  const auto& envelope = message.envelope;
  std::vector<std::string> argv;
  argv.reserve(settings_.command.size());
  const Placeholders with{message.sender, context().user, context().account, envelope.id, message.bytes};
  for (const auto& word : settings_.command) argv.push_back(expand(word, with));
  by_hand_ = command_line(argv);
  std::vector<std::string> environment{"MAILHAUL_ACCOUNT=" + context().account, "MAILHAUL_ID=" + envelope.id,
                                       "MAILHAUL_SIZE=" + std::to_string(message.bytes)};
  if (envelope.may_be_repeated) environment.emplace_back("MAILHAUL_RETRY=1");
  if (::lseek(message.file.get(), 0, SEEK_SET) != 0) util::throw_errno(Kind::storage, "rewind", "a message");
  util::Child child({.argv = argv,
                     .environment = environment,
                     .input = message.file.get(),
                     .output = output.get(),
                     .error = output.get(),
                     .keep = running_->fd()});
  // A program that is ended too early may have taken the message, which would then come twice.
  return child.wait(settings_.timeout, *context().cancel, util::AfterCancel::its_work);
}

DeliveryResult Mda::judge(const util::Exit& exit, const Fd& output) {
  const auto words = util::last_words(output);
  const auto program = util::Path(settings_.command.front()).filename().native();
  if (exit.ok()) {
    if (!words.empty() && context().note) context().note(program + " wrote: " + words);
    return {};
  }
  DeliveryResult result{DeliveryStatus::rejected, program + ": ", ""};
  result.sentence += util::describe(exit, settings_.timeout);
  if (exit.status == try_again) result.sentence += " (try again later)";
  if (!words.empty()) result.sentence += ": " + words;
  if (exit.signal != 0 || exit.timed_out) {
    result.status = DeliveryStatus::doubt;
  } else if (exit.status == try_again) {
    result.status = DeliveryStatus::later;
  } else if (exit.status == bad_content) {
    result.status = DeliveryStatus::unfit;
  }
  stopped_ = stopped_ || exit.stopped;
  if (exit.stopped) return result;
  result.by_hand = by_hand_;
  if (exit.timed_out) {
    result.hint = "if it needs longer, raise its timeout in \"deliver\"";
  } else if (words.empty()) {
    result.hint = "it gave no reason: check its log, or try it by hand: mailhaul get " + context().account +
                  " UID | " + by_hand_;
  } else {
    result.hint = "the next run hands it over again";
  }
  return result;
}

std::vector<DeliveryResult> Mda::recover(std::span<const Ticket> tickets) {
  std::uint64_t longest = 0;
  for (const auto& ticket : tickets) longest = std::max(longest, TicketFields(ticket).number("timeout"));
  if (!tickets.empty()) wait_for_running_programs(context(), std::chrono::seconds(longest));
  std::vector<DeliveryResult> results;
  results.reserve(tickets.size());
  for (const auto& ticket : tickets) {
    // COMMIT TRIED is not flushed, so a power cut or a reboot may lose it. If neither has happened, the
    // program was certainly not given a message that is still INTENT.
    const TicketFields fields(ticket);
    const bool certain =
        !context().boot.empty() && fields.has("boot") && fields.text("boot") == context().boot;
    results.push_back({certain ? DeliveryStatus::later : DeliveryStatus::doubt,
                       "nobody can tell whether " + command().substr(0, command().find(' ')) + " took " +
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

namespace {

std::string wrong_placeholder(std::string_view word) {
  for (auto at = word.find('%'); at != std::string_view::npos; at = word.find('%', at + 2)) {
    if (at + 1 == word.size())
      return "a word of the command ends with a single %; write %% for a percent sign";
    if (placeholders.find(word[at + 1]) == std::string_view::npos)
      return "unknown %" + util::escape(word.substr(at + 1, 1)) +
             " in the command (known: %F %T %a %i %s %%)";
  }
  if (word.find('\0') != std::string_view::npos) return "the command contains a NUL character";
  return {};
}

std::string wrong_command(const Value& value) {
  if (value.words.empty() || value.words.front().empty()) return "the command is empty";
  for (const auto& word : value.words)
    if (auto wrong = wrong_placeholder(word); !wrong.empty()) return wrong;
  return {};
}

std::string wrong_timeout(const Value& value) {
  constexpr std::chrono::hours longest{24};
  const auto time = util::parse_duration(value.text);
  return !time || time->count() < 1 || *time > longest ? "must be a time from 1s to 1d" : "";
}

constexpr std::array mda_fields{
    Field{.name = "command",
          .help = "program and arguments, run without a shell; %F %T %a %i %s %% are replaced",
          .type = FieldType::words,
          .required = true,
          .wrong = wrong_command},
    Field{.name = "timeout",
          .help = "the longest the program may take for one message (5m)",
          .type = FieldType::duration,
          .fallback = "5m",
          .wrong = wrong_timeout},
    Field{.name = "from_line", .help = "put a From line at the top", .type = FieldType::boolean},
    Field{.name = "allow_root", .help = "run the program even as root", .type = FieldType::boolean},
};

void refuse_root(const Spec& spec) {
  if (::geteuid() == 0 && !value_of(spec, "allow_root").flag) {
    throw util::Error(Kind::config, "an MDA would run as root, with mail from anybody as its input",
                      "run mailhaul as the mail's owner (one crontab per user), or set \"allow_root\": true "
                      "in \"deliver\"");
  }
}

std::unique_ptr<Destination> open_mda(const Spec& spec, const RunContext& context) {
  refuse_root(spec);
  Settings settings{.command = value_of(spec, "command").words, .timeout = duration_of(spec, "timeout")};
  TicketFields fields;
  fields.set("boot", context.boot);
  fields.set("timeout", static_cast<std::uint64_t>(settings.timeout.count()));
  Handover::Setup setup{
      .kind = mda_kind,
      .target = std::string(mda_kind.name) + ":" + command_line(settings.command),
      .form = value_of(spec, "from_line").flag ? StoredForm::below_from_line : StoredForm::with_sender,
      .fields = std::move(fields)};
  return std::make_unique<Mda>(std::move(settings), std::move(setup), context);
}

/// Only recover() works on it.
std::unique_ptr<Destination> reopen_mda(const Ticket& ticket, const RunContext& context) {
  return std::make_unique<Mda>(
      Settings{}, Handover::Setup{.kind = mda_kind, .target = ticket.target, .form = StoredForm::with_sender},
      context);
}

}  // namespace

// The batch is small because each waiting message holds a descriptor.
constinit const KindRow mda_kind{
    .name = "mda",
    .value = "COMMAND",
    .help = "a program, run once for each message",
    .fields = mda_fields,
    .traits = {.guarantee = Guarantee::at_least_once, .batch = 64},
    .open = open_mda,
    .reopen = reopen_mda,
    .require_usable = refuse_root,
};

}  // namespace mailhaul::delivery
