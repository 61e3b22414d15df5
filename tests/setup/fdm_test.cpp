// SPDX-License-Identifier: MIT
// What fdm leaves on the server, and its options.
#include "around.h"

using namespace mailhaul;
using test::read;
using test::requires_in;

namespace {

const std::string stays = "\"leave_on_server\":true", all_stays = "mailhaul leaves all of it there";

/// An account, two actions, and rules.
std::string with_rules(const std::string& rules, const std::string& account = "") {
  return "account \"a\" pop3s server \"h\" user \"u\" pass \"p\" new-only cache \"~/c\" " + account +
         "\naction \"in\" maildir \"~/Mail\"\naction \"leave\" keep\naction \"both\" { maildir \"~/Mail\" "
         "keep }\n" +
         rules;
}

}  // namespace

TEST_CASE("fdm: mail that an action keeps stays on the server") {
  for (const std::string rules :
       {"match all actions { \"in\" \"leave\" }", "match all action \"both\"",
        "match all action { maildir \"~/Mail\" keep }",
        "match all action \"leave\" continue match all action \"in\"",
        "match all action \"in\" continue match all action \"leave\"",
        "match \"x\" in body action \"leave\" continue match account \"a*\" action \"both\"",
        "match all actions { \"in\" \"lea*\" }",
        "action \"copy-a\" keep match all actions { \"in\" \"copy-%a\" }",
        "match all actions { \"in\" \"copy-%[account]\" } action \"copy-a\" keep"}) {
    CAPTURE(rules);
    const auto text = read("fdm", with_rules(rules));
    requires_in(text, {stays, "maildir:/home/anna/Mail"});
    CHECK(text.find(all_stays) == std::string::npos);
    CHECK(text.find("\"enabled\"") == std::string::npos);
  }
}

TEST_CASE("fdm: an action that names one that keeps mail keeps it, and a circle of them ends") {
  std::string circle = "action \"c\" {";
  for (int n = 0; n < 500; ++n) circle += " action \"c\"";
  const auto text = read("fdm", with_rules(circle + " action \"both\" }\nmatch all action \"c\""));
  requires_in(text, {stays, ": action is not supported", "account a is switched off"});
}

TEST_CASE("fdm: a cache may be named by a tag of the home directory") {
  for (const std::string cache : {"%h/.fdm.cache", "%[home]/.fdm.cache", "~/.fdm.cache"})
    requires_in(read("fdm", "account \"a\" pop3s server \"h\" user \"u\" pass \"p\" new-only cache \"" +
                                cache + "\" keep\nmatch all action { maildir \"~/Mail\" }\n"),
                {"list /home/anna/.fdm.cache\n"});
}

TEST_CASE("fdm: mail that no rule keeps is removed") {
  for (const std::string rules :
       {"match all action \"in\"", "match account \"b\" action \"both\" match all action \"in\"",
        "match account \"b\" and \"x\" in body action \"both\" match all action \"in\"",
        "match all action \"in\" match all action \"both\"",
        "set unmatched-mail drop match all action \"in\" continue"}) {
    CAPTURE(rules);
    const auto text = read("fdm", with_rules(rules));
    requires_in(text, {"\"leave_on_server\":false"});
    CHECK(text.find(all_stays) == std::string::npos);
  }
}

TEST_CASE("fdm: where some rules keep mail, all stays, which is told") {
  for (const std::string rules :
       {"match \"x\" in body action \"leave\" continue\nmatch all action \"in\"",
        "match \"x\" in body action \"in\"\nmatch all action \"both\"",
        "match account \"a\" { match \"x\" in body action \"leave\" }\nmatch all action \"in\""}) {
    CAPTURE(rules);
    const auto text = read("fdm", with_rules(rules));
    requires_in(text, {stays, "some rules of fdm leave mail of a on the server", all_stays});
  }
  requires_in(read("fdm", with_rules("match \"x\" in body action \"leave\"\nmatch all action \"in\"")),
              {"5: some rules of fdm leave mail"});
}

TEST_CASE("fdm: mail that no rule ends with stays on the server, as fdm leaves it there") {
  requires_in(read("fdm", with_rules("match all action \"in\" continue")),
              {stays, "1: no rule of fdm ends with all mail of a", all_stays});
}

TEST_CASE("fdm: an account that keeps its mail needs no rule to do so") {
  const auto text =
      read("fdm", with_rules("match \"x\" in body action \"both\" match all action \"in\"", "keep"));
  requires_in(text, {stays});
  CHECK(text.find(all_stays) == std::string::npos);
}

TEST_CASE("fdm: its timeout is taken over, with units and macros") {
  for (const auto& [set, timeout] :
       {std::pair("set timeout 60", "1m"), std::pair("set timeout 2 minutes", "2m"),
        std::pair("%t = 90\nset timeout %t", "90s"), std::pair("set timeout 5 years", "1d")})
    requires_in(read("fdm", std::string(set) + "\n" + with_rules("match all action \"in\"")),
                {"\"timeout\":\"" + std::string(timeout) + "\""});
  requires_in(read("fdm", "set timeout soon\n" + with_rules("match all action \"in\"")),
              {"1: set timeout is not understood"});
}

