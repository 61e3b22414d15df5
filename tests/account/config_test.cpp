// SPDX-License-Identifier: MIT
#include "account/config.h"

#include <doctest/doctest.h>

#include <variant>

#include "fixture.h"

using namespace mailhaul;
using account::Account;
using test::Profile;
using test::work;
using util::Kind;

namespace {

Account only(const Profile& profile) {
  auto config = profile.load();
  REQUIRE(config.accounts.size() == 1);
  return config.accounts.front();
}

std::string source_of(const Account& account) {
  constexpr const char* names[] = {"ask",        "literal",  "command", "file",
                                   "credential", "variable", "netrc",   "keyring"};
  return names[account.secret.index()];
}

std::string two_accounts(const std::string& one, const std::string& other) {
  return "{\"defaults\": {\"deliver\": \"maildir:m\"}, \"accounts\": {\n\"one\": {" + one + "},\n\"two\": {" +
         other + "}}}";
}

}  // namespace

TEST_CASE("an account with only the required keys has the documented defaults") {
  const Profile profile(work("\"enabled\": true"));
  const auto config = profile.load();
  CHECK(config.state_file == "/home/anna/.local/state/mailhaul/state.db");
  CHECK(config.jobs == 8);
  CHECK(config.host_jobs == 2);
  CHECK(config.file.filename() == "F");
  const auto account = only(profile);
  CHECK(account.name == "work");
  CHECK(account.user == "u");
  CHECK(account.server.host == "h");
  CHECK(account.server.tls == net::Tls::implicit);
  CHECK(account.server.effective_port() == 995);
  CHECK(account.server.min_version == net::TlsVersion::v1_2);
  CHECK(account.server.connect_timeout == std::chrono::seconds(30));
  CHECK(account.server.silence == std::chrono::minutes(3));
  CHECK(account.auth == net::Auth::automatic);
  CHECK(source_of(account) == "ask");
  CHECK(delivery::describe(account.deliver.at(0)) == "maildir:/home/anna/m");
  CHECK(account.trace_header);
  CHECK(account.enabled);
  CHECK_FALSE(account.policy.leave_on_server);
  CHECK_FALSE(account.policy.delete_after);
  CHECK(account.policy.order == account::Order::oldest);
}

TEST_CASE("the top level says where the state is and how many accounts are fetched in parallel") {
  Profile profile("{\"state\": \"s.db\", \"jobs\": 3, \"host_jobs\": 1, " + work("").substr(1));
  CHECK(profile.load().state_file == "/home/anna/s.db");
  CHECK(profile.load().jobs == 3);
  CHECK(profile.load().host_jobs == 1);
  profile.sources().state_file = "/elsewhere.db";
  profile.sources().jobs = 5;
  CHECK(profile.load().state_file == "/elsewhere.db");
  CHECK(profile.load().jobs == 5);
  profile.sources().jobs = 0;
  CHECK(profile.said().sentence == "--jobs: must be a whole number from 1 to 1000");
  CHECK(profile.said().kind == Kind::usage);
}

TEST_CASE("mistakes in the file as a whole") {
  const struct {
    std::string text, sentence;
  } rows[] = {
      {"", "F:1:1: the file is empty"},
      {"[]", "F:1:1: must be an object, not an array"},
      {"{}", "F:1:1: \"accounts\" is missing"},
      {"{\"accounts\": {}}", "F:1:14: accounts: contains no account"},
      {"{\"accounts\": []}", "F:1:14: accounts: must be an object, not an array"},
      {"{\"accounts\": {\"a\": 1}}", "F:1:20: accounts.a: must be an object, not a number"},
      {"{\"account\": {}}", "F:1:2: account: unknown key; did you mean \"accounts\"?"},
      {"{\"x\\ty\": 1}", "F:1:2: x\\x09y: unknown key"},
      {"{\"max_size\": 1}", "F:1:2: max_size: belongs in an account or in \"defaults\""},
      {"{\"jobs\": 0}", "F:1:10: jobs: must be a whole number from 1 to 1000"},
      {"{\"jobs\": \"8\"}", "F:1:10: jobs: must be a number, not a string"},
      {"{\"host_jobs\": 1001}", "F:1:15: host_jobs: must be a whole number from 1 to 1000"},
      {"{\"state\": \"\"}", "F:1:11: state: must not be empty"},
      {"{\"defaults\": 1, \"accounts\": {}}", "F:1:14: defaults: must be an object, not a number"},
      {"{\"defaults\":\n {\"max_siez\": 1}, \"accounts\": {}}",
       "F:2:3: defaults.max_siez: unknown key; did you mean \"max_size\"?"},
      {"{\"defaults\":\n {\"max_size\": \"x\"}, \"accounts\": {}}",
       "F:2:15: defaults.max_size: must be a size such as 500k, 10M or 2G"},
      {work("\"sever\": 1"), "F:2:1: accounts.work.sever: unknown key; did you mean \"server\"?"},
      {work("\"user\": \"v\""), "F:2:1: the key \"user\" appears twice"},
      {"{\"accounts\": {\n \"work\": {\"user\": \"u\"}}}",
       "F:2:2: accounts.work: \"server\" and \"deliver\" are missing"},
      {"{\"accounts\": {\n \"fetch\": {}}}",
       "F:2:2: accounts.fetch: 'fetch' is the name of a command; choose another name"},
  };
  for (const auto& row : rows) {
    const auto said = Profile(row.text).said();
    CHECK_MESSAGE(said.sentence == row.sentence, row.text);
    CHECK(said.kind == Kind::config);
  }
}

