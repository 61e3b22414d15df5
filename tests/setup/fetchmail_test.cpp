// SPDX-License-Identifier: MIT
#include "around.h"

using namespace mailhaul;
using test::read;
using test::refusal;
using test::requires_in;

TEST_CASE("fetchmail: one mailbox that stays on the server, to a program") {
  requires_in(read("fetchmail", R"(# comment
set logfile "/var/log/f"
defaults protocol pop3 timeout 90 sslcertck
poll pop.example.it port 995 uidl
  user "anna@example.it" there with password 'a"b \\x\x21' is anna here ssl keep
  mda "/usr/bin/procmail -d %T"
)"),
              {R"(pop.example.it {"server":"pop3s://pop.example.it","user":"anna@example.it")",
               R"("password_file":"PASSWORDS/pop.example.it","timeout":"90s","leave_on_server":true)",
               R"("command":["/usr/bin/procmail","-d","anna"])", "password a\"b \\x!\n",
               "list /home/anna/.fetchids"});
}

TEST_CASE("fetchmail: several users of one server are accounts of their own") {
  requires_in(
      read("fetchmail", R"(set idfile = "ids" set daemon 300
poll gmx via pop.gmx.net proto pop3 service 995 uidl
  user m@gmx pass x is m here ssl keep limit 1000 fetchlimit 20 mda cat
  user k@gmx pass y is k here ssl nokeep fetchall)"),
      {R"(m@gmx {"server":"pop3s://pop.gmx.net")", R"("max_size":1000,"max_messages":20)",
       "list /home/anna/ids", R"(k@gmx {"server":"pop3s://pop.gmx.net")", R"("leave_on_server":false)",
       R"("command":["/usr/sbin/sendmail","-i","-f","%F","--","k"])", "1: fetchmail runs every 300 seconds"});
}

TEST_CASE("fetchmail: passwords may look like keywords, numbers and comments") {
  struct Row {
    const char *option, *password;
  };
  for (const auto& [option, password] :
       {Row{"pass keep", "keep"}, Row{"pass 4711", "4711"}, Row{"password three#four", "three#four"},
        Row{"pass = \"one two\"", "one two"}, Row{"pass #x\n here", "here"}, Row{"pass a\\tb", "a\tb"},
        Row{"pass '\\101\\0101'", "eA"}, Row{"pass \"q\\\"1\"", "\"q\"1\""}, Row{"pass 'it''s'", "'it''s'"},
        Row{"pass \"abc", "\"abc"}, Row{"pass 'a,b'", "a,b"}})
    requires_in(read("fetchmail", "poll h.example proto pop3 user u " + std::string(option) + " mda cat"),
                {"password " + std::string(password) + "\n"});
}

