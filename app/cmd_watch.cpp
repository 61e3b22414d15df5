// SPDX-License-Identifier: MIT
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <memory>

#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/log.h"
#include "app/metrics.h"
#include "app/news_only.h"
#include "app/notify.h"
#include "app/output.h"
#include "app/quiet.h"
#include "app/report_errors.h"
#include "app/signals.h"
#include "engine/watch.h"
#include "util/process.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

using std::chrono::seconds;

/// A clock that also runs while the machine is suspended, and that does not change with the wall clock.
seconds boot_time() {
  struct timespec now {};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return seconds(now.tv_sec);
}

/// Waits for a signal, the end of a run, or a point in time. Meanwhile it notifies the watchdog of systemd
/// and, as process 1 of a container, reaps orphans.
class Waiter {
 public:
  Waiter(const util::Cancel& stop, const util::Cancel& reload, const ServiceNotifier& systemd)
      : stop_(stop), reload_(reload), systemd_(systemd), event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_) util::throw_errno(util::Kind::os, "create", "an eventfd");
  }
  void wake() const noexcept { ::eventfd_write(event_.get(), 1); }
  bool goes_on() const noexcept { return !stop_.requested() && !reload_.requested(); }

  void wait(std::optional<seconds> until) const {
    // The waits are short, because poll(2) does not count the time in suspend.
    const auto longest = std::min(seconds(30), systemd_.watchdog().value_or(seconds(30)));
    const bool stopping = !goes_on();
    for (;;) {
      if (::getpid() == 1) util::reap_orphans();
      if (systemd_.watchdog()) systemd_.send("WATCHDOG=1");
      const auto left = until ? std::max(*until - boot_time(), seconds(0)) : longest;
      std::array<struct pollfd, 3> events{{{event_.get(), POLLIN, 0},
                                           {stopping ? -1 : stop_.fd(), POLLIN, 0},
                                           {stopping ? -1 : reload_.fd(), POLLIN, 0}}};
      const auto limit = std::chrono::milliseconds(std::min(left, longest));
      const int happened = ::poll(events.data(), events.size(), static_cast<int>(limit.count()));
      eventfd_t count = 0;
      if (happened > 0 && events[0].revents != 0) ::eventfd_read(event_.get(), &count);
      if (happened > 0 || (until && boot_time() >= *until)) return;
    }
  }

 private:
  const util::Cancel &stop_, &reload_;
  const ServiceNotifier& systemd_;
  util::Fd event_;
};

/// Watches the accounts of one configuration until a signal comes. After a reload, a new Round takes over.
class Round {
 public:
  Round(const Invocation& invocation, const account::Config& config, const util::Cancel& reload,
        const ServiceNotifier& systemd)
      : invocation_(invocation),
        config_(config),
        accounts_(account::select(config, invocation.words)),
        environment_(real_environment(invocation, config, accounts_)),
        interval_(invocation.interval),
        waiter_(*invocation.cancel, reload, systemd) {
    environment_.attended = false;  // a pause between logins is kept even at a terminal
  }
  void run(report::Listener& tell) {
    Metrics metrics(invocation_, config_, environment_, tell);
    engine::Watch(accounts_, {.jobs = config_.jobs, .host_jobs = config_.host_jobs}, interval_,
                  {.now = boot_time,
                   .wait = [this](std::optional<seconds> until) { waiter_.wait(until); },
                   .wake = [this] { waiter_.wake(); },
                   .goes_on = [this] { return waiter_.goes_on(); },
                   .expect = [&tell](const auto& accounts) { tell.expected(accounts); },
                   .fetch =
                       [&metrics, fetch = engine::fetcher(environment_, tell)](const auto& account) {
                         fetch(account);
                         metrics.update();
                       },
                   .warn = [&tell](const auto& notice) { tell.warned({}, notice); }})
        .run();
  }
  std::string title() const {
    return "STATUS=watching " + util::counted(accounts_.size(), "account") + ", every " +
           util::format_duration(interval_);
  }

 private:
  const Invocation& invocation_;
  const account::Config& config_;
  std::vector<account::Account> accounts_;
  engine::Environment environment_;
  seconds interval_;
  Waiter waiter_;
};

/// Reads the configuration again. If it cannot be read, reports the error and returns the previous one, which
/// stays in force.
account::Config read_again(const Invocation& invocation, account::Config before, report::Listener& tell) {
  try {
    auto config = load_config(invocation);
    (void)account::select(config, invocation.words);
    return config;
  } catch (const util::Error& error) {
    tell_error(tell, {}, error);
    return before;
  }
}

}  // namespace

void describe_watch(CLI::App& parser, Invocation& invocation) {
  add_accounts(parser);
  const auto read = [&invocation](const std::string& text) {
    const auto interval = util::parse_duration(text);
    if (!interval || *interval < seconds(1))
      throw CLI::ValidationError("--interval", "must be a time such as 60s, 5m or 1h");
    invocation.interval = *interval;
  };
  parser.add_option_function<std::string>("--interval", read, "fetch this often (default: 5m)")
      ->type_name("TIME")
      ->take_last();
}

namespace {

int watch(const Invocation& invocation) {
  *invocation.sigterm_is_success = true;
  const ServiceNotifier systemd;
  const auto inner = make_listener(invocation);
  NewsOnly news(*inner);
  report::Listener& printer = invocation.json || invocation.quiet ? *inner : news;
  auto config = load_config(invocation);
  auto reload = std::make_unique<util::Cancel>();
  ReloadSignal signal(*reload);
  for (;;) {
    Logged tell(config, printer);
    tell_mistakes_of_run(invocation, config, *tell);
    Round round(invocation, config, *reload, systemd);
    systemd.send("READY=1\n" + round.title());
    round.run(*tell);
    if (invocation.cancel->requested()) break;
    systemd.send("RELOADING=1\n" + monotonic_time());
    auto next = std::make_unique<util::Cancel>();
    signal.aim(*next);
    reload = std::move(next);
    config = read_again(invocation, config, *tell);
  }
  systemd.send("STOPPING=1");
  return 0;
}

}  // namespace

int run_watch(const Invocation& invocation) {
  return with_config_trouble(invocation, [&] { return watch(invocation); });
}

}  // namespace mailhaul::app
