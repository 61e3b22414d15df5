// SPDX-License-Identifier: MIT
// Accounts without TLS, whose passwords other programs do not send as they are.
#include "around.h"

using namespace mailhaul;
using test::read;
using test::requires_in;

TEST_CASE("mpop: an account without TLS and without a login method is switched off") {
  const std::string account = "account a\nuser u\npassword p\ndelivery mbox /m\n";
  for (const std::string more : {"host h.example\n", "host h.example\nauth on\n", "host h.example\nauth\n",
                                 "host h.example\nauth digest-md5\n", "host h.example\ntls off\n",
                                 "host h.example\nproxy_host 127.0.0.1\n", "host 127.example\n"}) {
    CAPTURE(more);
    requires_in(read("mpop", account + more),
                {R"("enabled":false)", R"("tls":"none")",
                 "account a is switched off: without TLS, mpop never sends the password itself"});
  }
  for (const std::string more :
       {"host h.example\ntls on\n", "host h.example\nauth user\n", "host h.example\nauth scram-sha-1\n",
        "host LOCALHOST.\n", "host pop.localhost\n", "host 127.0.0.2\n", "host ::1\n", "socket /run/pop\n"}) {
    CAPTURE(more);
    CHECK(read("mpop", account + more).find("\"enabled\"") == std::string::npos);
  }
}

TEST_CASE("mpop: each account that is switched off is told, with what to do") {
  const auto outcome =
      setup::find_program("mpop")->read("/home/anna/rc",
                                        "defaults\nauth on\npassword p\ndelivery mbox /m\naccount a\nhost "
                                        "h\nuser u\naccount b\nhost i\nuser u\n",
                                        test::around());
  REQUIRE(outcome.notes.size() == 2);
  for (const auto& note : outcome.notes)
    requires_in(note.advice, {R"(remove "tls": "none")", R"("auth")", R"(remove "enabled")"});
}

TEST_CASE("fdm: an account without TLS is told if fdm may have used APOP") {
  const std::string told = "1: without TLS, fdm logs in to h by APOP if the server offers it",
                    end = " user \"u\" pass \"p\"", rule = "\nmatch all action maildir \"/m\"\n";
  const auto text = read("fdm", "account \"a\" pop3 server \"h\"" + end + rule);
  requires_in(text, {told, R"("tls":"none")"});
  CHECK(text.find("\"enabled\"") == std::string::npos);
  for (const auto& account :
       {"pop3s server \"h\"" + end, "pop3 server \"h\"" + end + " starttls",
        "pop3 server \"h\"" + end + " no-apop", "pop3 server \"localhost\"" + end, "pop3 pipe \"x\"" + end}) {
    CAPTURE(account);
    CHECK(read("fdm", "account \"a\" " + account + rule).find("by APOP") == std::string::npos);
  }
}
