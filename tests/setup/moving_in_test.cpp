// SPDX-License-Identifier: MIT
// What all programs have in common: where their files are, netrc, and texts in another character set.
#include "around.h"
#include "support/cpp/temp_dir.h"

using namespace mailhaul;
using test::read;
using test::refusal;
using test::requires_in;

TEST_CASE("the usual files of each program are known") {
  const auto places = test::around();
  const auto files = [&](std::string_view program, const setup::Surroundings& around) {
    std::string all;
    for (const auto& file : setup::find_program(program)->usual_files(around)) all += file.native() + " ";
    return all;
  };
  CHECK(files("fetchmail", places) == "/home/anna/.fetchmailrc /etc/fetchmailrc ");
  CHECK(files("mpop", places) == "/home/anna/.mpoprc /home/anna/.config/mpop/config ");
  CHECK(files("fdm", places) == "/home/anna/.fdm.conf /etc/fdm.conf ");
  auto elsewhere = places;
  elsewhere.variable = [](const std::string& name) -> std::optional<std::string> {
    if (name == "FETCHMAILHOME") return "/srv/fetch";
    return std::nullopt;
  };
  CHECK(files("fetchmail", elsewhere) == "/srv/fetch/fetchmailrc ");
}

namespace {

/// The keys and notes of an account without a password, if ~/.netrc has these lines.
std::string with_netrc(std::string_view program, const std::string& text, const std::string& netrc) {
  const test::TempDir home;
  test::spill(home / ".netrc", netrc);
  auto places = test::around();
  places.home = home.path();
  return test::read(program, text, places);
}

const std::string entry_by_name = "poll gmx via pop.gmx.net proto pop3\nuser anna ssl mda cat",
                  fdm_account =
                      "account \"a\" pop3s server \"h.example\" user \"anna\"\n"
                      "match all action { maildir \"/m\" }\n",
                  mpop_account = "account a\nhost h.example\nuser anna\ntls on\ndelivery mbox /m\n";

}  // namespace

TEST_CASE("a password in netrc is used where mailhaul finds it, under the name of the server") {
  requires_in(with_netrc("fetchmail", entry_by_name, "machine pop.gmx.net login anna password x\n"),
              {"\"netrc\":true"});
  requires_in(with_netrc("fetchmail", entry_by_name,
                         "machine gmx login anna password x\nmachine pop.gmx.net login anna password x\n"),
              {"\"netrc\":true"});
  requires_in(with_netrc("mpop", mpop_account, "machine h.example login anna password x\n"),
              {"\"netrc\":true"});
  requires_in(with_netrc("fdm", fdm_account, "machine h.example login anna password x\n"),
              {"\"netrc\":true"});
}

TEST_CASE("getmail: netrc is used where it has the password, and it comes before one in the file") {
  const std::string options = "[destination]\ntype = Maildir\npath = /m/\n[options]\nuse_netrc = true\n",
                    file =
                        "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = h.example\nusername = anna\n",
                    entry = "machine h.example login anna password x\n";
  requires_in(with_netrc("getmail", file + options, entry), {"\"netrc\":true"});
  const auto both = with_netrc("getmail", file + "password = old\n" + options, entry);
  requires_in(both, {"\"netrc\":true"});
  CHECK(both.find("password old") == std::string::npos);
  const auto own =
      with_netrc("getmail", file + "password = own\n" + options, "machine other login a password x\n");
  requires_in(own, {"password own\n"});
  CHECK(own.find("netrc") == std::string::npos);
  const auto none = with_netrc("getmail", file + options, "machine other login anna password x\n");
  requires_in(none, {"2: ~/.netrc has no password of anna for h.example: getmail looks elsewhere"});
  CHECK(none.find("\"netrc\"") == std::string::npos);
  const auto missing = test::read("getmail", file + options);
  requires_in(missing, {"9: getmail expects the password of anna in /home/anna/.netrc, which is not there"});
  CHECK(missing.find("\"netrc\"") == std::string::npos);
}

