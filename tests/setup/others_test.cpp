// SPDX-License-Identifier: MIT
// getmail, mpop and fdm.
#include "around.h"

using namespace mailhaul;
using test::read;
using test::refusal;
using test::requires_in;

TEST_CASE("getmail: a Maildir, a command for the password, removal after a month") {
  requires_in(read("getmail", R"-([retriever]
type = SimplePOP3SSLRetriever
server: pop.example.net
USERNAME = j@example.net
password_command = ("/usr/bin/pass",
  "show", r'a\b' "c", 7,)
ca_certs = /etc/ssl/certs/ca-certificates.crt
[destination]
type = MultiDestination
destinations = ("~/Mail/work/", "[program]", "$HOST/x")
[program]
type = MDA_external
path = ~/bin/take
arguments = ("-f", "%(sender)", "100%%")
unixfrom = true
[options]
read_all = No
delete_after = 30
max_message_size = 1000
delivered_to = false
)-"),
              {R"(rc {"server":"pop3s://pop.example.net","user":"j@example.net")",
               R"x("password_command":["/usr/bin/pass","show","a\\bc","7"])x",
               R"("leave_on_server":true,"delete_after":"30d","max_size":1000)",
               R"("maildir:/home/anna/Mail/work")", R"("mbox:/home/anna/box/x")",
               R"("command":["/home/anna/bin/take","-f","%F","100%%%%"],"from_line":true)",
               "list /home/anna/oldmail-pop.example.net-995-j@example.net"});
}

TEST_CASE("a path in somebody else's home directory is looked up, and never made up") {
  const auto getmail = [](const std::string& path) {
    return read("getmail",
                "[retriever]\ntype = SimplePOP3Retriever\nserver = h\nusername = u\n[destination]\n"
                "type = Maildir\npath = " +
                    path + "\n");
  };
  requires_in(getmail("~root/Mail/"), {"\"deliver\":\"maildir:/root/Mail\""});
  requires_in(
      getmail("~no.such.user/Mail/"),
      {"~no.such.user/Mail is in the home directory of a user who does not exist here", "switched off"});
  requires_in(read("mpop", "account a\nhost h\ntls on\nuser u\ndelivery mbox ~no.such.user/box\n"),
              {"~no.such.user/box is in the home directory of a user", "switched off"});
}

TEST_CASE("getmail: what only Python could evaluate is told, and not evaluated") {
  const auto text =
      read("getmail",
           "[retriever]\ntype = SimplePOP3Retriever\nserver = h\nusername = u\n"
           "password_command = (open('/etc/passwd').read(),)\n[destination]\ntype = Maildir\npath = ~/M/\n");
  requires_in(text, {"5: password_command is not a plain list of strings", R"("tls":"none")",
                     "getmail fetches everything again"});
  CHECK(text.find("\"password_command\"") == std::string::npos);
}

TEST_CASE("getmail: a key that is not known and a missing password are told with their lines") {
  const std::string whole = R"([retriever]
type = SimplePOP3Retriever
server = h
username = u
use_cram_md5 = true
timeout = 60
[destination]
type = Maildir
path = /m/
[options]
delete_afer = 30
only_oldmail_file = x
verbose = 0
delete = on
)";
  const auto text = read("getmail", whole);
  requires_in(text, {"4: getmail reads the password of u from a keyring, or asks for it",
                     "5: use_cram_md5 is not supported", "11: delete_afer is not known",
                     "12: only_oldmail_file is not known", R"("leave_on_server":false)"});
  CHECK(text.find("verbose") == std::string::npos);
  CHECK(read("getmail", whole + "use_netrc = true\n").find("asks a keyring") == std::string::npos);
}

TEST_CASE("getmail: what getmail refuses in a value is refused with its line") {
  for (const auto& [option, complaint] :
       {std::pair("max_message_size = 5M", "rc:6: max_message_size must be a number"),
        std::pair("delete_after = 30d", "rc:6: delete_after must be a number"),
        std::pair("delete = ture", "rc:6: delete must be true or false")})
    requires_in(
        refusal("getmail", "[retriever]\ntype = SimplePOP3Retriever\nserver = h\nusername = u\n[options]\n" +
                               std::string(option) + "\n"),
        {complaint});
}

