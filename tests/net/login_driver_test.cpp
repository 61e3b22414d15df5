// SPDX-License-Identifier: MIT
// The time limits that the driver adds to the conversation. No test waits until one has passed.
#include "net/login_driver.h"

#include "fixture.h"
#include "net/curl_handle.h"
#include "talk.h"

namespace {

using namespace mailhaul::test;
using mailhaul::net::Dialogue;
using mailhaul::net::LoginConversation;
using mailhaul::net::LoginEnd;
using mailhaul::net::LoginLimits;
using mailhaul::net::Trace;
using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

/// Returns how a conversation ends if `change` is applied to its limits after the server's line `at` has
/// arrived. The server has hung up by then, so that a time limit and the end of the connection compete.
LoginEnd::What end_of(const std::string& script, const std::string& at,
                      const std::function<void(LoginLimits&)>& change) {
  ScriptedServer server(transcript(script));
  Session session(server);
  const auto end = Clock::now() + limit;
  LoginLimits limits{.deadline = {end, session.cancel}, .capa_by = end, .utf8_by = end};
  talk::Talk talk;
  const Trace trace = [&](char direction, std::string_view line) {
    if (direction != '<' || line != at) return;
    server.wait_until_quiet();
    change(limits);
  };
  Dialogue dialogue(talk.redactor, trace);
  auto curl = std::make_unique<mailhaul::net::CurlHandle>(session.endpoint, session.cancel, dialogue,
                                                          mailhaul::net::Speaks::nothing);
  REQUIRE(curl->connect(limit).ok());
  mailhaul::net::Wire wire(std::move(curl), "127.0.0.1");
  LoginConversation conversation({session.endpoint, session.login, talk.methods}, dialogue);
  mailhaul::net::converse(wire, conversation, limits);
  REQUIRE(conversation.state() == LoginConversation::State::ended);
  return conversation.end().what;
}

const std::string in_capa = "S: +OK hi\nC: CAPA\nS: +OK\nS: TOP\n";

TEST_CASE("the time ends in the middle of the answer to CAPA, while bytes keep coming") {
  const auto now = [] { return Clock::now() - seconds(1); };
  CHECK(end_of(in_capa, "TOP", [&](LoginLimits& limits) { limits.deadline.at = now(); }) ==
        LoginEnd::What::capa_unfinished);
  CHECK(end_of(in_capa, "TOP", [&](LoginLimits& limits) { limits.capa_by = now(); }) ==
        LoginEnd::What::capa_unfinished);
  CHECK(end_of(in_capa, "TOP", [](LoginLimits&) {}) == LoginEnd::What::capa_unanswered);
}

}  // namespace
