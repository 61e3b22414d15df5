// SPDX-License-Identifier: MIT
// The conversation up to the login, without a network: the test plays the server.
#pragma once
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "net/login_conversation.h"

namespace mailhaul::test::talk {

using namespace mailhaul::net;
using State = LoginConversation::State;
using What = LoginEnd::What;
using Strings = std::vector<std::string>;

inline const std::string ok = "+OK\r\n";

inline std::string capa(const Strings& lines) {
  std::string text = "+OK here it comes\r\n";
  for (const std::string& line : lines) text += line + "\r\n";
  return text + ".\r\n";
}

struct Talk {
  explicit Talk(Auth auth = Auth::automatic, Tls tls = Tls::implicit, std::string_view remembered = {})
      : methods(auth, tls, remembered) {
    endpoint.host = "mail.example.org";
    endpoint.tls = tls;
    login.user = "anna";
    login.secret = mailhaul::util::Secret("Geheim");
    login.auth = auth;
  }
  Endpoint endpoint;
  Login login;
  MethodsToTry methods;
  Redactor redactor;
  Trace trace;
  Dialogue dialogue{redactor, trace};
};

struct Outcome {
  State state = State::reading;
  What what = What::lost;
  std::string sent, words;
  bool operator==(const Outcome&) const = default;
};

/// Lets the server say `reply`, in pieces of `piece` bytes.
inline void receive(LoginConversation& conversation, std::string_view reply, std::size_t piece) {
  for (std::size_t at = 0; at < reply.size(); at += piece) conversation.receive(reply.substr(at, piece));
}

/// Lets the server say each of `replies` when everything before it was answered, in pieces of `piece` bytes;
/// "TLS" stands for the handshake, "END" for the end of the connection.
inline Outcome run(Talk& talk, const Strings& replies, std::size_t piece) {
  LoginConversation conversation({talk.endpoint, talk.login, talk.methods}, talk.dialogue);
  Outcome outcome;
  for (const std::string& reply : replies) {
    if (reply == "TLS") {
      REQUIRE(conversation.state() == State::switching_to_tls);
      conversation.secured();
    } else if (reply == "END") {
      conversation.closed("the end");
    } else {
      receive(conversation, reply, piece);
    }
    outcome.sent += conversation.take_output().reveal();
  }
  outcome.state = conversation.state();
  if (outcome.state == State::ended) {
    outcome.what = conversation.end().what;
    outcome.words = conversation.end().words;
  }
  return outcome;
}

}  // namespace mailhaul::test::talk