TEST_CASE("getmail: a netrc file that mailhaul does not read is told, and a username that only netrc has") {
  const test::TempDir home;
  test::spill(home / "theirs", "machine h login u password x\n");
  auto places = test::around();
  places.home = home.path();
  const std::string file = "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = h\n",
                    options =
                        "[destination]\ntype = Maildir\npath = /m/\n[options]\nuse_netrc = 1\nnetrc_file = "
                        "~/theirs\n";
  const auto text = test::read("getmail", file + "username = u\n" + options, places);
  requires_in(text, {"theirs has the password of u, but mailhaul reads ~/.netrc"});
  CHECK(text.find("\"netrc\"") == std::string::npos);
  const auto stale = test::read("getmail", file + "username = u\npassword = stale\n" + options, places);
  requires_in(stale, {"theirs has the password of u, but mailhaul reads ~/.netrc"});
  CHECK(stale.find("password stale") == std::string::npos);
  places.variable = [&](std::string_view name) {
    return name == "NETRC" ? std::optional<std::string>((home / "theirs").native()) : std::nullopt;
  };
  requires_in(test::read("getmail", file + "username = u\n" + options, places), {"\"netrc\":true"});
  CHECK(test::read("getmail", file + options, places) ==
        "8: the username is in netrc alone, and the file was not taken over\n");
}

TEST_CASE("where NETRC names another file, the note says so") {
  const test::TempDir home;
  test::spill(home / ".netrc", "machine pop.gmx.net login anna password x\n");
  auto places = test::around();
  places.home = home.path();
  places.variable = [](std::string_view name) {
    return name == "NETRC" ? std::optional<std::string>("/other/netrc") : std::nullopt;
  };
  const auto text = test::read("fetchmail", entry_by_name, places);
  requires_in(text, {"has the password of anna, but mailhaul reads the file that NETRC names: /other/netrc"});
  CHECK(text.find("\"netrc\"") == std::string::npos);
}

TEST_CASE("a password that netrc has under another name, or not at all, is told and not asked for there") {
  struct Row {
    const char *netrc, *note;
  };
  for (const auto& [netrc, note] :
       {Row{"machine gmx login anna password x\n",
            "2: ~/.netrc has the password of anna under the name gmx, and mailhaul looks for the server, "
            "pop.gmx.net"},
        Row{"machine gmx login anna password x\nmachine pop.gmx.net login anna password y\n",
            "2: ~/.netrc has the password of anna under the name gmx"},
        Row{"machine other login anna password x\n", "2: ~/.netrc has no password of anna for pop.gmx.net"},
        Row{"machine gmx login \"anna",
            "2: the password of anna is expected in ~/.netrc, which cannot be read"}}) {
    const auto text = with_netrc("fetchmail", entry_by_name, netrc);
    requires_in(text, {note});
    CHECK(text.find("\"netrc\"") == std::string::npos);
  }
  const auto of_fdm = with_netrc("fdm", fdm_account, "machine a login anna password x\n");
  requires_in(of_fdm, {"1: ~/.netrc has no password of anna for h.example"});
  CHECK(of_fdm.find("\"netrc\"") == std::string::npos);
  const auto text = with_netrc("mpop", mpop_account, "machine a login anna password x\n");
  requires_in(text, {"1: ~/.netrc has no password of anna for h.example"});
  CHECK(text.find("\"netrc\"") == std::string::npos);
}

TEST_CASE("an account with a text that is not UTF-8 is told with its line, and not taken over") {
  struct Row {
    const char *program, *text, *note;
  };
  for (const auto& [program, text, note] :
       {Row{"mpop",
            "account a\nhost h\nuser u\npassword p\n# B\xfcro\ndelivery maildir ~/Mail/B\xfcro\naccount "
            "ok\nhost "
            "i\nuser u\npassword p\ndelivery mbox /m\n",
            "6: the account a was not taken over: its \"deliver\" would have a text that is not UTF-8 "
            "(\\xfc)"},
        Row{"fetchmail",
            "poll h.example proto pop3\nuser \"j\\xf6rg\" pass x mda cat\npoll ok proto pop3 user u pass x "
            "mda cat",
            "2: the account h.example was not taken over: its \"user\""},
        Row{"fetchmail",
            "poll h.example proto pop3 user u pass x\nmda \"/bin/take \xfc\"\npoll ok proto pop3 user u pass "
            "x mda cat",
            "2: the account h.example was not taken over: its \"deliver\""},
        Row{"fdm",
            "account \"a\" pop3 server \"h\" user \"u\" pass \"p\"\naccount \"ok\" pop3 server \"i\" user "
            "\"u\" pass "
            "\"p\"\nmatch account \"a\" action maildir \"/m/\xe9t\xe9\"\nmatch all action maildir \"/m\"",
            "3: the account a was not taken over: its \"deliver\""}}) {
    CAPTURE(text);
    const auto made = read(program, text);
    requires_in(made, {note, "ok {\""});
    CHECK(made.find("h.example {") == std::string::npos);
    CHECK(made.find("a {") == std::string::npos);
  }
  const std::string getmail =
      "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = h\nusername = j\xf6rg\npassword = "
      "x\n[destination]\ntype "
      "= Maildir\npath = /m/\n";
  const auto made = read("getmail", getmail);
  requires_in(made, {"4: the account rc was not taken over: its \"user\""});
  CHECK(made.find("{\"") == std::string::npos);
}

