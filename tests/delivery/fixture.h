// SPDX-License-Identifier: MIT
// A context in a temporary directory, and short ways to deliver.
#pragma once
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/destination.h"
#include "support/cpp/destinations.h"
#include "support/cpp/temp_dir.h"
#include "support/cpp/text.h"
#include "util/error.h"

namespace mailhaul::test {

/// Tests try recovery at every byte, and each time it flushes: this takes a second in memory, but a minute on
/// a disk.
inline const bool in_memory = ::access("/dev/shm", W_OK) == 0 && ::setenv("TMPDIR", "/dev/shm", 0) == 0;

struct Fixture {
  TempDir dir;
  util::Cancel cancel;
  std::vector<std::string> warnings, notes;
  std::int64_t clock = 1'700'000'000;
  std::chrono::microseconds ticks{0};
  delivery::RunContext context{
      .account = "home",
      .instance = "abcd1234",
      .mailbox = "k7",
      .host = "host",
      .boot = "boot-1",
      .user = "anna",
      .state_directory = dir / "state",
      .now = [this] { return std::chrono::sys_seconds(std::chrono::seconds(clock)) + ticks; },
      .warn = [this](std::string_view text, std::string_view) { warnings.emplace_back(text); },
      .note = [this](std::string_view text) { notes.emplace_back(text); },
      .cancel = &cancel};
  delivery::Ids ids{context};

  Fixture() { std::filesystem::create_directory(dir / "state"); }

  delivery::Envelope envelope(bool traced = true) {
    const auto id = ids.next();
    return {id, traced ? "Received: by host; id " + id + ";\n\tnow\n" : "", false};
  }
};

/// Writes one message and returns its ticket.
inline delivery::Ticket put(delivery::Destination& where, const delivery::Envelope& envelope,
                            std::string_view wire, std::size_t piece = 1 << 20) {
  const auto writer = where.begin(envelope, wire.size());
  for (; !wire.empty(); wire.remove_prefix(std::min(piece, wire.size())))
    writer->append(wire.substr(0, piece));
  return writer->finish();
}

/// Stages and publishes finished messages, which brings them to S4.
inline std::vector<delivery::DeliveryResult> deliver(delivery::Destination& where,
                                                     std::vector<delivery::Ticket> tickets) {
  where.stage(tickets);
  return where.publish(tickets);
}

inline std::set<std::string> names_in(const std::filesystem::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    names.insert(entry.path().filename());
  return names;
}

/// Returns the error that `action` throws; if it throws none, an error of kind internal without a sentence.
template <typename Action>
util::Error thrown(Action action) {
  try {
    action();
  } catch (const util::Error& error) {
    return error;
  }
  return {util::Kind::internal, ""};
}

}  // namespace mailhaul::test
