// SPDX-License-Identifier: MIT
#include "net/raw_login.h"

#include <algorithm>
#include <array>
#include <string>

#include "util/error.h"

namespace mailhaul::net {

namespace {

constexpr std::size_t longest_answer = 8192;  // RFC 2449 allows 512

/// One line of answer at a time. Nothing may follow it, as nothing was asked: what does is not believed.
class Answers {
 public:
  Answers(Wire& wire, const Deadline& deadline) : wire_(wire), deadline_(deadline) {}

  std::string next() {
    std::string line;
    while (!line.ends_with('\n')) {
      if (line.size() > longest_answer) fail(util::Kind::protocol, "answers the login with an endless line");
      receive(line);
    }
    if (line.find('\n') != line.size() - 1)
      fail(util::Kind::protocol, "answers the login with more than one line");
    return line;
  }

 private:
  void receive(std::string& line) {
    std::array<char, 512> buffer{};
    const auto bytes = wire_.receive(buffer);
    if (bytes == 0U) {
      throw util::Error(util::Kind::temporary,
                        "connection to " + wire_.address() + " lost: closed during the login");
    }
    if (bytes)
      line.append(buffer.data(), *bytes);
    else
      wait();
  }

  void wait() {
    if (deadline_.cancel.requested()) {
      throw util::Error(util::Kind::cancelled, "stopped while logging in to " + wire_.address());
    }
    if (deadline_.left().count() <= 0) {
      throw util::Error(util::Kind::temporary, wire_.address() + " did not answer the login in time",
                        "the server is slow or stuck; connect_timeout sets the limit");
    }
    wire_.flush();
    wire_.wait(deadline_.left(), deadline_.cancel.fd());
  }

  [[noreturn]] void fail(util::Kind kind, const std::string& what) const {
    throw util::Error(kind, wire_.address() + " " + what);
  }

  Wire& wire_;
  const Deadline& deadline_;
};

}  // namespace

std::chrono::milliseconds Deadline::left() const {
  return std::chrono::ceil<std::chrono::milliseconds>(at - std::chrono::steady_clock::now());
}

bool raw_login(Wire& wire, const Login& login, Dialogue& dialogue, const Deadline& deadline) {
  Answers answers(wire, deadline);
  const std::array<util::Secret, 2> commands = {util::Secret("USER " + login.user + "\r\n"),
                                                util::Secret("PASS " + login.secret.reveal() + "\r\n")};
  for (const util::Secret& command : commands) {
    dialogue.sent(command.reveal());
    wire.queue(command.reveal());
    const std::string answer = answers.next();
    dialogue.received(answer);
    if (answer.starts_with("-ERR")) return false;
    if (!answer.starts_with("+OK")) {
      throw util::Error(
          util::Kind::protocol,
          wire.address() + " answers the login with neither +OK nor -ERR: " + dialogue.shown(answer),
          "the server, or something in between, breaks the protocol: ask its administrator");
    }
  }
  return true;
}

}  // namespace mailhaul::net