TEST_CASE("an account's name is safe in a command line and in a file name") {
  const auto named = [](const std::string& name) {
    return Profile(
               "{\"defaults\": {\"server\": \"pop3s://h\", \"user\": \"u\", \"deliver\": \"stdout\"}, "
               "\"accounts\": {\"" +
               name + "\": {}}}")
        .said()
        .sentence;
  };
  for (const auto* name : {"a", "7", "anna@example.org", "A.b_c-d"})
    CHECK_MESSAGE(named(name) == "no error", name);
  for (const auto* name : {"", "-a", ".a", "@a", "a b", "a/b", "\xC3\xA4", "a:"})
    CHECK_MESSAGE(
        named(name).ends_with(
            "an account name consists of letters, digits and the characters . _ @ -, and begins with a "
            "letter or digit"),
        name);
}

TEST_CASE("a missing file is distinguished from a wrong one") {
  Profile profile("{}");
  profile.sources().file = "/nonexistent/config.json";
  CHECK(profile.said().kind == Kind::no_config);
  CHECK(profile.said().sentence == "there is no configuration file /nonexistent/config.json");
}

TEST_CASE("keys that contradict each other are refused") {
  const struct {
    std::string keys, sentence;
  } rows[] = {
      {"\"tls\": \"none\"",
       "F:2:8: accounts.work.tls: cannot be \"none\" where the server has a pop3s:// URL"},
      {"\"delete_after\": \"30d\"",
       "F:2:17: accounts.work.delete_after: has no effect without \"leave_on_server\""},
      {"\"leave_on_server\": false, \"delete_after\": \"30d\"",
       "F:2:43: accounts.work.delete_after: has no effect without \"leave_on_server\""},
      {"\"tls_client_key\": \"k\"", "F:2:19: accounts.work.tls_client_key: needs \"tls_client_cert\""},
      {"\"password\": \"p\", \"netrc\": true",
       "F:2:18: accounts.work.netrc: only one of \"password\", \"password_command\", \"password_file\", "
       "\"password_credential\", \"password_env\", \"netrc\" and \"keyring\" may be set, and \"password\" is "
       "set already"},
      {"\"password_env\": \"p\", \"password_file\": \"f\"",
       "F:2:22: accounts.work.password_file: only one of \"password\", \"password_command\", "
       "\"password_file\", \"password_credential\", \"password_env\", \"netrc\" and \"keyring\" may be set, "
       "and \"password_env\" is set already"},
  };
  for (const auto& row : rows) {
    const auto said = Profile(work(row.keys)).said();
    CHECK_MESSAGE(said.sentence == row.sentence, row.keys);
    CHECK(said.kind == Kind::config);
  }
  CHECK(source_of(only(Profile(work("\"password_env\": \"p\", \"netrc\": false")))) == "variable");
}