TEST_CASE("getmail: a destination that is not there is named") {
  const std::string file =
      "[retriever]\ntype = SimplePOP3Retriever\nserver = h\nusername = u\npassword = p\n";
  requires_in(read("getmail", file),
              {"0: the section [destination] is missing, or has no type", "switched off"});
  requires_in(
      read("getmail", file + "[destination]\ntype = MultiDestination\ndestinations = ('/m/', '[nosuch]')\n"),
      {"0: the section [nosuch] is missing, or has no type", "maildir:/m", "switched off"});
}

TEST_CASE("getmail: a line goes on only where it is indented more than its key") {
  for (const std::string key : {"  ", "\t", ""})
    requires_in(
        read("getmail", "[retriever]\n" + key + "type = SimplePOP3SSLRetriever\n" + key + "server = h\n" +
                            key + "username = u\n\n" + key + "password_command = ('a',\n" + key + " 'b')\n" +
                            key + "[destination]\n" + key + "type = Maildir\n" + key + "path = /m/\n"),
        {R"("server":"pop3s://h","user":"u","password_command":["a","b"])", R"("maildir:/m")"});
}

TEST_CASE("getmail: IMAP is left to getmail, and sections that name one another end") {
  CHECK(read("getmail", "[retriever]\ntype = SimpleIMAPSSLRetriever\nserver = h\nusername = u\n") ==
        "2: SimpleIMAPSSLRetriever was not taken over\n");
  const std::string multidrop = "[retriever]\ntype = MultidropPOP3Retriever\nserver = h\n";
  requires_in(read("getmail", multidrop + "username = u\n"), {"taken over, but is switched off"});
  CHECK(read("getmail", multidrop) == "2: server or username is missing, and the file was not taken over\n");
  std::string many =
      "[retriever]\ntype = SimplePOP3Retriever\nserver = h\nusername = u\n[destination]\ntype = "
      "MultiDestination\ndestinations = (";
  for (int n = 0; n < 1000; ++n) many += "'[destination]', ";
  requires_in(read("getmail", many + ")\n"), {"switched off"});
  requires_in(refusal("getmail", "[a]\nx = 1\nx = 2\n"), {"rc:3: a key is given twice"});
  requires_in(refusal("getmail", "x = 1\n"), {"rc:1: there is a key before the first section"});
}

TEST_CASE("mpop: defaults, bases, quotes and durations") {
  const auto text = read("mpop", R"(# comment
defaults
tls on
tls_starttls off
uidls_file ~/u/%U@%H
account base
host mail.example.com
delivery mda "/usr/bin/take '%F'"
keep 1d12h
account anna : base
user anna
password tricky"quote
account berta : anna
user berta
password "two words # no comment"
tls_starttls
proxy_host 127.0.0.1
auth scram-sha-256-plus
skipsize 20m
keep off
account default : anna
)");
  requires_in(
      text,
      {R"(anna {"server":"pop3s://mail.example.com","user":"anna","password_file":"PASSWORDS/anna","leave_on_server":true,"delete_after":"36h")",
       R"("command":["/usr/bin/take","%F"])", "password tricky\"quote\n",
       "list /home/anna/u/anna@mail.example.com",
       R"(berta {"server":"pop3://mail.example.com","user":"berta")",
       R"("auth":"scram-sha-256","proxy":"socks5h://127.0.0.1:1080")", R"("max_size":20971520)",
       "password two words # no comment\n"});
  CHECK(text.find("default {") == std::string::npos);
  CHECK(text.find("base {") == std::string::npos);
}

TEST_CASE("mpop: an account inherits what its base sets, and the rest comes from the defaults of its place") {
  const std::string text =
      "defaults\nkeep off\ntls off\naccount a\nhost localhost\nuser me\npassword p\ndelivery mbox /m\n"
      "tls_starttls off\n"
      "defaults\nkeep on\ntls on\naccount b : a\nuser you\naccount c : b\nuser c\n";
  requires_in(
      read("mpop", text),
      {R"(a {"server":"pop3://localhost","tls":"none","user":"me")", R"("leave_on_server":false)",
       R"(b {"server":"pop3s://localhost","user":"you","password_file":"PASSWORDS/b","leave_on_server":true)",
       R"(c {"server":"pop3s://localhost","user":"c","password_file":"PASSWORDS/c","leave_on_server":true)"});
}

TEST_CASE("mpop: an empty password removes an inherited one") {
  const auto text = read("mpop",
                         "account a\nhost h\ntls on\nuser u\npassword p\ndelivery mbox /m\naccount b : a\n"
                         "host i\npassword \"\"\n");
  requires_in(text, {"password p\n", R"(b {"server":"pop3://i","user":"u","leave_on_server")",
                     "mpop reads the password of u from a keyring, or asks for it"});
}

TEST_CASE("mpop: the proxy's IPv6 address stands in brackets") {
  for (const std::string host : {"::1", "[::1]"})
    requires_in(
        read("mpop", "account a\nhost h\nuser u\npassword p\ndelivery mbox /m\nproxy_host " + host + "\n"),
        {R"("proxy":"socks5h://[::1]:1080")"});
}

TEST_CASE("mpop: a socket of this machine stands in place of host, port and proxy") {
  const auto text = read("mpop", R"(account anna
socket ~/run/pop
host mail.example.com
port 1110
proxy_host 127.0.0.1
user anna
password x
timeout 60
delivery mbox ~/mbox
account berta : anna
user berta
tls on
account carl
socket /run/pop
user carl
password x
delivery mbox ~/mbox
account again : carl
)");
  requires_in(
      text,
      {R"(anna {"server":"unix:/home/anna/run/pop","user":"anna","password_file":"PASSWORDS/anna","timeout":"1m")",
       R"(berta {"enabled":false,"server":"unix:/home/anna/run/pop","user":"berta")",
       "2: mpop uses TLS on the socket /home/anna/run/pop; mailhaul cannot do so",
       R"(carl {"server":"unix:/run/pop","user":"carl")", R"(again {"enabled":false)",
       "account again is switched off, because account carl has the same mailbox"});
  CHECK(text.find("proxy") == std::string::npos);
}

TEST_CASE("mpop: what mpop refuses is refused with its line") {
  requires_in(refusal("mpop", "host h\n"), {"rc:1: the first command"});
  requires_in(refusal("mpop", "account a\nfoo s3cret\n"), {"rc:2: mpop has no such command"});
  requires_in(refusal("mpop", "account a : b\n"), {"rc:1: an account is built on one"});
  requires_in(refusal("mpop", "account a\naccount a\n"), {"rc:2: there are two accounts"});
  requires_in(refusal("mpop", "account a\neval echo x\n"), {"rc:2: eval runs a program"});
}

TEST_CASE("fdm: accounts, macros, and the rules that go by the account alone") {
  const auto text = read("fdm", R"($home = "/home/b"
%n = 12
set verify-certificates
set maximum-size 50M
ifdef $nothing
account "no" pop3 server "x" user "y" pass "z"
endif
cache "${home}/duplicates" expire 1 month
account "gmx" pop3s server "pop.gmx.net" port 995 user "m" + "@gmx" pass $(pass show (x))
   new-only cache "${home}/cache" keep
cache "${home}/others"
account "other" disabled pop3 server "h" user "u" pass "p\"q" starttls
action "in" maildir "%[home]/in"
action "seen" add-to-cache "${home}/duplicates" key "%[message_id]"
action "both" { mbox '/m/box' add-header "X" "y" pipe "take %[subject]" }
match "^List-Id:" in headers action "lists"
match account "g*" action "in" continue
match all action to-cache "${home}/duplicates" key "%[message_id]" continue
match account "gmx" action { pipe "one" keep } continue
match "x" in body action drop
match account "other" action maildir "%h/other"
match all actions { "both" }
)");
  requires_in(
      text,
      {R"-(gmx {"enabled":false,"server":"pop3s://pop.gmx.net","user":"m@gmx","password_command":["/bin/sh","-c","pass show (x)"],"leave_on_server":true,"max_size":52428800)-",
       R"("deliver":["maildir:/home/anna/in",{"kind":"mda","command":["one"]},"mbox:/m/box"])",
       R"("deliver":"maildir:/home/anna/other")", "list /home/b/cache",
       R"(other {"enabled":false,"server":"pop3://h","user":"u")", "password p\"q\n",
       "16: a rule depends on the content", "a path or command depends on the message",
       "account gmx is switched off: it delivers in a way that mailhaul does not know"});
  CHECK(text.find("no {") == std::string::npos);
  CHECK(text.find("account other is switched off") == std::string::npos);
  requires_in(refusal("fdm", "account \"a"), {"rc:1: a quote is not closed"});
  requires_in(refusal("fdm", "foo"), {"rc:1: fdm has no such statement"});
}

TEST_CASE("fdm: a macro that is not set matters only where its value is needed") {
  const std::string account = "account \"a\" pop3 server \"h\" user \"u\" pass \"p\"\n";
  const std::string rule = "match all action maildir \"/m\"\n";
  const auto unused = read("fdm", "set lock-file \"${HOME}/.fdm.lock\"\n" + account + rule);
  requires_in(unused, {R"(a {"server":"pop3://h")", R"("deliver":"maildir:/m")"});
  CHECK(unused.find("macro") == std::string::npos);
  CHECK(unused.find("enabled") == std::string::npos);
  requires_in(
      read("fdm", "$mail = \"${HOME}/mail\"\n" + account + "match all action maildir \"${mail}/a\"\n"),
      {"1: the macro ${HOME} is not set in this file", "3: the macro ${mail} is not set in this file",
       R"(a {"enabled":false)", "account a is switched off"});
  requires_in(read("fdm", "account \"a\" pop3 server \"h\" user $me pass \"p\"\n" + rule),
              {"1: the macro $me is not set in this file", R"(a {"enabled":false)"});
  const auto server =
      read("fdm", "account \"a\" pop3 server \"${x}\" user \"u\" pass \"p\"\n" + account + rule);
  requires_in(server, {"1: the macro ${x} is not set in this file",
                       "1: account a has no server, and was not taken over", "\"pop3://h\""});
}

TEST_CASE("fdm: the user that it delivers as is reported with its line, and is not taken for the login") {
  const auto text = read("fdm", R"(account "pop" user "root" pop3s server "h" user "me" pass "p"
account "more" users { "anna" "bob" } pop3s server "i" user "me" pass "p"
account "net" user "root" pop3s server "h"
action "in" user "bob"
  maildir "/m"
action "two" users { "bob" "carl" } { mbox "/n" }
match account "pop" user "dora" action "in"
match all user "ernst" action "two"
)");
  requires_in(text, {R"(pop {"server":"pop3s://h","user":"me")", R"("deliver":"maildir:/m")",
                     R"(more {"server":"pop3s://i","user":"me")", R"("deliver":"mbox:/n")",
                     "1: fdm delivers as root", "2: fdm delivers as anna, bob", "4: fdm delivers as bob",
                     "6: fdm delivers as bob, carl", "7: fdm delivers as dora", "8: fdm delivers as ernst",
                     "3: the login of account net is in ~/.netrc, and the account was not taken over"});
  CHECK(text.find("content of messages") == std::string::npos);
}

TEST_CASE("fdm: the hint of a refused file is a command that fdm understands") {
  try {
    read("fdm", "foo");
    FAIL("was accepted");
  } catch (const util::Error& error) {
    requires_in(error.hint(), {"fdm -n -f FILE shows"});
  }
}

TEST_CASE("fdm: a program that is the connection is a tunnel") {
  const auto text = read("fdm", R"(account "at work" pop3 pipe "ssh host nc localhost 110" user "u" pass "p"
account "b" pop3 pipe "a | b" user "v" pass "q" keep
match all action maildir "/m"
)");
  requires_in(text, {R"(at-work {"server":"pop3://at-work","tls":"none","user":"u")",
                     R"("tunnel":["ssh","host","nc","localhost","110"])",
                     "1: at work connects through a program, which became its tunnel",
                     R"("tunnel":["/bin/sh","-c","a | b"])", R"("leave_on_server":true)"});
  CHECK(text.find("enabled") == std::string::npos);
  CHECK(text.find("no server") == std::string::npos);
}

TEST_CASE("fdm: each option without a counterpart is told with what to do") {
  const auto outcome = setup::find_program("fdm")->read(
      "/home/anna/rc",
      "set delete-oversized\nset unmatched-mail drop\nset file-umask 077\nset strip-characters \"x\"\n",
      test::around());
  CHECK(outcome.notes.size() == 4);
  for (const auto& note : outcome.notes) CHECK_FALSE(note.advice.empty());
}

TEST_CASE("fdm: a program that does not get the message is no place for it") {
  const auto text = read("fdm", R"(account "a" pop3 server "h" user "u" pass "p"
match all action exec "play bell" continue
match all action maildir "/m/%[year]"
)");
  requires_in(
      text, {R"(a {"enabled":false)", R"("deliver":"maildir:/home/anna/Mail/a")", "2: exec is not supported",
             "3: a path or command depends on the message", "account a is switched off"});
  CHECK(text.find("play bell") == std::string::npos);
}

TEST_CASE("an account does not run while one of its places is missing") {
  for (const auto& [step, is_missing] :
       {std::pair("smtp server \"x\"", true), std::pair("write \"/x\"", true),
        std::pair("imaps server \"x\"", true), std::pair("add-header \"A\" \"b\"", false),
        std::pair("keep", false)}) {
    CAPTURE(step);
    const auto text = read(
        "fdm", "account \"a\" pop3 server \"h\" user \"u\" pass \"p\"\nmatch all action { maildir \"/m\" " +
                   std::string(step) + " }");
    CHECK((text.find("account a is switched off") != std::string::npos) == is_missing);
    requires_in(text, {R"("deliver":"maildir:/m")"});
  }
  requires_in(read("getmail",
                   "[retriever]\ntype = SimplePOP3Retriever\nserver = h\nusername = u\npassword = p\n"
                   "[destination]\ntype = MultiDestination\ndestinations = ('/m/', '[other]')\n"
                   "[other]\ntype = MDA_qmaillocal\n"),
              {"MDA_qmaillocal is not supported", R"("deliver":"maildir:/m")", "is switched off"});
}

TEST_CASE("names are made valid and different, and one mailbox is fetched once") {
  const auto text =
      read("mpop",
           "defaults\nhost h\ntls on\nuser u\ndelivery mbox /m\naccount fetch\naccount \"a b\"\naccount a-b\n"
           "user v\n");
  requires_in(text, {"fetch-2 {\"server\"", "a-b {\"enabled\":false", "a-b-2 {\"server\"",
                     "because account fetch-2 has the same mailbox"});
  const auto ports =
      read("mpop",
           "defaults\nhost H.example\ntls on\nuser u\ndelivery mbox /m\naccount a\nport 110\naccount "
           "b\nport 995\nhost h.example.\n");
  requires_in(ports, {"b {\"enabled\":false"});
  const auto here = read("fetchmail",
                         "poll localhost proto pop3 user u password p mda \"one\"\n"
                         "poll Localhost. port 110 proto pop3 user u password p mda \"two\"\n"
                         "poll localhost port 1110 proto pop3 user u password p mda \"three\"\n");
  CHECK(here.find("is switched off") == here.rfind("is switched off"));
  requires_in(here, {"2: account", " has the same mailbox"});
}
