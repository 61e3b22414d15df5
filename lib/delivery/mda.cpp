// SPDX-License-Identifier: MIT
#include "delivery/mda.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>

#include "delivery/names.h"
#include "delivery/record.h"
#include "delivery/tray.h"
#include "delivery/wait.h"
#include "util/process.h"
#include "util/text.h"

namespace mailhaul::delivery {

namespace {

using util::Fd;
using util::Kind;

constexpr int try_again = 75;  // EX_TEMPFAIL

enum class Lock : short { shared = F_RDLCK, alone = F_WRLCK };

/// The lock that the programs inherit: shared by all that we start, so that taking it alone means that none
/// is left.
class Presence {
 public:
  explicit Presence(const Site& site)
      : path_(site.state_directory / ("mda-" + site.mailbox + ".lock")),
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
void wait_for_survivors(const Site& site, std::chrono::seconds limit) {
  using Clock = std::chrono::steady_clock;
  const Presence presence(site);
  const auto deadline = Clock::now() + limit;
  while (!presence.try_take(Lock::alone) && Clock::now() < deadline) {
    wait_a_little(site, std::chrono::milliseconds(50), "waiting for a program of an earlier run");
  }
}

std::string target_of(const Spec& spec) {
  std::string target = "mda:";
  for (const auto& word : spec.command) target += (target.size() > 4 ? " " : "") + util::shell_word(word);
  return target;
}

class Mda final : public Destination {
 public:
  Mda(Spec spec, std::string target, const Site& site)
      : spec_(std::move(spec)), target_(std::move(target)), site_(site) {}

  const std::string& target() const noexcept override { return target_; }
  bool exactly_once() const noexcept override { return false; }
  std::size_t batch_messages() const noexcept override { return 64; }  // each holds a descriptor
  std::unique_ptr<Writer> begin(const Envelope& envelope, std::uint64_t /*announced_bytes*/) override {
    Record record;
    record.set("id", envelope.id);
    record.set("boot", site_.boot);
    record.set("timeout", static_cast<std::uint64_t>(spec_.timeout.count()));
    const auto shape = spec_.from_line ? Shape::below_from_line : Shape::with_sender;
    return std::make_unique<TrayWriter>(tray_, site_, envelope,
                                        TrayWriter::Setup{shape, {target_, record.data()}});
  }
  void stage(std::span<Ticket> /*tickets*/) override {}  // on the server until the program has it
  std::vector<Outcome> publish(std::span<const Ticket> tickets) override;
  void discard(std::span<const Ticket> tickets) noexcept override {
    for (const auto& ticket : tickets) tray_.remove(id_of(ticket));
  }
  std::vector<Outcome> recover(std::span<const Ticket> tickets) override;
  void sweep(std::span<const Ticket> /*keep*/) noexcept override {}

 private:
  Outcome hand_over(const Tray::Message& message);
  util::Exit run(const Tray::Message& message, const Fd& output);
  Outcome judge(const util::Exit& exit, const Fd& output);

  Spec spec_;
  std::string target_;
  const Site& site_;
  Tray tray_;
  std::unique_ptr<Presence> presence_;
  Fd output_;             // what a program says
  bool stopped_ = false;  // one did not end in time when we were to stop: no other is started
};

std::vector<Outcome> Mda::publish(std::span<const Ticket> tickets) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(tickets.size());
  for (const auto& ticket : tickets) {
    const auto id = id_of(ticket);
    outcomes.push_back(hand_over(tray_.at(id)));
    tray_.remove(id);
  }
  return outcomes;
}

Outcome Mda::hand_over(const Tray::Message& message) {
  if (stopped_) return {Fate::later, target_.substr(4) + ": not started, since we are to stop", ""};
  if (!output_) output_ = nameless_file(site_);
  const auto exit = run(message, output_);
  const auto outcome = judge(exit, output_);
  // One that nothing was written to serves the next program as well.
  if (::lseek(output_.get(), 0, SEEK_END) != 0) output_ = Fd();
  return outcome;
}

util::Exit Mda::run(const Tray::Message& message, const Fd& output) {
  if (!presence_) {
    presence_ = std::make_unique<Presence>(site_);
    presence_->try_take(Lock::shared);
  }
  const auto& envelope = message.envelope;
  std::vector<std::string> argv;
  argv.reserve(spec_.command.size());
  const Placeholders with{message.sender, site_.user, site_.account, envelope.id, message.bytes};
  for (const auto& word : spec_.command) argv.push_back(expand(word, with));
  std::vector<std::string> environment{"MAILHAUL_ACCOUNT=" + site_.account, "MAILHAUL_ID=" + envelope.id,
                                       "MAILHAUL_SIZE=" + std::to_string(message.bytes)};
  if (envelope.retry) environment.emplace_back("MAILHAUL_RETRY=1");
  if (::lseek(message.file.get(), 0, SEEK_SET) != 0) util::throw_errno(Kind::storage, "rewind", "a message");
  util::Child child({.argv = argv,
                     .environment = environment,
                     .input = message.file.get(),
                     .output = output.get(),
                     .error = output.get(),
                     .keep = presence_->fd()});
  return child.wait(spec_.timeout, *site_.cancel);
}

Outcome Mda::judge(const util::Exit& exit, const Fd& output) {
  if (exit.ok()) return {};
  const auto words = util::last_words(output);
  const auto program = util::Path(spec_.command.front()).filename().native();
  const bool stopped = exit.timed_out && site_.cancel->requested();
  Outcome outcome{Fate::rejected, program + ": ", ""};
  outcome.sentence += stopped ? "stopped with us" : util::describe(exit, spec_.timeout);
  if (!words.empty()) outcome.sentence += ": " + words;
  if (exit.signal != 0 || exit.timed_out) {
    outcome.fate = Fate::doubt;
  } else if (exit.status == try_again) {
    outcome.fate = Fate::later;
  }
  stopped_ = stopped_ || stopped;
  if (stopped) return outcome;
  outcome.hint = exit.timed_out ? "if it needs longer, raise \"timeout\" in \"deliver\""
                                : "the message stays on the server and is handed over again by the next run";
  return outcome;
}

std::vector<Outcome> Mda::recover(std::span<const Ticket> tickets) {
  std::uint64_t longest = 0;
  for (const auto& ticket : tickets) longest = std::max(longest, Record(ticket).number("timeout"));
  if (!tickets.empty()) wait_for_survivors(site_, std::chrono::seconds(longest));
  std::vector<Outcome> outcomes;
  outcomes.reserve(tickets.size());
  for (const auto& ticket : tickets) {
    // COMMIT TRIED, which is not flushed, survives all but the end of the boot.
    const Record record(ticket);
    const bool certain = record.has("boot") && record.text("boot") == site_.boot;
    outcomes.push_back({certain ? Fate::later : Fate::doubt,
                        "it cannot be told whether " + target_.substr(4, target_.find(' ') - 4) + " took " +
                            id_of(ticket) + ": it will be handed over again",
                        ""});
  }
  return outcomes;
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

std::unique_ptr<Destination> open_mda(const Spec& spec, const Site& site) {
  require_usable(spec);
  return std::make_unique<Mda>(spec, target_of(spec), site);
}

std::unique_ptr<Destination> reopen_mda(const std::string& target, const Site& site) {
  return std::make_unique<Mda>(Spec{}, target, site);
}

}  // namespace mailhaul::delivery
