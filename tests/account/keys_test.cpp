// SPDX-License-Identifier: MIT
// Every key, in the file and as an option of the command line: which values it accepts and which it refuses.
#include "account/keys.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "fixture.h"

using namespace mailhaul;
using account::Account;
using test::Profile;
using util::Kind;

namespace {

/// The value of a key that is in force, as JSON on one line.
std::string in_force(const Account& account, std::string_view key) {
  auto text = account::write(account::find_handler(key)->show(account));
  text.erase(std::ranges::remove(text, '\n').begin(), text.end());
  std::string single;
  for (const char c : text)
    if (c != ' ' || !single.ends_with(' ')) single += c;
  return single;
}

const std::string needed = "\"server\": \"pop3://h\", \"user\": \"u\", \"deliver\": \"maildir:m\"";

/// A configuration whose account sets the given key, and whose defaults set the keys in `needed`.
std::string file_with(const std::string& key, const std::string& value) {
  return "{\"defaults\": {" + needed + "},\n\"accounts\": {\"work\": {\"" + key + "\": " + value + "}}}";
}

struct Case {
  std::string key, json, option;  ///< option empty: none, or its form differs
  std::string shown;
};

const std::vector<Case> good{
    {"server", "\"pop3s://Pop.Example.org\"", "pop3s://Pop.Example.org", "\"pop3s://Pop.Example.org:995\""},
    {"server", "\"POP3://h:1110/\"", "POP3://h:1110/", "\"pop3://h:1110\""},
    {"server", "\"pop3s://[2001:DB8:0::1]:995\"", "pop3s://[2001:DB8:0::1]:995",
     "\"pop3s://[2001:db8::1]:995\""},
    {"server", "\"pop3://[fe80::1%eth0]\"", "pop3://[fe80::1%eth0]", "\"pop3://[fe80::1%eth0]:110\""},
    {"server",
     "\"pop3://b\xC3\xBC"
     "cher.example\"",
     "pop3://b\xC3\xBC"
     "cher.example",
     "\"pop3://b\xC3\xBC"
     "cher.example:110\""},
    {"server", "\"unix:~/pop.sock\"", "unix:~/pop.sock", "\"unix:/home/anna/pop.sock\""},
    {"tls", "\"none\"", "none", "\"none\""},
    {"tls", "\"required\"", "required", "\"required\""},
    {"tls_ca_file", "\"~/ca.pem\"", "~/ca.pem", "\"/home/anna/ca.pem\""},
    {"tls_server_name", "\"mail.example.org\"", "mail.example.org", "\"mail.example.org\""},
    {"tls_client_cert", "\"$HOME/c.pem\"", "$HOME/c.pem", "\"/home/anna/c.pem\""},
    {"tls_min_version", "\"1.3\"", "1.3", "\"1.3\""},
    {"tls_pin", "\"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"",
     "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
     "[ \"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]"},
    {"user", "\"anna@example.org\"", "anna@example.org", "\"anna@example.org\""},
    {"password", "\"s3cret\"", "", "\"***\""},
    {"password_command", "[\"pass\", \"show\", \"a b\"]", "pass show 'a b'",
     "[ \"pass\", \"show\", \"a b\"]"},
    {"password_command", "\"~/bin/pw  ~/x\"", "~/bin/pw ~/x", "[ \"/home/anna/bin/pw\", \"~/x\"]"},
    {"password_file", "\"secret//\"", "secret//", "\"/home/anna/secret\""},
    {"password_credential", "\"mail\"", "mail", "\"mail\""},
    {"password_env", "\"MAIL_PW\"", "MAIL_PW", "\"MAIL_PW\""},
    {"netrc", "true", "true", "true"},
    {"keyring", "true", "true", "true"},
    {"password_set", "\"2026-11-01\"", "", "\"2026-11-01\""},
    {"password_valid", "\"90d\"", "", "\"90d\""},
    {"auth", "\"scram-sha-256\"", "scram-sha-256", "\"scram-sha-256\""},
    {"auth", "\"oauthbearer\"", "oauthbearer", "\"oauthbearer\""},
    {"oauth", "\"google\"", "", "{ \"provider\": \"google\"}"},
    {"oauth",
     "{\"client_secret_command\": \"pass show c\", \"token_url\": \"https://x/t\", \"device_url\": "
     "\"https://x/d\"}",
     "",
     "{ \"client_secret_command\": [ \"pass\", \"show\", \"c\" ], \"token_url\": \"https://x/t\", "
     "\"device_url\": "
     "\"https://x/d\"}"},
    {"proxy", "\"socks5h://localhost:1080\"", "socks5h://localhost:1080", "\"socks5h://localhost:1080\""},
    {"proxy", "\"http://u@proxy:3128/\"", "http://u@proxy:3128/", "\"http://u@proxy:3128/\""},
    {"proxy", "\"http://u:p@w@proxy:3128/\"", "", "\"http://u:***@proxy:3128/\""},
    {"proxy", "\"env\"", "env", "\"env\""},
    {"proxy", "\"none\"", "none", "null"},
    {"address_family", "\"any\"", "any", "\"any\""},
    {"address_family", "\"ipv6\"", "ipv6", "\"ipv6\""},
    {"tunnel", "[\"ssh\", \"h\", \"nc\", \"localhost\", \"110\"]", "ssh h nc localhost 110",
     "[ \"ssh\", \"h\", \"nc\", \"localhost\", \"110\"]"},
    {"tunnel", "\"none\"", "none", "null"},
    {"connect_timeout", "\"90s\"", "90s", "\"90s\""},
    {"timeout", "\"1d\"", "1d", "\"1d\""},
    {"min_interval", "\"15m\"", "15m", "\"15m\""},
    {"after_fetch", "[\"notmuch\", \"new\"]", "notmuch new", "[ \"notmuch\", \"new\"]"},
    {"on_trouble", "\"~/bin/tell  ~/x\"", "~/bin/tell ~/x", "[ \"/home/anna/bin/tell\", \"~/x\"]"},
    {"leave_on_server", "true", "true", "true"},
    {"delete_after", "\"never\"", "never", "null"},
    {"max_size", "\"50M\"", "50M", "\"50M\""},
    {"max_size", "1000", "1000", "1000"},
    {"max_size", "0", "0", "0"},
    {"max_messages", "7", "7", "7"},
    {"max_bytes", "\"2G\"", "2G", "\"2G\""},
    {"order", "\"newest\"", "newest", "\"newest\""},
    {"fetch_all", "true", "true", "true"},
    {"deliver", "\"maildir:$HOME/Mail/\"", "maildir:$HOME/Mail/",
     "{ \"kind\": \"maildir\", \"path\": \"/home/anna/Mail\"}"},
    {"deliver", "\"stdout\"", "stdout", "{ \"kind\": \"stdout\"}"},
    {"deliver", "{\"path\": \"/m\", \"kind\": \"mbox\", \"lock\": \"fcntl\"}", "",
     "{ \"kind\": \"mbox\", \"path\": \"/m\", \"lock\": \"fcntl\"}"},
    {"deliver",
     "{\"kind\": \"mda\", \"command\": \"x '%F' y\", \"timeout\": \"9s\", \"from_line\": true, "
     "\"allow_root\": true}",
     "",
     "{ \"kind\": \"mda\", \"command\": [ \"x\", \"%F\", \"y\" ], \"timeout\": \"9s\", \"from_line\": true, "
     "\"allow_root\": true}"},
    {"deliver", "[\"mbox:a\", \"maildir:b\"]", "",
     "[ { \"kind\": \"mbox\", \"path\": \"/home/anna/a\", \"lock\": \"fcntl+dotlock\" }, { \"kind\": "
     "\"maildir\", "
     "\"path\": \"/home/anna/b\" }]"},
    {"trace_header", "false", "false", "false"},
    {"enabled", "false", "", "false"},
};

}  // namespace