TEST_CASE("fetchmail: what fetchmail refuses is refused with its line, and no word is quoted") {
  struct Row {
    const char *text, *complaint;
  };
  for (const auto& [text, complaint] :
       {Row{"poll h proto pop3\nuser u pass \"a s3cret", "rc:2: this is not"},
        Row{"poll h proto pop3\nuser u pass \"a b\"s3cret", "rc:2: this is not"},
        Row{"poll h user u\nlimit 5k", "rc:2: limit needs a number"}, Row{"POLL s3cret", "rc:1: this is not"},
        Row{"poll h user u pass x\nproto pop3", "rc:2: protocol is an option of the server"},
        Row{"poll h\ndefaults proto pop3", "rc:2: defaults must come"},
        Row{"poll h nosense", "rc:1: this is not"}, Row{"poll", "poll needs a value"},
        Row{"poll h proto pop3 uidl keep\nuser u pass s3cret ssl", "rc:2: an option of a user comes before"},
        Row{"poll h preconnect x\nuser u", "rc:2: an option of a user comes before"},
        Row{"poll h pass s3cret\nuser u", "rc:2: an option of a user comes before"},
        Row{"poll h is a here user u", "rc:1: an option of a user comes before"},
        Row{"defaults keep\nuser u\npoll h", "rc:2: an option of a user comes before"}}) {
    const auto said = refusal("fetchmail", text);
    requires_in(said, {complaint});
    CHECK(said.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("fetchmail: defaults name the user of an entry that names none") {
  const auto text = read("fetchmail", R"(
defaults proto pop3 user "anna@example.org" is berta here password geheim keep ssl mda "cat %T"
poll a.example is anna here
poll b.example nokeep
poll c.example
poll d.example user z
poll e.example user "foo" here is "bar" there
)");
  requires_in(text,
              {R"(a.example {"server":"pop3s://a.example","user":"anna@example.org")", R"(["cat","anna"])",
               R"(b.example {"server":"pop3s://b.example","user":"anna@example.org")", R"(["cat","berta"])",
               R"("server":"pop3s://c.example","user":"anna@example.org")",
               R"("server":"pop3s://d.example","user":"z")", R"("server":"pop3s://e.example","user":"bar")",
               R"(["cat","foo"])"});
  const auto local = read("fetchmail", R"(
defaults proto pop3 user "anna" here is remo there password geheim mda "cat %T"
poll a.example limit 3
poll b.example user z
)");
  requires_in(local, {R"("server":"pop3://a.example","user":"remo")",
                      R"("server":"pop3://b.example","user":"z")", R"(["cat","anna"])"});
  CHECK(local.find(R"(["cat","z"])") == std::string::npos);
}

TEST_CASE("fetchmail: a missing password is told") {
  const std::string told = "fetchmail asks you for the password of u";
  requires_in(read("fetchmail", "poll h.example proto pop3 user u mda cat"), {"1: " + told});
  for (const std::string options : {"user u pass x", "auth external user u", "user u passwordeval cat"})
    CHECK(read("fetchmail", "poll h.example proto pop3 " + options + " mda cat").find(told) ==
          std::string::npos);
}

TEST_CASE("fetchmail: its list counts without uidl as well, but not with fetchall") {
  const auto text = read("fetchmail", "poll h.example proto pop3 user u pass x keep mda cat");
  requires_in(text, {"list /home/anna/.fetchids"});
  CHECK(text.find("uidl") == std::string::npos);
  for (const std::string keep : {"keep", "nokeep"})
    CHECK(read("fetchmail", "poll h.example proto pop3 uidl user u pass x fetchall mda cat " + keep)
              .find("list ") == std::string::npos);
}

TEST_CASE("fetchmail: a user without a name has the name of who runs fetchmail") {
  requires_in(read("fetchmail", "poll h.example proto pop3 keep pass x mda cat"),
              {R"("user":"anna")", "password x\n", R"("leave_on_server":true)"});
}

TEST_CASE("fetchmail: what has no counterpart is told with its line") {
  const auto text = read("fetchmail", R"(poll drop.example proto pop3
 envelope 1 "X-Envelope-To"
 plugin "ssh %h"
 user drop pass x to info=a sales=b * here
 flush preconnect "x"
poll mail.example proto imap user a
skip old.example proto pop3 user w pass x no sslcertck no keep
)");
  requires_in(text, {"2: envelope is not supported", "mailbox of several people", "5: flush", "5: preconnect",
                     "6: mail.example uses IMAP", "7: fetchmail does not check",
                     R"(drop.example {"enabled":false)", R"(old.example {"enabled":false)"});
}

TEST_CASE("fetchmail: a plugin is a tunnel, with host and port filled in and without a shell") {
  struct Row {
    const char *options, *tunnel;
  };
  for (const auto& [options, tunnel] :
       {Row{R"(plugin "ssh %h nc localhost %p" user u)", R"(["ssh","h.example","nc","localhost","110"])"},
        Row{R"(plugin "ssh -W %h:%p gate" user u ssl)", R"(["ssh","-W","h.example:995","gate"])"},
        Row{R"(via mx.example port 1110 plugin "  relay 50% %h  '%p' $X" user u)",
            R"(["relay","50%","mx.example","'1110'","$X"])"}}) {
    const auto text =
        read("fetchmail", "poll h.example proto pop3 " + std::string(options) + " pass x mda cat");
    requires_in(text, {R"("tunnel":)" + std::string(tunnel)});
    CHECK(text.find("enabled") == std::string::npos);
    CHECK(text.find("plugin") == std::string::npos);
  }
}

TEST_CASE("fetchmail: a plugin at the port of TLS, without ssl, encrypts the connection itself") {
  const std::string entry =
      "poll h.example proto pop3 port 995\nplugin \"openssl s_client -quiet -connect %h:%p\" user u pass x "
      "mda "
      "cat ";
  requires_in(read("fetchmail", entry),
              {R"("server":"pop3://h.example:995","tls":"none")", R"("-connect","h.example:995"])",
               "2: port 995 without ssl: the plugin encrypts the connection to h.example"});
  requires_in(read("fetchmail", entry + "ssl"), {R"({"server":"pop3s://h.example","user")"});
  const auto none =
      read("fetchmail", "poll h.example proto pop3 port 995\nplugin \"none\" user u pass x mda cat");
  requires_in(none, {R"({"enabled":false,"server":"pop3s://h.example","user")",
                     "2: the plugin is not a program that mailhaul can start"});
  CHECK(none.find("encrypts the connection") == std::string::npos);
}

TEST_CASE("fetchmail: a service whose port nobody knows here is told") {
  const std::string entry = " proto pop3 user u pass x mda cat";
  for (const std::string ssl : {"", " ssl"}) {
    const auto text = "poll h.example\nservice mypop" + entry + ssl;
    const std::string url = ssl.empty() ? "pop3://h.example" : "pop3s://h.example";
    requires_in(read("fetchmail", text),
                {R"("server":")" + url + R"(","user")", "2: the service mypop is not known here"});
    const auto notes = setup::find_program("fetchmail")->read("/home/anna/rc", text, test::around()).notes;
    REQUIRE_FALSE(notes.empty());
    CHECK(notes.front().advice == "write its port into \"server\", such as " + url + ":1110");
  }
  for (const std::string known : {"pop3", "pop-3", "pop3s", "1110"})
    CHECK(read("fetchmail", "poll h.example service " + known + entry).find("is not known") ==
          std::string::npos);
}

TEST_CASE("fetchmail: the mail server of this machine has several names, and a second host is told") {
  for (const std::string host :
       {"localhost", "localhost/25", "127.0.0.1/25", "127.0.0.1", "LOCALHOST/smtp"}) {
    const auto text = read("fetchmail", "poll h.example proto pop3 user u pass x smtphost " + host + " keep");
    requires_in(text, {R"("command":["/usr/sbin/sendmail","-i","-f","%F","--","anna"])"});
    CHECK(text.find("enabled") == std::string::npos);
  }
  requires_in(read("fetchmail", "poll h.example proto pop3 user u pass x smtphost other/25 keep"),
              {"fetchmail delivers to other/25", "is switched off"});
  requires_in(
      read("fetchmail", "poll h.example proto pop3 user u pass x\nsmtphost localhost,other keep"),
      {R"("/usr/sbin/sendmail")", "2: fetchmail tries other hosts where localhost does not answer: other"});
}

TEST_CASE("fetchmail: a plugin that cannot be taken over is told, and its account is switched off") {
  for (const std::string plugin : {"", "  ", "none"}) {
    const auto text =
        read("fetchmail", "poll h.example proto pop3\nplugin \"" + plugin + "\" user u pass x mda cat");
    requires_in(text, {R"(h.example {"enabled":false,"server":"pop3://h.example")",
                       "2: the plugin is not a program that mailhaul can start"});
    CHECK(text.find("tunnel") == std::string::npos);
  }
}

TEST_CASE("fetchmail: the names of version 7 are known") {
  requires_in(
      read("fetchmail",
           "poll h.example proto pop3 user u passwordeval \"pass show x\" sslmode wrapped is u here mda cat\n"
           "poll i.example proto pop3 user u passwordfile \"p\" sslmode none is u here mda cat"),
      {R"("server":"pop3s://h.example","user":"u","password_command":["pass","show","x"])",
       R"("server":"pop3://i.example","tls":"none","user":"u","password_file":"/home/anna/p")"});
}

TEST_CASE("fetchmail: what comes from a message is an argument of the shell, never a part of its text") {
  requires_in(
      read("fetchmail", "poll h.example proto pop3 user u pass x is o'hara here mda \"cat | f '%F' %T 50%\""),
      {R"(["/bin/sh","-c","cat | f \"$2\" \"$1\" 50%%","sh","o'hara","%F"])"});
  struct Row {
    const char *mda, *text;
  };
  for (const auto& [mda, text] :
       {Row{"\"cat | f '<%F>'\"", R"("cat | f '<'\"$1\"'>'","sh","%F")"},
        Row{"\"cat | f '-f%F' x\"", R"("cat | f '-f'\"$1\" x","sh","%F")"},
        Row{"'cat | f \"<%F>\" \"%F\"'", R"("cat | f \"<$1>\" \"$1\"","sh","%F")"},
        Row{"\"cat | f '-d%T'\"", R"(["/bin/sh","-c","cat | f '-dberta'"])"},
        Row{"\"sh -c 'cat | f -d %T'\"", R"(["/bin/sh","-c","sh -c 'cat | f -d berta'"])"}})
    requires_in(
        read("fetchmail", "poll h.example proto pop3 user u pass x is berta here mda " + std::string(mda)),
        {text});
}

TEST_CASE("fetchmail: a percent sign in the local name is no placeholder of mailhaul") {
  const std::string entry = "poll h.example proto pop3 user u pass x is '50%a' here ";
  requires_in(read("fetchmail", entry + "keep"), {R"("-f","%F","--","50%%a"])"});
  requires_in(read("fetchmail", entry + "mda \"cat %T\""), {R"(["cat","50%%a"])"});
  requires_in(read("fetchmail", entry + "mda \"cat | f %T\""),
              {R"(["/bin/sh","-c","cat | f \"$1\"","sh","50%%a"])"});
}

TEST_CASE("fetchmail, mpop: no shell inside of the command gets a part of a message as its text") {
  for (const std::string mda : {"sh -c 'cat | f -f %F'", "/bin/bash -c 'f %F'", "ssh host f -f %F"}) {
    const auto fetchmail =
        read("fetchmail", "poll h.example proto pop3 user u pass x is berta here mda \"" + mda + "\"");
    const auto mpop = read("mpop", "account a\nhost h\nuser u\npassword p\ndelivery mda " + mda + "\n");
    for (const auto& text : {fetchmail, mpop}) {
      requires_in(text, {"1: the command that gets the mail of ", "\"enabled\":false", "is switched off"});
      CHECK(text.find("%F") == std::string::npos);
    }
  }
}

TEST_CASE("fetchmail: local names add up, and several make a mailbox of several people") {
  for (const std::string names :
       {"is anna here to berta here", "is a b here", "is to to here", "is a to b"}) {
    CAPTURE(names);
    requires_in(read("fetchmail", "poll h.example proto pop3\nuser u pass p " + names + " mda cat"),
                {R"(h.example {"enabled":false)", "2: h.example is a mailbox of several people"});
  }
  const auto one = read("fetchmail",
                        "defaults proto pop3 is berta here\npoll a.example user u pass x is anna here mda "
                        "\"cat %T\"\npoll b.example user u pass x mda \"cat %T\"");
  requires_in(one, {R"(["cat","anna"])", R"(["cat","berta"])"});
  CHECK(one.find("several people") == std::string::npos);
}

TEST_CASE(
    "fetchmail: what stands there for all entries, and rare options, are told if they are switched on") {
  struct Row {
    const char *text, *option;
  };
  for (const auto& [text, option] :
       {Row{"set logfile /log", "set logfile"}, Row{"set syslog", "set syslog"},
        Row{"set postmaster root", "set postmaster"}, Row{"set softbounce", "set softbounce"}}) {
    const std::string entry = "\npoll h.example proto pop3 user u pass x ssl mda cat";
    requires_in(read("fetchmail", text + entry), {"1: " + std::string(option) + " is not supported"});
  }
  const auto text = read("fetchmail",
                         "set no syslog\npoll h.example proto pop3 tracepolls bad-header reject\n"
                         "user u pass x ssl mda cat rewrite fetchsizelimit 5");
  requires_in(text, {"2: tracepolls is not", "2: bad-header is not", "3: rewrite is not",
                     "3: fetchsizelimit is not"});
  CHECK(text.find("syslog") == std::string::npos);
  CHECK(read("fetchmail", "poll h.example proto pop3 no tracepolls user u pass x ssl mda cat no rewrite")
            .find("not supported") == std::string::npos);
}