TEST_CASE("oauth is a provider or an object, and what it cannot be is said") {
  const std::string where = "F:2:10: accounts.work.oauth";
  const struct {
    std::string keys, sentence;
  } rows[] = {
      {"\"oauth\": \"google\"", "no error"},
      {"\"oauth\": {\"provider\": \"microsoft\", \"client_id\": \"c\", \"tenant\": \"consumers\"}",
       "no error"},
      {"\"oauth\": {\"token_url\": \"https://x/t\", \"device_url\": \"https://x/d\"}", "no error"},
      {"\"oauth\": \"gogle\"", where + ": must be google or microsoft; did you mean \"google\"?"},
      {"\"oauth\": {}",
       where + ": needs \"provider\", or \"token_url\" with \"authorize_url\" or \"device_url\""},
      {"\"oauth\": {\"token_url\": \"https://x/t\"}",
       where + ": needs \"authorize_url\" or \"device_url\" beside \"token_url\""},
      {"\"oauth\": {\"clientid\": 1}",
       "F:2:11: accounts.work.oauth.clientid: unknown key; did you mean \"client_id\"?"},
      {"\"oauth\": {\"token_url\": \"http://x\"}",
       "F:2:24: accounts.work.oauth.token_url: must be an https:// URL"},
      {"\"oauth\": \"google\", \"auth\": \"plain\"",
       "F:2:28: accounts.work.auth: must be auto, xoauth2 or oauthbearer where \"oauth\" is set"},
  };
  for (const auto& row : rows)
    CHECK_MESSAGE(Profile(work(row.keys)).said().sentence == row.sentence, row.keys);
}

TEST_CASE("an account overrides the defaults, the command line both") {
  const auto sizes = [](const std::string& defaults, const std::string& own,
                        const std::vector<account::Override>& options) {
    Profile profile("{\"defaults\": {" + defaults + "}, " + work(own).substr(1));
    profile.sources().overrides = options;
    return only(profile).policy.max_size;
  };
  CHECK(sizes("\"max_size\": 1", "", {}) == 1);
  CHECK(sizes("\"max_size\": 1", "\"max_size\": 2", {}) == 2);
  CHECK(sizes("\"max_size\": 1", "\"max_size\": 2", {{"max_size", "3"}}) == 3);
  CHECK(sizes("\"max_size\": 1", "\"max_size\": 2", {{"max_size", "3"}, {"max_size", "4"}}) == 4);
  CHECK(sizes("", "", {{"max_size", "0"}}) == 0);
}

TEST_CASE("one source of the password replaces another of the defaults") {
  const auto source = [](const std::string& own, const std::vector<account::Override>& options = {}) {
    Profile profile("{\"defaults\": {\"netrc\": true}, " + work(own).substr(1));
    profile.sources().overrides = options;
    return source_of(only(profile));
  };
  CHECK(source("") == "netrc");
  CHECK(source("\"password_file\": \"f\"") == "file");
  CHECK(source("\"netrc\": false") == "ask");
  CHECK(source("\"password_file\": \"f\"", {{"password_env", "E"}}) == "variable");
  CHECK(source("", {{"netrc", "false"}}) == "ask");
}

TEST_CASE("delete_after is ignored where a stronger setting says not to leave messages") {
  const std::string keeping = "\"leave_on_server\": true, \"delete_after\": \"30d\"";
  Profile removed(work(keeping));
  CHECK(only(removed).policy.delete_after == std::chrono::hours(720));
  removed.sources().overrides = {{"leave_on_server", "false"}};
  CHECK_FALSE(only(removed).policy.delete_after);
  const Profile against_defaults("{\"defaults\": {" + keeping + "}, " +
                                 work("\"leave_on_server\": false").substr(1));
  CHECK_FALSE(only(against_defaults).policy.delete_after);
  Profile both(work(""));
  both.sources().overrides = {{"leave_on_server", "true"}, {"delete_after", "1d"}};
  CHECK(only(both).policy.delete_after == std::chrono::hours(24));
}

TEST_CASE("several deliver options together replace the profile's") {
  Profile profile(work(""));
  profile.sources().overrides = {{"deliver", "mbox:a"}, {"deliver", "maildir:b"}, {"deliver", "mbox:c"}};
  const auto account = only(profile);
  REQUIRE(account.deliver.size() == 3);
  CHECK(delivery::describe(account.deliver[0]) == "mbox:/home/anna/a");
  CHECK(delivery::describe(account.deliver[1]) == "maildir:/home/anna/b");
  CHECK(delivery::describe(account.deliver[2]) == "mbox:/home/anna/c");
  profile.sources().overrides = {{"deliver", "mbox:a"}, {"deliver", "mbox:a"}};
  CHECK(profile.said().sentence == "--deliver: a destination appears twice: mbox:/home/anna/a");
}