TEST_CASE("every key in the file sets its value") {
  for (const auto& row : good) {
    CAPTURE(row.key);
    CAPTURE(row.json);
    const Profile profile(file_with(row.key, row.json));
    REQUIRE(profile.said().sentence == "no error");
    CHECK(in_force(profile.load().accounts.at(0), row.key) == row.shown);
  }
}

TEST_CASE("every key on the command line sets the same value and overrides the file") {
  for (const auto& row : good) {
    if (row.option.empty()) continue;
    CAPTURE(row.key);
    CAPTURE(row.option);
    Profile profile(file_with("user", "\"u\""));
    profile.sources().overrides = {{row.key, row.option}};
    REQUIRE(profile.said().sentence == "no error");
    CHECK(in_force(profile.load().accounts.at(0), row.key) == row.shown);
  }
}

TEST_CASE("the tables above cover every key") {
  std::set<std::string> in_file{"tls_client_key"};  // needs tls_client_cert: tested in config_test.cpp
  std::set<std::string> as_option{"tls_client_key"};
  for (const auto& row : good) {
    in_file.insert(row.key);
    if (!row.option.empty()) as_option.insert(row.key);
  }
  for (const auto& key : account::keys()) {
    CHECK_MESSAGE(in_file.contains(std::string(key.name)), key.name);
    CHECK_MESSAGE(as_option.contains(std::string(key.name)) == key.on_command_line, key.name);
    CHECK_FALSE(key.help.empty());
    CHECK_FALSE(key.fallback.empty());
  }
}