TEST_CASE("fdm: a port is a number, a macro or the name of a service") {
  const auto server = [](const std::string& macro, const std::string& port) {
    return read("fdm", macro + "\naccount \"a\" pop3s server \"h\" port " + port +
                           " user \"u\" pass \"p\"\nmatch all action maildir \"/m\"\n");
  };
  for (const auto& [macro, port] :
       {std::pair("", "9955"), std::pair("%port = 9955", "%port"), std::pair("$port = \"9955\"", "$port"),
        std::pair("$port = \"99\"", "\"${port}55\"")}) {
    CAPTURE(port);
    const auto text = server(macro, port);
    requires_in(text, {"\"pop3s://h:9955\""});
    CHECK(text.find("port ") == std::string::npos);
  }
  CHECK(server("", "pop3s").find("not understood") == std::string::npos);
  for (const std::string port : {"0", "65536", "65631", "service"})
    requires_in(server("", port), {"\"pop3s://h\"", "2: the port " + port + " is not understood"});
  requires_in(server("", "$port"), {"2: the macro $port is not set in this file", "\"enabled\":false"});
}

TEST_CASE("fdm: words without a counterpart are told with their lines") {
  for (const std::string option : {"default-user \"anna\"", "purge-after 5", "lock-types fcntl dotlock",
                                   "queue-high 3", "ignore-errors", "no-create"}) {
    const auto name = option.substr(0, option.find(' '));
    const auto text = read("fdm", "\nset " + option + "\n" + with_rules("match all action \"in\""));
    requires_in(text, {"2: set " + name + " is not supported"});
    CHECK(text.find("enabled") == std::string::npos);
  }
  requires_in(read("fdm",
                   "account \"a\" pop3s server \"h\" user \"u\" pass \"p\"\nno-apop\nno-uidl insecure\n"
                   "match all action maildir \"/m\""),
              {"2: no-apop is not", "3: no-uidl is not", "3: insecure is not", R"("deliver":"maildir:/m")"});
}

TEST_CASE("fdm: an mbox that is compressed is told, and nothing is added to its file") {
  const auto plain = read("fdm", with_rules("match all action mbox \"/m/box\" compress"));
  requires_in(plain, {"5: compress is not supported", R"("deliver":"mbox:/m/box")"});
  CHECK(plain.find("enabled") == std::string::npos);
  const auto packed = read("fdm", with_rules("match all action mbox \"/m/box.gz\" compress"));
  requires_in(packed, {"5: compress is not supported", R"("enabled":false)"});
  CHECK(packed.find("mbox:") == std::string::npos);
}

TEST_CASE("fdm: rules inside of rules may name what keeps mail by a macro, or in parts") {
  for (const std::string action : {"$leave", "\"lea\" + \"ve\"", "\"l*e\""}) {
    CAPTURE(action);
    const auto text =
        read("fdm", "$leave = \"leave\"\n" + with_rules("match account \"a\" { match \"x\" in body action " +
                                                        action + " }\nmatch all action \"in\""));
    requires_in(text, {stays, all_stays});
  }
}

TEST_CASE("fdm: an action that is not there switches the account off") {
  const auto text = read("fdm", with_rules("match all actions { \"in\" \"missing\" }"));
  requires_in(text, {stays, "no action is named \"missing\"", "account a is switched off"});
}

TEST_CASE("fdm: a file that exceeds a limit is refused with the limit") {
  std::string macros, accounts, names = "match accounts {";
  for (int n = 0; n < 1002; ++n) {
    const auto number = std::to_string(n);
    macros += "$m" + number + " = \"x\"\n";
    accounts += "account \"a" + number + "\" pop3 server \"h\" user \"u\" pass \"p\"\n";
    names += " \"a" + number + "\"";
  }
  requires_in(test::refusal("fdm", macros), {"rc:1002: there are too many macros"});
  requires_in(test::refusal("fdm", accounts), {"rc:1001: there are too many accounts"});
  requires_in(test::refusal("fdm", names + " }"), {"rc:1: there are too many names in braces"});
  const auto half = "\"" + std::string(40'000, 'x') + "\"";
  requires_in(test::refusal("fdm", "$m = " + half + " + " + half), {"rc:1: the text is too long"});
}

TEST_CASE("fdm: sizes with their units") {
  const auto said = [](const std::string& size) {
    return read("fdm", "set maximum-size " + size + "\n" + with_rules("match all action \"in\""));
  };
  for (const std::string size : {"128M", "128 megabytes", "128 MB", "131072 k", "134217728"})
    requires_in(said(size), {"\"max_size\":134217728"});
  const auto odd = said("many");
  requires_in(odd, {"set maximum-size is not understood"});
  CHECK(odd.find("\"max_size\"") == std::string::npos);
}

TEST_CASE("fdm: a pattern does not name what a rule does without a name") {
  const auto text = read("fdm",
                         "account \"a\" pop3s server \"h\" user \"u\" pass \"p\"\n"
                         "action \"in\" maildir \"~/Mail\"\n"
                         "match account \"b\" action { maildir \"~/Other\" }\nmatch all action \"*\"");
  requires_in(text, {"maildir:/home/anna/Mail"});
  CHECK(text.find("Other") == std::string::npos);
}
