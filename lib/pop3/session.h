// SPDX-License-Identifier: MIT
// A POP3 session after the login, as the engine sees it: RFC 1939, with CAPA and PIPELINING of RFC 2449.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/stream.h"
#include "pop3/capabilities.h"
#include "pop3/failure.h"

namespace mailhaul::pop3 {

/// One message of the listing. `bytes` is the server's claim, which is only a hint.
struct Listed {
  std::uint32_t number = 0;
  std::uint64_t bytes = 0;
  std::string uidl;  ///< empty if the server gave none
};

/// What was wrong with a listing that is usable all the same.
struct ListingFaults {
  std::uint32_t malformed_lines = 0;  ///< lines that were left out because they made no sense
  std::string first_malformed_line;   ///< escaped, like all words of the server
  bool may_be_incomplete = false;     ///< the server may have messages that the listing leaves out
  /// Why LIST seems to leave out messages (STAT counts or UIDL names more, or a line is malformed), so that
  /// the run is no success. Escaped; empty if it does not.
  std::string contradiction;
  std::optional<std::string> uidl_refusal;  ///< the server's words if it answered UIDL with -ERR
};

/// A RETR or a TOP that is asked for.
struct Wanted {
  std::uint32_t number = 0;
  std::uint64_t bytes = 0;   ///< the announced size: counts against the window
  bool header_only = false;  ///< TOP n 0; counts for 8 KiB at most
};

class Session;

/// The answer that is being read. Valid until the next call of Session::next(). All words of the server, here
/// and below, are escaped already and cut after 200 bytes.
class Message {
 public:
  const Wanted& wanted() const noexcept { return wanted_; }
  /// The server's words after -ERR; empty if the answer was +OK.
  const std::optional<std::string>& refused() const noexcept { return refused_; }
  /// The next piece, line ends as sent; empty at the end of the message.
  std::optional<std::string_view> read();

 private:
  friend class Session;
  Session* session_ = nullptr;
  Wanted wanted_;
  std::optional<std::string> refused_;
  bool done_ = true;
};

/// What the server said to each DELE, and to QUIT.
struct RemovalResult {
  std::vector<std::uint32_t> accepted;
  std::vector<std::pair<std::uint32_t, std::string>> refused;  ///< number and the server's words
  bool committed = false;     ///< +OK to QUIT: only then are the accepted messages gone (RFC 1939 section 6)
  bool quit_refused = false;  ///< -ERR to QUIT
  std::string quit_answer;    ///< the server's words if it was refused; else why no answer came
};

struct SessionOptions {
  /// What was announced at the login. If this includes PIPELINING, CAPA is sent together with the listing's
  /// commands.
  std::vector<std::string> capabilities = {};
  bool may_pipeline = true;
  bool may_ask_capabilities = true;  ///< false if the server is known to fall silent or hang up at CAPA
  /// Gets '>' commands, '<' status lines, and '*' what followed a status line: "4711 message bytes", "20
  /// lines". They contain no secrets.
  std::function<void(char direction, std::string_view line)> trace = {};
  /// Hides secrets in the server's words, before they are escaped.
  std::function<std::string(std::string_view words)> redact = {};
};

/// Drives a Conversation over a Stream. If the server announced PIPELINING, several commands may be
/// unanswered at a time: at most 2,048 commands, 32 KiB of command text, and as many announced bytes of
/// messages as come in 0.75 s (4 MiB at most). Calls throw Error{temporary | protocol | cancelled}; after
/// that the session cannot be used any more, and doubt() describes the failure. The destructor sends nothing:
/// without QUIT nothing is removed. One thread at a time.
class Session {
 public:
  Session(net::Stream& stream, SessionOptions options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// What was announced at the login, until listing() has asked CAPA once more.
  const Capabilities& capabilities() const noexcept;
  /// Pipelining is announced, and allowed.
  bool pipelining() const noexcept;

  /// Asks STAT, LIST and UIDL (RFC 1939 sections 5 and 7), in one round trip if pipelining allows it. The
  /// messages are in the server's order. REQUIRES: owed() == 0. Throws Error{protocol} when a list has no end
  /// or makes no sense, and net::RefusedError when LIST is refused, or STAT or UIDL for certain temporary
  /// reasons; after a RefusedError the session can go on.
  [[nodiscard]] std::vector<Listed> listing();
  /// What was wrong with the last listing.
  const ListingFaults& listing_faults() const noexcept;

  /// Queues a RETR or TOP; it is sent when the window has room.
  void want(Wanted wanted);
  /// From now on, a command is sent only when the one before it is answered. REQUIRES: owed() == 0.
  void one_by_one() noexcept;
  /// Queues a STAT after everything that is wanted (NOOP if the first answer to STAT had another form than
  /// "+OK 3 2048", or the listing had faults). A proper answer shows that the reply before it has ended: a
  /// server that does not stuff dots (RFC 1939 section 3) would send the rest of that message instead.
  void want_proof();
  /// How many answers are wanted and have not been returned by next().
  std::size_t owed() const noexcept;
  /// Forgets the wanted commands that have not been sent; returns how many.
  std::size_t withdraw();
  /// The next answer, in the order of the commands; skips the rest of the answer before it. REQUIRES: owed()
  /// != 0.
  Message& next();

  /// Queues DELE. It is sent ahead of the wanted commands that have not been sent.
  void remove(std::uint32_t number);
  /// Sends QUIT, and waits for the answers to DELE and QUIT. If the connection ends or falls silent when only
  /// QUIT is unanswered, that is no error: the removals are not committed. REQUIRES: owed() == 0.
  RemovalResult quit();

  /// After a throw: which answer was awaited. If an answer came that nobody asked for: the one before it.
  Awaited awaited() const noexcept;
  /// After a throw: what the failure says about the session.
  const Doubt& doubt() const noexcept;

 private:
  friend class Message;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mailhaul::pop3