TEST_CASE("an impossible value is refused with its position and with what is possible") {
  const std::string size = "must be a size such as 500k, 10M or 2G";
  const std::string time = "must be a time such as 90s, 15m, 2h or 30d";
  const std::string pin = "must be sha256// and then a SHA-256 hash in base64 (44 characters)";
  const struct {
    std::string key, json, sentence;
  } rows[] = {
      {"server", "7", "must be a string, not a number"},
      {"server", "\"\"", "must not be empty"},
      {"server", "\"a\\u0000b\"", "contains a control character"},
      {"server", "\"pop.example.org\"",
       "has no scheme; write pop3s://HOST (TLS from the first byte) or pop3://HOST (STLS)"},
      {"server", "\"anna:s3cret@h\"",
       "has no scheme; write pop3s://HOST (TLS from the first byte) or pop3://HOST (STLS)"},
      {"server", "\"imaps://h\"",
       "IMAP is not supported; write pop3s:// or pop3:// if the server speaks POP3 as well"},
      {"server", "\"pop3s://anna:s3cret@h\"", "must not contain a user name or password"},
      {"server", "\"pop3s://h/inbox\"",
       "nothing may follow the host and port; write for example pop3s://pop.example.org:995"},
      {"server", "\"pop3s://h?x\"",
       "nothing may follow the host and port; write for example pop3s://pop.example.org:995"},
      {"server", "\"pop3s://\"", "the host is missing; write for example pop3s://pop.example.org"},
      {"server", "\"pop3s://:995\"", "the host is missing; write for example pop3s://pop.example.org"},
      {"server", "\"pop3s://h:\"", "the port must be a number from 1 to 65535"},
      {"server", "\"pop3s://h:0\"", "the port must be a number from 1 to 65535"},
      {"server", "\"pop3s://h:65536\"", "the port must be a number from 1 to 65535"},
      {"server", "\"pop3s://h:pop3\"", "the port must be a number from 1 to 65535"},
      {"server", "\"pop3s://h h\"", "the host name is not valid"},
      {"server", "\"pop3s://-h\"", "the host name is not valid"},
      {"server", "\"pop3s://::1\"",
       "an IPv6 address must be in brackets, for example pop3s://[2001:db8::1]:995"},
      {"server", "\"pop3s://[::1\"", "the ']' after the IPv6 address is missing"},
      {"server", "\"pop3s://[::1]995\"", "only a port may follow the ']'"},
      {"server", "\"pop3s://[h]\"", "the brackets do not contain an IPv6 address"},
      {"server", "\"unix:\"", "the path of the socket is missing"},
      {"server", "\"unix:/" + std::string(107, 'a') + "\"", "the path of a socket has 107 bytes at most"},
      {"server", "\"pop2://h\"", "must begin with pop3s://, pop3:// or unix:"},
      {"address_family", "\"ipv5\"", "must be any, ipv4 or ipv6; did you mean \"ipv4\"?"},
      {"tunnel", "[]", "the command is empty"},
      {"tls", "\"non\"", "must be required or none; did you mean \"none\"?"},
      {"tls", "false", "must be a string, not false"},
      {"tls_ca_file", "\"\"", "must not be empty"},
      {"tls_ca_file", "\"~bert/ca\"",
       "the home directories of other users are not looked up; write an absolute path"},
      {"tls_min_version", "1.2", "must be a string, not a number"},
      {"tls_min_version", "\"1.1\"", "must be 1.2 or 1.3; did you mean \"1.2\"?"},
      {"tls_pin", "\"sha256//AAAA\"", pin},
      {"tls_pin", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"", pin},
      {"tls_pin", "[]", "contains no pin"},
      {"user", "\"a\\nDELE 1\"", "contains a control character"},
      {"user", "null", "must be a string, not null"},
      {"password", "\"s3c\\rret\"", "contains a line end or a NUL"},
      {"password", "\"\"", "must not be empty"},
      {"password", "12345", "must be a string, not a number"},
      {"password_command", "[]", "the command is empty"},
      {"password_command", "\" \"", "the command is empty"},
      {"password_command", "\"pass 'x\"", "a quote is not closed"},
      {"password_command", "{}", "must be a string such as \"pass show mail\" or an array, not an object"},
      {"password_env", "\"A=B\"", "must be the name of an environment variable"},
      {"password_set", "\"2026-02-30\"", "must be a day such as \"2026-11-01\""},
      {"password_set", "\"2026-11-01T00:00:00Z\"", "must be a day such as \"2026-11-01\""},
      {"password_set", "20261101", "must be a string, not a number"},
      {"password_valid", "\"90s\"", "must be a time from 1d to 36500d"},
      {"netrc", "\"true\"", "must be true or false, not a string"},
      {"auth", "\"cram\"",
       "must be auto, user, apop, plain, login, cram-md5, scram-sha-1, scram-sha-256, ntlm, gssapi, "
       "external, xoauth2 or oauthbearer"},
      {"auth", "\"xoauth\"",
       "must be auto, user, apop, plain, login, cram-md5, scram-sha-1, scram-sha-256, ntlm, gssapi, "
       "external, xoauth2 or oauthbearer; did you mean \"xoauth2\"?"},
      {"proxy", "\"ftp://h\"",
       "must begin with socks5h://, socks5://, socks4a://, socks4://, http:// or https://, or be env or "
       "none"},
      {"proxy", "\"u:s3cret@h\"",
       "must begin with socks5h://, socks5://, socks4a://, socks4://, http:// or https://, or be env or "
       "none"},
      {"proxy", "\"http://\"", "the proxy's host is missing"},
      {"proxy", "\"http://u:s3cret@:80\"", "the proxy's host is missing"},
      {"connect_timeout", "30", "must be a string such as \"90s\", not a number"},
      {"connect_timeout", "\"30\"", time},
      {"connect_timeout", "\"0s\"", "must be a time from 1s to 1d"},
      {"timeout", "\"2d\"", "must be a time from 1s to 1d"},
      {"leave_on_server", "\"yes\"", "must be true or false, not a string"},
      {"leave_on_server", "1", "must be true or false, not a number"},
      {"delete_after", "\"30\"", time},
      {"delete_after", "\"0d\"", "must be a time from 1s to 36500d"},
      {"max_size", "\"50MX\"", size},
      {"max_size", "-1", size},
      {"max_size", "true", "must be a string such as \"10M\", not true"},
      {"max_messages", "\"7\"", "must be a number, not a string"},
      {"max_messages", "1.5", "must be a whole number from 0 to 4294967295"},
      {"max_messages", "4294967296", "must be a whole number from 0 to 4294967295"},
      {"order", "\"oldes\"", "must be oldest or newest; did you mean \"oldest\"?"},
      {"fetch_all", "null", "must be true or false, not null"},
      {"deliver", "[]", "contains no destination"},
      {"deliver", "7", "must be a string such as \"maildir:~/Mail/home\", not a number"},
      {"deliver", "\"maildir:\"", "the path is missing (maildir:PATH)"},
      {"deliver", "{\"path\": \"m\"}", "\"kind\" is missing"},
      {"deliver", "{\"kind\": \"mbox\"}", "\"path\" is missing"},
      {"trace_header", "0", "must be true or false, not a number"},
      {"enabled", "\"\"", "must be true or false, not a string"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.json);
    const auto said = Profile(file_with(row.key, row.json)).said();
    const auto column = std::to_string(27 + row.key.size());
    CHECK(said.sentence == "F:2:" + column + ": accounts.work." + row.key + ": " + row.sentence);
    CHECK(said.kind == Kind::config);
    CHECK((said.sentence + said.hint).find("s3c") == std::string::npos);
  }
}