TEST_CASE("without a file three options are enough, and those missing are named") {
  Profile profile("");
  profile.sources().file.reset();
  profile.sources().overrides = {{"server", "pop3://h"}, {"user", "anna"}, {"deliver", "stdout"}};
  const auto account = only(profile);
  CHECK(account.name == "anna@h");
  CHECK(account.server.tls == net::Tls::starttls);
  CHECK(profile.load().file.empty());
  profile.sources().overrides = {{"user", "anna"}};
  CHECK(profile.said().kind == Kind::usage);
  CHECK(profile.said().sentence == "an account on the command line also needs --server and --deliver");
  CHECK(profile.said().hint ==
        "mailhaul fetch --server pop3s://pop.example.org --user anna --deliver maildir:~/Mail/home");
}

TEST_CASE("a file with a password in it must be private") {
  const struct {
    std::string text;
    bool is_secret;
  } rows[] = {
      {work("\"password\": \"p\""), true},
      {work("\"proxy\": \"http://u:p@h\""), true},
      {work("\"proxy\": \"http://u@h\""), false},
      {work("\"password_file\": \"p\""), false},
      {"{\"defaults\": {\"password\": \"p\"}, " + work("").substr(1), true},
      {"{\"defaults\": {\"proxy\": \"socks5://u:p@h\"}, " + work("").substr(1), true},
  };
  for (const auto& row : rows) {
    const auto said = Profile(row.text, 0644).said();
    CHECK_MESSAGE(said.sentence ==
                      (row.is_secret ? "F holds a password and others may read it (mode 0644)" : "no error"),
                  row.text);
    CHECK_MESSAGE(Profile(row.text, 0600).said().sentence == "no error", row.text);
  }
}

TEST_CASE("files for TLS are not checked here: only their own account may fail") {
  const auto server = only(Profile(work("\"tls_client_cert\": \"c\", \"tls_client_key\": \"gone\""))).server;
  CHECK(server.client_key == "/home/anna/gone");
}

TEST_CASE("every variable that holds a password is known, used or not") {
  const Profile profile(
      "{\"defaults\": {\"password_env\": \"A\"}, \"accounts\": {\"work\": {\"server\": \"pop3s://h\", "
      "\"user\": \"u\", "
      "\"deliver\": \"maildir:/m\", \"password_env\": \"B\", \"enabled\": false}}}");
  CHECK(profile.load().secret_variables == std::vector<std::string>{"A", "B"});
}

TEST_CASE("a mistake in one account leaves the others, and each of its mistakes is told") {
  const Profile profile(
      two_accounts("\"server\": \"pop3s://a\", \"user\": \"u\", \"jobs\": 1, \"timeout\": 1",
                   "\"server\": \"pop3s://b\", \"user\": \"u\""));
  const auto config = profile.load();
  REQUIRE(config.accounts.size() == 1);
  CHECK(config.accounts[0].name == "two");
  REQUIRE(config.mistakes.size() == 2);
  CHECK(config.mistakes[0].account == "one");
  CHECK(std::string(config.mistakes[0].error.what()).ends_with("accounts.one.jobs: unknown key"));
  CHECK(std::string(config.mistakes[1].error.what()).find("accounts.one.timeout: must be") !=
        std::string::npos);
  CHECK(account::names_of(config) == "one, two");
  const std::string names[] = {"two"};
  CHECK(account::mistakes_among(config, names).empty());
  CHECK(account::mistakes_among(config, {}).size() == 2);
  CHECK(account::select(config, {}).size() == 1);
}

TEST_CASE("without a home directory absolute paths are enough") {
  Profile profile(
      "{\"accounts\": {\"a\": {\"server\": \"pop3s://h\", \"user\": \"u\", \"deliver\": \"maildir:/m\"}}}");
  profile.sources().paths = {};
  CHECK(profile.said().sentence == "the home directory, where the state database would be, is not known");
  profile.sources().state_file = "/state.db";
  CHECK(profile.said().sentence == "no error");
  profile.sources().overrides = {{"netrc", "true"}};
  CHECK(profile.said().sentence == "--netrc: the home directory, where .netrc would be, is not known");
  profile.sources().overrides = {{"deliver", "maildir:~/m"}};
  CHECK(profile.said().sentence == "--deliver: the home directory is not known; write an absolute path");
  profile.sources().overrides = {{"deliver", "maildir:m"}};
  CHECK(profile.said().sentence == "--deliver: the home directory is not known; write an absolute path");
}

