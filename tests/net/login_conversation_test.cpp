// SPDX-License-Identifier: MIT
// The conversation up to the login, without a network: whole, byte by byte, and cut at every place.
#include "net/login_conversation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "talk.h"
#include "util/base64.h"

namespace {

using namespace mailhaul::net;
using namespace mailhaul::test::talk;
using mailhaul::util::base64_encode;

/// The outcome, which must not depend on how the bytes are cut.
Outcome outcome_of(Auth auth, Tls tls, const Strings& replies) {
  Talk whole(auth, tls);
  const Outcome first = run(whole, replies, std::string::npos);
  std::size_t longest = 1;
  for (const std::string& reply : replies)
    longest = std::max(longest, std::min<std::size_t>(reply.size(), 90));
  // Endless replies are tried in a few large pieces only, because they take long.
  const bool endless =
      std::ranges::any_of(replies, [](const std::string& reply) { return reply.size() > 10'000; });
  for (std::size_t piece = endless ? 88 : 1; piece < longest; ++piece) {
    Talk talk(auth, tls);
    Outcome other = run(talk, replies, piece);
    if (auth == Auth::scram_sha_256) other.sent = first.sent;  // its nonce is random
    CAPTURE(piece);
    CHECK(other == first);
  }
  return first;
}

const std::string plain = base64_encode(std::string("\0anna\0Geheim", 12));

struct Row {
  std::string name;
  Auth auth;
  Strings replies;
  std::string sent;
};

TEST_CASE("logins that work, at every split") {
  const std::string apop = "+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n";
  const std::string token = base64_encode("user=anna\1auth=Bearer Geheim\1\1");
  const std::string bearer =
      base64_encode("n,a=anna,\1host=mail.example.org\1port=995\1auth=Bearer Geheim\1\1");
  const std::string challenge = "+ " + base64_encode("<1896.697170952@postoffice.reston.mci.net>") + "\r\n";
  const std::string cram = base64_encode("anna 5a79ae68eb6cc9d648f2395cadf5caca");
  const std::vector<Row> rows = {
      {"PLAIN", Auth::automatic, {ok, capa({"SASL PLAIN"}), ok}, "CAPA\r\nAUTH PLAIN " + plain + "\r\n"},
      {"lower case and tabs",
       Auth::automatic,
       {ok, capa({"top", "sasl\tlogin\tplain"}), "+ok\r\n"},
       "CAPA\r\nAUTH PLAIN " + plain + "\r\n"},
      {"lines with dots",
       Auth::automatic,
       {ok, capa({"..", "..x", ".y", "SASL PLAIN"}), ok},
       "CAPA\r\nAUTH PLAIN " + plain + "\r\n"},
      {"bare LF",
       Auth::automatic,
       {"+OK\n", "+OK\nUSER\n.\n", "+OK\n", "+OK\n"},
       "CAPA\r\nUSER anna\r\nPASS Geheim\r\n"},
      {"a greeting of two lines",
       Auth::automatic,
       {"+OK hi\r\nand welcome\r\n", capa({}), ok, ok},
       "CAPA\r\nUSER anna\r\nPASS Geheim\r\n"},
      {"no CAPA", Auth::automatic, {ok, "-ERR what\r\n", ok, ok}, "CAPA\r\nUSER anna\r\nPASS Geheim\r\n"},
      {"LOGIN",
       Auth::login,
       {ok, capa({"SASL LOGIN"}), "+ UGFzc3dvcmQ6\r\n", ok},
       "CAPA\r\nAUTH LOGIN " + base64_encode("anna") + "\r\n" + base64_encode("Geheim") + "\r\n"},
      {"LOGIN with questions that are not in base64",
       Auth::login,
       {ok, capa({}), "+ Username:\r\n", "+ Password:\r\n", ok},
       "CAPA\r\nAUTH LOGIN\r\n" + base64_encode("anna") + "\r\n" + base64_encode("Geheim") + "\r\n"},
      {"not listed",
       Auth::plain,
       {ok, capa({"SASL LOGIN"}), "+ \r\n", ok},
       "CAPA\r\nAUTH PLAIN\r\n" + plain + "\r\n"},
      {"+OK for +",
       Auth::plain,
       {ok, capa({}), "+OK go on\r\n", ok},
       "CAPA\r\nAUTH PLAIN\r\n" + plain + "\r\n"},
      {"+ alone", Auth::plain, {ok, capa({}), "+\r\n", ok}, "CAPA\r\nAUTH PLAIN\r\n" + plain + "\r\n"},
      {"+OK for +, twice",
       Auth::login,
       {ok, capa({}), ok, ok, ok},
       "CAPA\r\nAUTH LOGIN\r\n" + base64_encode("anna") + "\r\n" + base64_encode("Geheim") + "\r\n"},
      {"XOAUTH2", Auth::xoauth2, {ok, capa({"SASL XOAUTH2"}), ok}, "CAPA\r\nAUTH XOAUTH2 " + token + "\r\n"},
      {"OAUTHBEARER",
       Auth::oauthbearer,
       {ok, capa({"SASL XOAUTH2 OAUTHBEARER"}), ok},
       "CAPA\r\nAUTH OAUTHBEARER " + bearer + "\r\n"},
      {"CRAM-MD5",
       Auth::cram_md5,
       {ok, capa({"SASL CRAM-MD5"}), challenge, ok},
       "CAPA\r\nAUTH CRAM-MD5\r\n" + cram + "\r\n"},
      {"EXTERNAL",
       Auth::external,
       {ok, capa({"SASL EXTERNAL"}), ok},
       "CAPA\r\nAUTH EXTERNAL " + base64_encode("anna") + "\r\n"},
      {"APOP", Auth::apop, {apop, capa({}), ok}, "CAPA\r\nAPOP anna 4e9b2aa7c8ee8bfb2ebdf3d8ea2bd3d8\r\n"},
      {"UTF8",
       Auth::automatic,
       {ok, capa({"SASL PLAIN", "utf8 USER"}), ok, ok},
       "CAPA\r\nUTF8\r\nAUTH PLAIN " + plain + "\r\n"},
      {"UTF8 is refused",
       Auth::automatic,
       {ok, capa({"UTF8"}), "-ERR not now\r\n", ok, ok},
       "CAPA\r\nUTF8\r\nUSER anna\r\nPASS Geheim\r\n"},
      {"UTF8 in one flight",
       Auth::automatic,
       {ok, capa({"UTF8", "PIPELINING"}), "-ERR no\r\n+OK\r\n", ok},
       "CAPA\r\nUTF8\r\nUSER anna\r\nPASS Geheim\r\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Outcome outcome = outcome_of(row.auth, Tls::implicit, row.replies);
    CHECK(outcome.state == State::logged_in);
    if (row.name == "APOP")
      CHECK(outcome.sent.starts_with("CAPA\r\nAPOP anna "));
    else
      CHECK(outcome.sent == row.sent);
  }
}

TEST_CASE("STLS comes before the login, and what was announced before it does not count") {
  const auto outcome =
      outcome_of(Auth::automatic, Tls::starttls,
                 {ok, capa({"stls", "UTF8", "SASL LOGIN"}), ok, "TLS", capa({"SASL PLAIN"}), ok});
  CHECK(outcome.state == State::logged_in);
  CHECK(outcome.sent == "CAPA\r\nSTLS\r\nCAPA\r\nAUTH PLAIN " + plain + "\r\n");
}

struct Failure {
  std::string name;
  Auth auth;
  Strings replies;
  What what;
  std::string words;
};

TEST_CASE("logins that fail, at every split") {
  const std::string all = capa({"SASL PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER"});
  const std::string reasons = "+ " + base64_encode(R"({"status":"401"})") + "\r\n";
  const std::string no = "-ERR [AUTH] no\r\n", stamp = "+OK <1896.697170952@dbc.mtview.ca.us>\r\n";
  const std::vector<Failure> rows = {
      {"greeting", Auth::automatic, {"-ERR [SYS/TEMP] no\r\n"}, What::greeting_refused, "-ERR [SYS/TEMP] no"},
      {"foreign", Auth::automatic, {"220 smtp\r\n"}, What::foreign_greeting, "220 smtp"},
      {"hung up at CAPA", Auth::automatic, {ok, "END"}, What::capa_unanswered, "the end"},
      {"hung up at CAPA, after two lines of greeting",
       Auth::automatic,
       {ok + "and welcome\r\n", "END"},
       What::capa_unanswered,
       "the end"},
      {"in CAPA", Auth::automatic, {ok, "+OK\r\nTOP\r\n", "END"}, What::capa_unanswered, "the end"},
      {"refused", Auth::automatic, {ok, all, "-ERR [AUTH] wrong\r\n"}, What::refused, "-ERR [AUTH] wrong"},
      {"+ERR", Auth::automatic, {ok, all, "+ERR wrong\r\n"}, What::refused, "+ERR wrong"},
      {"the way",
       Auth::automatic,
       {ok, all, "-ERR unknown command\r\n"},
       What::way_wrong,
       "-ERR unknown command"},
      {"the code",
       Auth::automatic,
       {ok, all, "-ERR [AUTH] unknown command\r\n"},
       What::refused,
       "-ERR [AUTH] unknown command"},
      {"the password",
       Auth::automatic,
       {ok, all, "-ERR bad command or password\r\n"},
       What::refused,
       "-ERR bad command or password"},
      {"before the credentials", Auth::cram_md5, {ok, all, "-ERR no\r\n"}, What::way_refused, "-ERR no"},
      {"no base64",
       Auth::cram_md5,
       {ok, all, "+ !\r\n"},
       What::broken_mechanism,
       "its challenge is not in base64: + !"},
      {"accepted without a challenge",
       Auth::cram_md5,
       {ok, all, ok},
       What::broken_mechanism,
       "its challenge is empty"},
      {"SCRAM, before the password was used",
       Auth::scram_sha_256,
       {ok, all, "-ERR [AUTH] no\r\n"},
       What::name_refused,
       "-ERR [AUTH] no"},
      {"SCRAM, on the line of the command",
       Auth::scram_sha_256,
       {ok, all, "-ERR Protocol error. 14\r\n"},
       What::way_wrong,
       "-ERR Protocol error. 14"},
      {"accepted too early",
       Auth::scram_sha_256,
       {ok, all, ok},
       What::broken_mechanism,
       "its challenge is not a SCRAM challenge"},
      {"asks for more",
       Auth::plain,
       {ok, all, "+ \r\n"},
       What::broken_mechanism,
       "it sends more challenges than the mechanism has"},
      {"nonsense", Auth::plain, {ok, all, "? what\r\n"}, What::odd_answer, "? what"},
      {"hung up", Auth::plain, {ok, all, "END"}, What::hung_up, "the end"},
      {"hung up before", Auth::cram_md5, {ok, all, "END"}, What::lost, "the end"},
      {"hung up after USER", Auth::user, {ok, all, "END"}, What::hung_up_at_name, "the end"},
      {"hung up after AUTH LOGIN", Auth::login, {ok, capa({}), "END"}, What::lost, "the end"},
      {"hung up after its name",
       Auth::login,
       {ok, capa({}), "+ \r\n", "END"},
       What::hung_up_at_name,
       "the end"},
      {"hung up after its name, at once", Auth::login, {ok, all, "END"}, What::lost, "the end"},
      {"hung up after its password",
       Auth::login,
       {ok, capa({}), "+ \r\n", "+ \r\n", "END"},
       What::hung_up,
       "the end"},
      {"hung up after SCRAM's name", Auth::scram_sha_256, {ok, all, "END"}, What::lost, "the end"},
      {"hung up after +OK to UTF8",
       Auth::user,
       {ok, capa({"UTF8"}), ok, "END"},
       What::hung_up_at_name,
       "the end"},
      {"hung up after +OK to UTF8 in one flight",
       Auth::plain,
       {ok, capa({"UTF8", "PIPELINING", "SASL PLAIN"}), ok, "END"},
       What::hung_up,
       "the end"},
      {"hung up at UTF8 in one flight",
       Auth::plain,
       {ok, capa({"UTF8", "PIPELINING", "SASL PLAIN"}), "END"},
       What::utf8_unanswered,
       "the end"},
      {"hung up after PASS", Auth::user, {ok, all, ok, "END"}, What::hung_up, "the end"},
      {"a token", Auth::xoauth2, {ok, all, reasons, "-ERR no\r\n"}, What::refused, "-ERR no"},
      {"a token, in words that are not base64",
       Auth::xoauth2,
       {ok, all, "+ {\"status\":\"401\"}\r\n", "-ERR no\r\n"},
       What::refused,
       "-ERR no"},
      {"a token, and the end", Auth::xoauth2, {ok, all, reasons, "END"}, What::refused, ""},
      {"a token, and +OK", Auth::oauthbearer, {ok, all, reasons, ok}, What::refused, "+OK"},
      {"refused twice", Auth::user, {ok, all, ok, no + "-ERR closing\r\n"}, What::refused, "-ERR [AUTH] no"},
      {"refused, PLAIN", Auth::plain, {ok, all, no + "-ERR closing\r\n"}, What::refused, "-ERR [AUTH] no"},
      {"refused, XOAUTH2", Auth::xoauth2, {ok, all, no + "+OK bye\r\n"}, What::refused, "-ERR [AUTH] no"},
      {"refused, APOP", Auth::apop, {stamp, all, no + "+OK bye\r\n"}, What::refused, "-ERR [AUTH] no"},
      {"refused, CRAM-MD5", Auth::cram_md5, {ok, all, no + "bye\r\n"}, What::way_refused, "-ERR [AUTH] no"},
      {"no timestamp", Auth::apop, {ok}, What::not_offered, ""},
      {"forged timestamp", Auth::apop, {"+OK <1\x80@host>\r\n"}, What::forged_timestamp, ""},
      {"endless line",
       Auth::user,
       {ok, all, std::string(70'000, 'x')},
       What::too_much,
       "a line of more than 64 KiB"},
      {"long line",
       Auth::user,
       {ok, all, std::string(70'000, 'x') + "\r\n"},
       What::too_much,
       "a line of more than 64 KiB"},
      {"endless blanks", Auth::user, {ok, std::string(1'100'000, '\n')}, What::capa_endless, ""},
      {"endless CAPA", Auth::user, {ok, "+OK\r\n", std::string(1'100'000, '\n')}, What::capa_endless, ""},
  };
  for (const Failure& row : rows) {
    CAPTURE(row.name);
    const Outcome outcome = outcome_of(row.auth, Tls::implicit, row.replies);
    CHECK(outcome.state == State::ended);
    CHECK(static_cast<int>(outcome.what) == static_cast<int>(row.what));
    CHECK(outcome.words == row.words);
  }
}

TEST_CASE("a reply of 64 KiB is read, and what follows an answer in the same breath is not believed") {
  Talk talk(Auth::user);
  const std::string words = std::string(65'000, 'x');
  CHECK(run(talk, {ok, capa({}), "+OK " + words + "\r\n", "-ERR " + words + "\r\n"}, 4096).words ==
        "-ERR " + words);
  Talk capable(Auth::automatic, Tls::starttls);
  CHECK(run(capable, {ok, capa({"X-" + words, "STLS"}), ok, "TLS", capa({"X-" + words, "SASL PLAIN"}), ok},
            4096)
            .state == State::logged_in);
  const std::string longest = "-ERR " + std::string(64 * 1024 - 5, 'x');
  for (const std::size_t piece : {longest.size(), longest.size() + 1, longest.size() + 2}) {
    Talk cut(Auth::user);
    CHECK(run(cut, {ok, capa({}), ok, longest + "\r\n"}, piece).words == longest);
  }
  Talk other(Auth::user);
  CHECK(run(other, {ok, capa({}), "+OK\r\n+OK\r\n"}, std::string::npos).what == What::too_much);
  Talk utf8(Auth::user);
  CHECK(run(utf8, {ok, capa({"UTF8"}), "-ERR\r\n+OK\r\n"}, std::string::npos).what == What::too_much);
  Talk stls(Auth::user, Tls::starttls);
  CHECK(run(stls, {ok, capa({"STLS"}), "+OK\r\n+OK\r\n"}, std::string::npos).what == What::clear_text);
  Talk no_stls(Auth::user, Tls::starttls);
  CHECK(run(no_stls, {ok, capa({"STLS"}), "-ERR\r\n+OK\r\n"}, std::string::npos).what == What::clear_text);
}

TEST_CASE("no STLS, no login") {
  for (const auto& reply : {capa({"SASL PLAIN", "XSTLS"}), std::string("-ERR\r\n")}) {
    Talk talk(Auth::automatic, Tls::starttls);
    const auto outcome = run(talk, {ok, reply}, std::string::npos);
    CHECK(outcome.what == What::no_stls);
    CHECK(outcome.sent == "CAPA\r\n");
  }
}

TEST_CASE("credentials that do not fit on the AUTH line go in two steps") {
  Talk talk(Auth::xoauth2);
  talk.login.secret = mailhaul::util::Secret(std::string(8'000, 't'));
  const auto outcome = run(talk, {ok, capa({"SASL XOAUTH2"}), "+ \r\n", ok}, std::string::npos);
  CHECK(outcome.state == State::logged_in);
  CHECK(outcome.sent == "CAPA\r\nAUTH XOAUTH2\r\n" +
                            base64_encode("user=anna\1auth=Bearer " + std::string(8'000, 't') + "\1\1") +
                            "\r\n");
}

TEST_CASE("silence is distinguished from the end, and at CAPA from elsewhere") {
  Talk talk;
  LoginConversation at_capa({talk.endpoint, talk.login, talk.methods}, talk.dialogue);
  at_capa.receive(ok);
  CHECK(at_capa.awaits_capa());
  at_capa.receive("+O");
  CHECK(at_capa.awaits_capa());
  at_capa.receive("K\r\n");
  CHECK(at_capa.awaits_capa());
  at_capa.receive("TOP\r\n");
  CHECK(at_capa.awaits_capa());
  at_capa.fell_silent();
  CHECK(at_capa.end().what == What::capa_unfinished);

  LoginConversation later({talk.endpoint, talk.login, talk.methods}, talk.dialogue);
  later.receive(ok + capa({}));
  CHECK_FALSE(later.awaits_capa());
  later.fell_silent();
  CHECK(later.end().what == What::timed_out);
}

}  // namespace