TEST_CASE("the hint names the key's place in the manual") {
  const auto hint = [](const std::string& key, const std::string& json) {
    return Profile(file_with(key, json)).said().hint;
  };
  CHECK(hint("max_size", "-1") == "see \"max_size\" in man mailhaul.json");
  CHECK(hint("deliver", "{\"kind\": \"mda\", \"command\": \"x\", \"timeout\": \"5\"}") ==
        "see \"deliver\" in man mailhaul.json");
  CHECK(hint("deliver", "[\"maildir:m\", 7]") == "see \"deliver\" in man mailhaul.json");
  CHECK(hint("no_such_key", "1") == "see man mailhaul.json");
  CHECK(Profile("{\"jobs\": 0, \"accounts\": {}}").said().hint == "see \"jobs\" in man mailhaul.json");
  const std::string named_as_keys =
      "{\"defaults\": {" + needed + "}, \"accounts\": {\"a.order\": {\"max_size\": -1}}}";
  CHECK(Profile(named_as_keys).said().hint == "see \"max_size\" in man mailhaul.json");
}

TEST_CASE("a mistake inside deliver or an array is reported at its own position") {
  const struct {
    std::string json, sentence;
  } rows[] = {
      {"{\"kind\": \"mailbox\"}", "F:2:43: accounts.work.deliver.kind: must be maildir, mbox, mda or stdout"},
      {"{\"kind\": \"mbox\", \"pth\": \"x\"}",
       "F:2:51: accounts.work.deliver.pth: unknown key; did you mean \"path\"?"},
      {"{\"kind\": \"maildir\", \"path\": \"x\", \"lock\": \"fcntl\"}",
       "F:2:67: accounts.work.deliver.lock: unknown key"},
      {"{\"kind\": \"mbox\", \"path\": 7}",
       "F:2:59: accounts.work.deliver.path: must be a string, not a number"},
      {"{\"kind\": \"mbox\", \"path\": \"x\", \"lock\": \"flock\"}",
       "F:2:72: accounts.work.deliver.lock: must be fcntl+dotlock or fcntl"},
      {"{\"kind\": \"mda\", \"command\": [\"x\", 7]}",
       "F:2:67: accounts.work.deliver.command[1]: must be a string, not a number"},
      {"{\"kind\": \"mda\", \"command\": [\"x\", \"%u\"]}",
       "F:2:61: accounts.work.deliver.command: unknown %u in the command (known: %F %T %a %i %s %%)"},
      {"{\"kind\": \"mda\", \"command\": \"x\", \"timeout\": \"5\"}",
       "F:2:77: accounts.work.deliver.timeout: must be a time such as 90s, 15m, 2h"},
      {"[\"maildir:m\", \"mbox:\"]", "F:2:48: accounts.work.deliver[1]: the path is missing (mbox:PATH)"},
      {"[\"maildir:m\", {\"kind\": \"mbox\", \"path\": \"./m/\"}]",
       "F:2:48: accounts.work.deliver[1]: a destination appears twice: mbox:/home/anna/./m"},
      {"[\"mda:x y\", \"mda:x z\", \"mda:x  y\"]",
       "F:2:57: accounts.work.deliver[2]: a destination appears twice: mda:x"},
      {"[\"stdout\", \"stdout\"]", "F:2:45: accounts.work.deliver[1]: a destination appears twice: stdout"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.json);
    CHECK(Profile(file_with("deliver", row.json)).said().sentence == row.sentence);
  }
}

