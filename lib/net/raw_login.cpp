// SPDX-License-Identifier: MIT
#include "net/raw_login.h"

#include <algorithm>
#include <array>

#include "util/base64.h"
#include "util/error.h"

namespace mailhaul::net {

namespace {

using util::Error;
using util::Kind;
using util::Secret;

constexpr std::size_t longest_answer = 8192;    // RFC 2449 section 4 allows 512
constexpr std::size_t longest_auth_line = 255;  // with its CRLF: RFC 2449 section 4
constexpr std::chrono::seconds longest_wait_for_words{5};

Secret line_of(const std::string& text) { return Secret(text + "\r\n"); }

}  // namespace

std::chrono::milliseconds Deadline::left() const {
  return std::chrono::ceil<std::chrono::milliseconds>(at - std::chrono::steady_clock::now());
}

bool RawLogin::read_greeting() { return read_answer() == Answer::ok; }

bool RawLogin::user_pass(const Login& login) {
  return ask(line_of("USER " + login.user)) != Answer::no &&
         ask(line_of("PASS " + login.secret.reveal())) != Answer::no;
}

bool RawLogin::xoauth2(const Login& login, bool initial_response) {
  const std::string auth = "AUTH XOAUTH2";
  const Secret credentials(
      util::base64_encode("user=" + login.user + "\1auth=Bearer " + login.secret.reveal() + "\1\1"));
  const Secret at_once = line_of(auth + ' ' + credentials.reveal());
  Answer answer = Answer::challenge;
  if (initial_response && at_once.reveal().size() <= longest_auth_line) {
    answer = ask(at_once);
  } else {
    if (ask(line_of(auth)) == Answer::no) return false;
    answer = ask(line_of(credentials.reveal()));
  }
  if (answer == Answer::challenge) read_why_refused();
  return answer == Answer::ok;
}

/// A challenge after the token says in JSON why it is refused. The -ERR with the server's own words comes
/// only after an empty answer to the challenge. A server that does not send it has refused all the same.
void RawLogin::read_why_refused() {
  send(Secret("\r\n"));
  const auto limit = std::min(deadline_.at, std::chrono::steady_clock::now() + longest_wait_for_words);
  try {
    if (const auto line = read_line(limit)) dialogue_.received(*line);
  } catch (const Error& error) {
    if (error.kind() == Kind::cancelled) throw;
  }
  hung_up_ = false;  // the refusal itself had been received
}

RawLogin::Answer RawLogin::ask(const Secret& command) {
  send(command);
  return read_answer();
}

void RawLogin::send(const Secret& line) {
  dialogue_.sent(line.reveal());
  wire_.queue(line.reveal());
}

RawLogin::Answer RawLogin::read_answer() {
  const auto line = read_line(deadline_.at);
  if (hung_up_) return Answer::no;
  if (!line) {
    throw Error(Kind::temporary, wire_.address() + " did not finish the login in time",
                "the server is slow or stuck; connect_timeout sets the limit");
  }
  dialogue_.received(*line);
  const Transcript& said = dialogue_.transcript();
  if (line->starts_with("+OK")) return Answer::ok;
  if (line->starts_with("-ERR") || said.foreign_greeting()) return Answer::no;
  if (line->starts_with('+') && said.stage() == Transcript::Stage::login) return Answer::challenge;
  throw Error(Kind::protocol,
              wire_.address() + " answered the login with neither +OK nor -ERR: " + dialogue_.shown(*line),
              "the server, or something in between, breaks the protocol: ask its administrator");
}

/// One line; empty: none came in time, or the server hung up. Nothing may follow the line, because nothing
/// was asked: what does is not believed.
std::optional<std::string> RawLogin::read_line(std::chrono::steady_clock::time_point limit) {
  std::string line;
  std::array<char, 512> buffer{};
  while (!line.ends_with('\n')) {
    if (line.size() > longest_answer)
      throw Error(Kind::protocol, wire_.address() + " answered the login with an endless line");
    const auto bytes = wire_.receive(buffer);
    hung_up_ = bytes == 0U;
    if (hung_up_) return std::nullopt;
    if (bytes)
      line.append(buffer.data(), *bytes);
    else if (!wait_until(limit))
      return std::nullopt;
  }
  if (line.find('\n') != line.size() - 1)
    throw Error(Kind::protocol, wire_.address() + " answered the login with more than one line");
  return line;
}

/// False: the time is over.
bool RawLogin::wait_until(std::chrono::steady_clock::time_point limit) {
  if (deadline_.cancel.requested())
    throw Error(Kind::cancelled, "stopped while logging in to " + wire_.address());
  const Deadline wait{limit, deadline_.cancel};
  if (wait.left().count() <= 0) return false;
  wire_.flush();
  wire_.wait(wait.left(), deadline_.cancel.fd());
  return true;
}

}  // namespace mailhaul::net
