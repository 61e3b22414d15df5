// SPDX-License-Identifier: MIT
// What a run reports while it works. The engine knows no terminal and no JSON: `app` implements the listener.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::report {

/// The result of an account's run, mostly as numbers of messages.
struct Totals {
  std::uint32_t listed = 0, fetched = 0, failed = 0, removed = 0;
  std::uint32_t left = 0;     ///< still on the server
  std::uint32_t waiting = 0;  ///< of `left`: not delivered yet
  std::uint64_t waiting_bytes = 0;
  std::uint32_t over_limit = 0, too_large = 0;  ///< of `waiting`: why they wait
  std::uint32_t unconfirmed = 0;  ///< of `left`: the server was asked to remove them, and may have done so
  bool is_new_place = false;      ///< nothing had been delivered where the mail goes now
  std::string_view limit;         ///< the key that `over_limit` is about
  std::string_view not_asked;     ///< the key that kept the run from asking the server: "min_interval"
  std::uint64_t bytes = 0;        ///< of the fetched messages
  double seconds = 0;
};

/// What an account is doing before its messages come.
enum class Activity { connecting, logging_in, listing };

/// What is done with a listed message, or would be done in a dry run.
enum class Action {
  fetch,   ///< retrieve it and deliver it
  verify,  ///< read it again: it is the known message, or new mail under a known UID
  remove,  ///< it is delivered: make sure that it is the same message, then remove it from the server
  leave,   ///< it is delivered or marked as seen, and stays on the server
  skip     ///< it is not delivered, and stays on the server: too large, or over a limit of this run
};
/// The word for it in the JSON lines and in the output of -v: "fetch".
std::string_view name_of(Action action);

/// Where a message was delivered.
struct Arrival {
  std::string_view target;  ///< "maildir:/absolute/path"
  std::string_view path;    ///< of the file that contains it; empty if no file does
};

/// One message, and what was done or would be done with it.
struct MessageEvent {
  std::uint32_t number = 0;
  std::string_view uid;  ///< as shown to people
  std::uint64_t bytes = 0;
  Action action = Action::leave;
  std::string_view reason;
  std::span<const Arrival> arrivals = {};
  /// As received, unfolded; only of a message that was delivered.
  std::string_view from = {}, subject = {}, message_id = {};
};

/// A sentence for people, and a hint what to do about it.
struct Notice {
  std::string_view sentence, hint;
  std::string_view uid;         ///< of the message that it is about, as shown to people; may be empty
  int status = 0;               ///< the exit status that it means; 0 for a warning
  bool quiet_skips_it = false;  ///< -q does not print it: it was reported before, or will pass by itself
};

/// Receives the events of a run. Its functions are called from any thread, so implementations need a lock.
/// Texts from servers are not escaped yet.
class Listener {
 public:
  virtual ~Listener() = default;
  /// The accounts that the run is about, in the order of the profile.
  virtual void expected(const std::vector<std::string>& /*accounts*/) {}
  virtual void started(std::string_view /*account*/) {}
  virtual void doing(std::string_view /*account*/, Activity) {}
  /// How much of the listing will be retrieved.
  virtual void planned(std::string_view /*account*/, std::uint32_t /*messages*/, std::uint64_t /*bytes*/) {}
  /// How many bytes of messages have arrived since the last call.
  virtual void received(std::string_view /*account*/, std::uint64_t /*bytes*/) {}
  /// One more of the planned messages has arrived completely.
  virtual void arrived(std::string_view /*account*/) {}
  /// The server is asked to remove this many messages, which may take minutes.
  virtual void removing(std::string_view /*account*/, std::uint32_t /*messages*/) {}
  virtual void message(std::string_view /*account*/, const MessageEvent&) {}
  virtual void warned(std::string_view /*account*/, const Notice&) {}
  /// One message failed, or the account as a whole.
  virtual void failed(std::string_view /*account*/, const Notice&) {}
  /// A command other than fetch no longer waits for the server: its output comes next.
  virtual void done(std::string_view /*account*/) {}
  virtual void finished(std::string_view /*account*/, const Totals&, int /*status*/) {}
  /// The account works again after trouble that was reported. `since`: when the trouble began, if known.
  virtual void recovered(std::string_view /*account*/, std::optional<std::chrono::sys_seconds> /*since*/) {}
  /// A remark that is no warning, such as what a delivery program wrote.
  virtual void noted(std::string_view /*account*/, std::string_view /*sentence*/) {}
  /// A line of the conversation with the server, as net::Trace has it.
  virtual void traced(std::string_view /*account*/, char /*direction*/, std::string_view /*line*/) {}
};

}  // namespace mailhaul::report
