// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace mailhaul::report {

struct Totals {
  std::uint32_t listed = 0, fetched = 0, failed = 0, removed = 0,
                left = 0;   ///< messages; left: still on the server
  std::uint64_t bytes = 0;  ///< fetched
  double seconds = 0;
};

/// One message, and what was done or would be done with it.
struct MessageEvent {
  std::uint32_t number = 0;
  std::string_view uid;  ///< as shown
  std::uint64_t bytes = 0;
  std::string_view action;  ///< fetch, skip, remove, leave, verify
  std::string_view reason;
  std::string_view deliver;  ///< where it went; empty when nowhere
};

/// A sentence for people, with what to do about it.
struct Notice {
  std::string_view sentence, hint;
  std::string_view uid;         ///< the message it is about, as shown; may be empty
  int status = 0;               ///< exit status; 0 for a warning
  bool quiet_skips_it = false;  ///< told in an earlier run already: -q does not repeat it
};

/// Is told what happens. Called from any thread; implementations lock. Sizes are in bytes; texts are not
/// escaped yet.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void started(std::string_view /*account*/) {}
  virtual void planned(std::string_view /*account*/, std::uint32_t /*messages*/, std::uint64_t /*bytes*/) {}
  virtual void received(std::string_view /*account*/, std::uint64_t /*bytes*/) {}  ///< since the last call
  virtual void message(std::string_view /*account*/, const MessageEvent&) {}
  virtual void warned(std::string_view /*account*/, const Notice&) {}
  virtual void failed(std::string_view /*account*/, const Notice&) {
  }  ///< one message, or the account as a whole
  virtual void finished(std::string_view /*account*/, const Totals&, int /*status*/) {}
  virtual void traced(std::string_view /*account*/, char /*direction*/, std::string_view /*line*/) {}
};

}  // namespace mailhaul::report