TEST_CASE("two enabled accounts for one mailbox are refused") {
  const std::string anna = "\"server\": \"pop3s://Pop.example.org\", \"user\": \"anna\"";
  const std::string plain = "\"server\": \"pop3://pop.example.ORG.\", \"user\": \"anna\"";
  const auto said = Profile(two_accounts(anna, plain)).said();
  CHECK(said.kind == Kind::config);
  CHECK(said.sentence == "F:3:1: accounts.two: is the same mailbox as accounts.one");
  CHECK(said.hint == "one account can deliver to several destinations: give \"deliver\" an array");
  const auto fine = [](const std::string& one, const std::string& other) {
    return Profile(two_accounts(one, other)).said().sentence == "no error";
  };
  CHECK(fine(anna, plain + ", \"enabled\": false"));
  CHECK(fine(anna, "\"server\": \"pop3s://pop.example.org\", \"user\": \"Anna\""));
  CHECK(fine("\"server\": \"pop3://localhost:1110\", \"user\": \"a\"",
             "\"server\": \"pop3://localhost:1111\", \"user\": \"a\""));
  CHECK_FALSE(fine("\"server\": \"pop3://[::1]:995\", \"user\": \"a\"",
                   "\"server\": \"pop3s://[0::1]\", \"user\": \"a\""));
  CHECK_FALSE(
      fine("\"server\": \"pop3s://h:1\", \"user\": \"a\"", "\"server\": \"pop3s://h:2\", \"user\": \"a\""));
}

TEST_CASE("with one server for all on the command line only the accounts of the run must differ") {
  Profile profile(two_accounts("\"server\": \"pop3s://a\", \"user\": \"u\"",
                               "\"server\": \"pop3s://b\", \"user\": \"u\""));
  profile.sources().overrides = {{"server", "pop3s://c"}};
  const auto config = profile.load();
  const std::string names[] = {"two"};
  CHECK(account::select(config, names).at(0).server.host == "c");
  try {
    account::select(config, {});
    FAIL("nothing thrown");
  } catch (const util::Error& error) {
    CHECK(std::string(error.what()) == "accounts 'one' and 'two' are the same mailbox");
    CHECK(error.kind() == Kind::config);
  }
}

TEST_CASE("a mailbox is identified by user and host, and on this machine by the port as well") {
  const auto key = [](const std::string& server) {
    return account::mailbox_of(only(Profile("{\"accounts\": {\"a\": {\"server\": \"" + server +
                                            "\", \"user\": \"u\", \"deliver\": \"stdout\"}}}")));
  };
  CHECK(key("pop3s://POP.example.org:7") == account::MailboxKey{"u", "pop.example.org", 0});
  CHECK(key("pop3://127.0.0.2") == account::MailboxKey{"u", "127.0.0.2", 110});
  CHECK(key("pop3s://LOCALHOST") == account::MailboxKey{"u", "localhost", 995});
  CHECK(key("pop3s://mail.localhost:7") == account::MailboxKey{"u", "mail.localhost", 7});
  CHECK(key("pop3://[::1]:7") == account::MailboxKey{"u", "::1", 7});
  CHECK(key("unix:/run/Pop.sock") == account::MailboxKey{"u", "unix:/run/Pop.sock", 0});
  CHECK(key("pop3://127.example.org") == account::MailboxKey{"u", "127.example.org", 0});
}

TEST_CASE("accounts are chosen by name; otherwise all that are enabled") {
  const Profile profile(two_accounts("\"server\": \"pop3s://a\", \"user\": \"u\"",
                                     "\"server\": \"pop3s://b\", \"user\": \"u\", \"enabled\": false"));
  const auto config = profile.load();
  const auto chosen = [&](std::vector<std::string> names) {
    std::string all;
    for (const auto& account : account::select(config, names)) all += account.name + " ";
    return all;
  };
  CHECK(chosen({}) == "one ");
  CHECK(chosen({"two"}) == "two ");
  CHECK(chosen({"two", "one", "two"}) == "two one ");
  try {
    chosen({"tow"});
    FAIL("nothing thrown");
  } catch (const util::Error& error) {
    CHECK(error.kind() == Kind::usage);
    CHECK(std::string(error.what()) == "there is no account 'tow'; did you mean 'two'?");
    CHECK(error.hint() == "accounts: one, two");
  }
  CHECK_THROWS_WITH(chosen({"onw"}), "there is no account 'onw'; did you mean 'one'?");
}
