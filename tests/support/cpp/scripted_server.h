// SPDX-License-Identifier: MIT
// A server on an ephemeral loopback port that says what a test tells it to say, over TCP or TLS.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/cpp/certificates.h"

namespace mailhaul::test {

/// The server's end of one connection; used by its script, in a thread of the server. If the client ends the
/// connection, the calls throw Gone, which the server catches, and the script ends quietly.
class Client {
 public:
  struct Gone {};
  class Channel;

  Client(Channel& channel, int number) : channel_(channel), number_(number) {}

  int number() const noexcept { return number_; }  ///< 1 for the first connection, and so on
  void say(std::string_view line);                 ///< with CRLF added
  void send(std::string_view bytes);
  std::string hear();  ///< the next line, without its end; kept in received()
  /// The same; a line that does not begin with `expect` is a mismatch.
  std::string hear(std::string_view expect);
  void swallow(std::size_t bytes);              ///< reads and discards this many bytes
  void start_tls();                             ///< the handshake, after the answer to STLS
  void wait_until_gone();                       ///< says nothing more until the client closes
  void dawdle(std::chrono::milliseconds time);  ///< a slow server: waits, unless the client closes
  void reset();                                 ///< closes with RST

 private:
  Channel& channel_;
  int number_;
};

using Script = std::function<void(Client&)>;

/// A script from a transcript, one line each: "S: +OK hi" is said, "C: CAPA" is expected ("C: AUTH *" is a
/// prefix), "TLS" does the handshake, "HANG" waits until the client closes, "RESET" resets the connection;
/// the end of the script closes it.
Script transcript(std::string_view text);

/// What most sessions begin with: greeting and CAPA with these capabilities.
std::string greeting_and_capa(const std::vector<std::string>& capabilities);

class ScriptedServer {
 public:
  struct Options {
    bool tls = false;           ///< TLS from the first byte
    Certificate certificate{};  ///< needed for TLS of either kind
    std::string client_ca{};    ///< PEM; if not empty, a client certificate of this authority is required
  };

  /// Every connection runs the script in its own thread.
  explicit ScriptedServer(Script script);
  ScriptedServer(Script script, Options options);
  ~ScriptedServer();  ///< cuts all connections and waits for their threads
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const noexcept;
  int connections() const;                    ///< made so far
  std::vector<std::string> received() const;  ///< all lines heard, in order
  /// "expected CAPA, heard AUTH"; must be empty at the end of a test.
  std::vector<std::string> mismatches() const;
  void wait_until_quiet();  ///< until the scripts of all connections made so far have ended

  struct Shared;  // what the threads share

 private:
  std::unique_ptr<Shared> shared_;
};

}  // namespace mailhaul::test