TEST_CASE("no error quotes a value, which may be a password under the wrong key") {
  for (const auto& key : account::keys()) {
    for (const auto* value :
         {"\"s3cret\"", "\"s3cret:\"", "\"pop3s://s3 cret\"", "\"s3cret://h\"", "[\"s3cret\", 1]",
          "{\"kind\": \"s3cret\"}", "{\"kind\": \"mbox\", \"path\": \"m\", \"lock\": \"s3cret\"}"}) {
      CAPTURE(key.name);
      CAPTURE(value);
      const auto said = Profile(file_with(std::string(key.name), value)).said();
      CHECK((said.sentence + said.hint).find("s3") == std::string::npos);
    }
  }
}

TEST_CASE("an option is refused by its name, with status 64") {
  const struct {
    std::string key, text, sentence;
  } rows[] = {
      {"max_size", "much", "--max-size: must be a size such as 500k, 10M or 2G"},
      {"leave_on_server", "maybe", "--leave-on-server: must be true or false, not a string"},
      {"max_messages", "-3", "--max-messages: must be a whole number from 0 to 4294967295"},
      {"server", "h",
       "--server: has no scheme; write pop3s://HOST (TLS from the first byte) or pop3://HOST (STLS)"},
      {"deliver", "x", "--deliver: unknown delivery kind (kinds: maildir, mbox, mda, stdout)"},
      {"proxy", "http://u:s3cret@h", "--proxy: a password on the command line can be read by other users"},
      {"password", "s3cret", "--password cannot be given on the command line"},
      {"oauth", "{}", "--oauth cannot be given on the command line"},
      {"enabled", "true", "--enabled cannot be given on the command line"},
      {"colour", "red", "--colour cannot be given on the command line"},
      {"delete_after", "30d", "--delete-after: has no effect without --leave-on-server"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.key);
    Profile profile(file_with("user", "\"u\""));
    profile.sources().overrides = {{row.key, row.text}};
    const auto said = profile.said();
    CHECK(said.sentence == row.sentence);
    CHECK(said.kind == Kind::usage);
    CHECK((said.sentence + said.hint).find("s3c") == std::string::npos);
  }
}

