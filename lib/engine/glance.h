// SPDX-License-Identifier: MIT
// Looking without touching: what check, list, get, fetch --dry-run and state show need.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/plan.h"
#include "engine/run.h"

namespace mailhaul::engine {

/// One message on the server, and what fetch would do with it.
struct Line {
  std::uint32_t number = 0;
  std::string uid;  ///< as it is shown and typed
  std::uint64_t bytes = 0;
  Action action = Action::leave;
  std::string_view reason;
  bool is_new = false;              ///< neither delivered nor marked as seen
  std::string date, from, subject;  ///< header fields as they stand, unfolded; only when asked for
};

struct Glance {
  std::string account;
  std::vector<Line> lines;
  std::optional<util::Error> error;
};

/// Logs in, lists and plans; changes nothing here or there. With `headers` asks TOP for each message.
Glance glance(const account::Account& account, const Environment& environment, report::Listener& tell,
              bool headers);

/// Is handed the messages that were asked for, one after the other, as wire bytes.
struct Sink {
  std::function<void(const std::string& uid)> begin;
  std::function<void(std::string_view wire)> piece;
  std::function<void()> end;
};
using SinkFor = std::function<Sink(std::size_t messages)>;
/// Retrieves the messages with these UIDs (as typed), in this order; where several have one, all of these.
/// Throws Error; Error{usage} for a UID that is not there.
void retrieve(const account::Account& account, const Environment& environment, report::Listener& tell,
              std::span<const std::string> uids, const SinkFor& sink_for);

/// Marks listed messages as seen: never fetched, never removed. No `uids`: all that are not delivered.
/// Returns how many.
std::size_t mark_seen(const account::Account& account, const Environment& environment, report::Listener& tell,
                      std::span<const std::string> uids);
/// Forgets rows, so that their messages are new again. No `uids`: all of the mailbox. Returns how many.
std::size_t forget(const account::Account& account, const Environment& environment,
                   std::span<const std::string> uids);

/// One row as state show prints it.
struct Remembered {
  std::string uid;
  std::string_view standing;
  std::uint64_t bytes = 0;
  std::optional<state::Time> delivered, due;
  std::vector<std::string> open_landings;  ///< "maildir:/home/anna/Mail (intent)"
};
std::vector<Remembered> remembered(const account::Account& account, const Environment& environment);

}  // namespace mailhaul::engine