TEST_CASE("characters of UTF-8 are taken over as they are, and a password may have any bytes") {
  for (const std::string folder : {"B\xc3\xbcro", "\xe2\x82\xac", "\xf0\x9f\x93\xac", "\xee\x80\x80"})
    requires_in(
        read("mpop", "account a\nhost h\nuser u\npassword p\xfc\ndelivery maildir /m/" + folder + "\n"),
        {"\"deliver\":\"maildir:/m/" + folder + "\"", "password p\xfc\n"});
  for (const std::string folder :
       {"\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\x80", "\xe0\x80\xaf"})
    requires_in(read("mpop", "account a\nhost h\nuser u\npassword p\ndelivery maildir /m/" + folder + "\n"),
                {"5: the account a was not taken over"});
}

TEST_CASE("getmail, mpop: a port is a number from 1 to 65535") {
  const std::string getmail = "[retriever]\ntype = SimplePOP3Retriever\nserver = h\nusername = u\nport = ";
  const std::string mpop = "account a\nhost h\nuser u\nport ";
  for (const std::string port : {"65536", "65646"}) {
    requires_in(refusal("getmail", getmail + port + "\n"), {"rc:5: port must be a number from 1 to 65535"});
    requires_in(refusal("mpop", mpop + port + "\n"), {"rc:4: port must be a number from 1 to 65535"});
  }
  for (const std::string port : {"0", "pop3", ""})
    requires_in(refusal("mpop", mpop + port + "\n"), {"rc:4: port must be a number from 1 to 65535"});
  requires_in(read("mpop", mpop + "1110\ndelivery mbox /m\n"), {"pop3://h:1110"});
  requires_in(read("getmail", getmail + "1110\n[destination]\ntype = Maildir\npath = /m/\n"),
              {"pop3://h:1110"});
}

TEST_CASE("getmail: [DEFAULT] counts for [options] alone, where that section does not say it itself") {
  const std::string defaults = "[DEFAULT]\nport = 1995\ndelete_after = 7\nmax_message_size = 1000\n",
                    rest =
                        "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = h\nusername = u\n"
                        "password = p\n[destination]\ntype = Maildir\npath = /m/\n";
  const auto text = read("getmail", defaults + rest + "[options]\ndelete_after = 30\n");
  requires_in(text, {"\"pop3s://h\"", "\"delete_after\":\"30d\"", "\"max_size\":1000"});
  CHECK(text.find("not known") == std::string::npos);
  const auto without_options = read("getmail", defaults + rest);
  requires_in(without_options, {"\"pop3s://h\""});
  CHECK(without_options.find("delete_after") == std::string::npos);
}

TEST_CASE("getmail: the keys of each section that a destination names are told") {
  const auto text = read("getmail", R"([retriever]
type = SimplePOP3SSLRetriever
server = h
username = u
password = x
[destination]
type = MultiDestination
destinations = ('[e]', '[e]')
[e]
type = Maildir
path = /m/
user = root
filemode = 0640
nonsense = 1
[unused]
user = root
)");
  requires_in(text,
              {"12: user is not supported", "13: filemode is not supported", "14: nonsense is not known"});
  CHECK(text.find("16:") == std::string::npos);
  CHECK(text.find("12: user", text.find("12: user") + 1) == std::string::npos);
}

TEST_CASE("mpop: the hint to eval says what stands in its place") {
  try {
    read("mpop", "account a\neval echo password x\n");
    FAIL("was accepted");
  } catch (const util::Error& error) {
    requires_in(error.hint(), {"replace the line with what the program prints", "use passwordeval"});
  }
}