TEST_CASE("the names that other programs have for a key lead to it") {
  for (const auto& [name, key] : std::vector<std::pair<std::string, std::string>>{{"username", "user"},
                                                                                  {"host", "server"},
                                                                                  {"port", "server"},
                                                                                  {"ssl", "tls"},
                                                                                  {"keep", "leave_on_server"},
                                                                                  {"folder", "deliver"},
                                                                                  {"mailbox", "deliver"},
                                                                                  {"passwd", "password"},
                                                                                  {"usr", "user"}}) {
    CAPTURE(name);
    const auto said = Profile(file_with(name, "\"s3cret\"")).said();
    CHECK(said.sentence.ends_with("." + name + ": unknown key; did you mean \"" + key + "\"?"));
    const auto other = account::key_elsewhere_called(name);
    CHECK((other.empty() || account::find_handler(other) != nullptr));
  }
  CHECK(account::key_elsewhere_called("colour").empty());
}

TEST_CASE("an option has dashes, and a boolean that is false begins with --no-") {
  CHECK(account::option_name("max_size", "1") == "--max-size");
  CHECK(account::option_name("leave_on_server", "true") == "--leave-on-server");
  CHECK(account::option_name("leave_on_server", "false") == "--no-leave-on-server");
  CHECK(account::option_name("user", "false") == "--user");
}
