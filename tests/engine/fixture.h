// SPDX-License-Identifier: MIT
// One account at an in-memory server, with real files and a real database.
#pragma once
#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "delivery/destination.h"
#include "engine/run.h"
#include "support/cpp/destinations.h"
#include "support/cpp/memory_server.h"
#include "support/cpp/temp_dir.h"
#include "util/utc.h"

namespace mailhaul::test {

struct RecordingListener : report::Listener {
  std::vector<std::string> failures, warnings, messages;
  std::vector<std::string> ends;   ///< for each trouble that ended: since when it lasted
  std::vector<std::string> hints;  ///< of the failures
  void failed(std::string_view /*account*/, const report::Notice& notice) override {
    failures.push_back(std::to_string(notice.status) + (notice.quiet_skips_it ? " (quiet) " : " ") +
                       std::string(notice.sentence));
    hints.emplace_back(notice.hint);
  }
  void warned(std::string_view /*account*/, const report::Notice& notice) override {
    warnings.push_back((notice.quiet_skips_it ? "(again) " : "") + std::string(notice.sentence));
  }
  void recovered(std::string_view /*account*/, std::optional<state::Time> since) override {
    ends.push_back(since ? util::format_utc(*since) : "");
  }
  void message(std::string_view /*account*/, const report::MessageEvent& message) override {
    messages.push_back(std::string(report::name_of(message.action)) + " " + std::string(message.uid));
  }
};

/// Passes every call on to a real destination; a test overrides what it wants to change.
struct ForwardingDestination : delivery::Destination {
  std::unique_ptr<delivery::Destination> inner;
  const std::string& target() const noexcept override { return inner->target(); }
  const delivery::Traits& traits() const noexcept override { return inner->traits(); }
  std::unique_ptr<delivery::Writer> begin(const delivery::Envelope& envelope, std::uint64_t bytes) override {
    return inner->begin(envelope, bytes);
  }
  void stage(std::span<delivery::Ticket> tickets) override { inner->stage(tickets); }
  std::vector<delivery::DeliveryResult> publish(std::span<const delivery::Ticket> tickets) override {
    return inner->publish(tickets);
  }
  void discard(std::span<const delivery::Ticket> tickets) noexcept override { inner->discard(tickets); }
  std::vector<delivery::DeliveryResult> recover(std::span<const delivery::Ticket> tickets) override {
    return inner->recover(tickets);
  }
  void sweep(std::span<const delivery::Ticket> keep) noexcept override { inner->sweep(keep); }
  void close() override { inner->close(); }
};

struct Household {
  TempDir dir;
  MemoryServer server;
  util::Cancel cancel;
  account::Account account;
  engine::Environment environment;
  state::Time now{std::chrono::seconds(1'700'000'000)};
  std::atomic<int> ticks = 0;  ///< makes the ids of all runs differ
  RecordingListener told;

  Household() {
    account.name = "home";
    account.user = "anna";
    account.server = {.host = "pop.example.org", .tls = net::Tls::implicit};
    account.trace_header = false;
    deliver_to("maildir");
    environment = {.connect =
                       [this](const account::Account&, const std::string&, const net::Trace&) {
                         return net::LoggedIn{.stream = server.open(),
                                              .capabilities = server.capabilities(),
                                              .login_method = "plain"};
                       },
                   .open = delivery::open,
                   .clock = [this] { return now + std::chrono::microseconds(++ticks); },
                   .host = "here",
                   .boot = "boot",
                   .user = "anna",
                   .state_file = dir / "state" / "state.db",
                   .cancel = &cancel};
  }

  void deliver_to(const std::string& kind) { account.deliver = {place(kind, dir / kind)}; }
  /// Delivers to a "maildir", an "mbox", or an "mda" that appends to a file of that name.
  void deliver_as(const std::string& kind) {
    kind == "mda" ? deliver_to_command("cat >> '" + (dir / kind).native() + "'") : deliver_to(kind);
  }
  void deliver_to_command(const std::string& script) {
    account.deliver = {program({"/bin/sh", "-c", script})};
  }

  engine::AccountOutcome run() {
    told = RecordingListener();
    return engine::run({account}, {}, environment, told).front();
  }

  /// The bodies in the Maildir, sorted.
  std::vector<std::string> mail() const {
    std::vector<std::string> bodies;
    for (const auto* folder : {"new", "cur"}) {
      const auto path = dir / "maildir" / folder;
      if (!std::filesystem::exists(path)) continue;
      for (const auto& entry : std::filesystem::directory_iterator(path))
        bodies.push_back(slurp(entry.path()));
    }
    std::ranges::sort(bodies);
    return bodies;
  }
  /// All that was delivered by deliver_as(), in one string.
  std::string delivered() const {
    std::string all;
    for (const auto& body : mail()) all += body;
    for (const auto* file : {"mbox", "mda"}) {
      if (std::filesystem::exists(dir / file)) all += slurp(dir / file);
    }
    return all;
  }
  /// How often mail_of(n) was delivered.
  std::size_t copies_of(int n) const { return times("body " + std::to_string(n) + "\n"); }
  std::size_t times(const std::string& text) const {
    const auto all = delivered();
    std::size_t found = 0;
    for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++found;
    return found;
  }
  std::size_t left_in_tmp() const {
    const auto entries = std::filesystem::directory_iterator(dir / "maildir" / "tmp");
    return static_cast<std::size_t>(std::ranges::distance(entries));
  }
};

inline StoredMessage mail_of(int n) {
  const std::string number = std::to_string(n);
  return {"uid" + number, "Subject: " + number + "\r\n\r\nbody " + number + "\r\n"};
}
inline std::string body_of(int n) {
  const std::string number = std::to_string(n);
  return "Subject: " + number + "\n\nbody " + number + "\n";
}

}  // namespace mailhaul::test
