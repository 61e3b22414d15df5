// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/stream.h"

namespace mailhaul::pop3 {

/// What the server can do (RFC 2449). `expire_days` 0: a RETR alone may remove.
struct Capabilities {
  bool pipelining = false, uidl = false, top = false;
  std::optional<int> expire_days;
};
Capabilities parse_capabilities(std::span<const std::string> lines);  ///< in any case of letters

/// One message of the listing. `bytes` is the server's claim, a hint.
struct Listed {
  std::uint32_t number = 0;
  std::uint64_t bytes = 0;
  std::string uidl;  ///< empty: the server gave none
};

/// A RETR or TOP that is asked for.
struct Wanted {
  std::uint32_t number = 0;
  std::uint64_t bytes = 0;   ///< announced size: counts against the window
  bool header_only = false;  ///< TOP n 0; counts for 8 KiB at most
};

/// What a failure says about the session: with `pipelined`, what was received in it is not to be trusted, for
/// an answer may have been skipped (LAW section 2).
struct Doubt {
  bool pipelined = false;         ///< more than one answer was owed, then or since none was
  bool at_border = false;         ///< silence or end came exactly between two answers
  bool malformed_status = false;  ///< a status line that is neither +OK nor -ERR, or a reply nobody asked for
};

class Session;

/// The answer now on the wire. Valid until the next call of Session::next(). All words of the server, here
/// and below, are escaped already and cut after 200 bytes.
class Message {
 public:
  const Wanted& wanted() const noexcept { return wanted_; }
  /// The server's words at -ERR.
  const std::optional<std::string>& refused() const noexcept { return refused_; }
  std::optional<std::string_view> read();  ///< next piece, line ends as sent; empty optional at the end

 private:
  friend class Session;
  Session* session_ = nullptr;
  Wanted wanted_;
  std::optional<std::string> refused_;
  bool done_ = true;
};

/// Removals: what the server said to each DELE, and to QUIT.
struct RemovalResult {
  std::vector<std::uint32_t> accepted;
  std::vector<std::pair<std::uint32_t, std::string>> refused;  ///< number and the server's words
  bool committed = false;                                      ///< +OK to QUIT: only then is `accepted` gone
  std::string quit_answer;  ///< the server's words when not; "no answer: ..."
};

struct SessionOptions {
  /// What login saw; when they lack PIPELINING the session asks CAPA alone first.
  std::vector<std::string> capabilities = {};
  bool may_pipeline = true;
  /// '>' commands, '<' status lines, '*' what came with one: "4711 message bytes", "20 lines". Nothing secret
  /// in them.
  std::function<void(char direction, std::string_view line)> trace = {};
  /// Hides secrets in the server's words, before they are escaped.
  std::function<std::string(std::string_view words)> redact = {};
};

/// Drives a Conversation over a Stream, pipelining when the server announced it: at most 4 MiB of announced
/// size, 2,048 commands and 32 KB of command text unanswered. Calls throw Error{temporary | protocol |
/// cancelled}; after that the session is of no more use, and doubt() tells what it was. The destructor says
/// nothing: without QUIT nothing is removed. One thread at a time.
class Session {
 public:
  Session(net::Stream& stream, SessionOptions options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// What login saw, until CAPA was answered once more: in the constructor or in listing().
  const Capabilities& capabilities() const noexcept;
  bool pipelining() const noexcept;  ///< announced, and allowed
  /// STAT, LIST and UIDL, in one round trip where it may be. In the server's order. Malformed lines are left
  /// out and counted in malformed_lines(). A number that comes twice, or in UIDL but not LIST, is settled by
  /// LIST. Throws Error{protocol} when a list has no end; net::RefusedError when LIST is refused,
  /// and then the session can go on.
  std::vector<Listed> listing();
  std::uint32_t malformed_lines() const noexcept;

  void want(Wanted wanted);  ///< queues one RETR or TOP; sent when the window has room
  /// From now on the next command is sent when the one before is answered. REQUIRES: nothing is owed.
  void one_by_one() noexcept;
  /// Queues a NOOP behind what is wanted. Any proper answer to it shows that the reply before it has ended:
  /// a server that does not stuff dots (RFC 1939 section 3) would send the rest of that message instead.
  void want_proof();
  std::size_t owed() const noexcept;  ///< wanted and not yet returned by next()
  std::size_t withdraw();             ///< forgets what was wanted and not yet sent; returns how many
  Message& next();                    ///< in the order wanted; skips what is left of the one before
  void remove(std::uint32_t number);  ///< queues DELE, behind what is wanted already sent
  /// Waits for the DELE answers. With `then_quit` QUIT goes along and its answer counts. Requires owed() ==
  /// 0. A connection that ends or falls silent with only QUIT unanswered is no error: not committed.
  RemovalResult finish(bool then_quit);
  const Doubt& doubt() const noexcept;              ///< after a throw
  const std::string& last_status() const noexcept;  ///< the last status line's text: for error sentences

 private:
  friend class Message;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mailhaul::pop3
