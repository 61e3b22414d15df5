// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "account/config.h"
#include "fixture.h"

using namespace mailhaul;

namespace {

const std::vector<account::Override> options{
    {"server", "pop3://h"}, {"user", "anna"}, {"tls", "none"}, {"proxy", "http://u:secret@p"}};

std::string in_options(const std::string& hint) { return account::hint_in_options(hint, "anna@h", options); }

}  // namespace

TEST_CASE("a hint names options where the account was given as options") {
  const struct {
    std::string hint, becomes;
  } rows[] = {
      {"write pop3s:// in \"server\", or \"tls\": \"none\" if you really want plain text",
       "write pop3s:// in --server, or --tls none if you really want plain text"},
      {"name the file in \"tls_ca_file\"", "name the file in --tls-ca-file"},
      {"\"max_messages\": 5", "--max-messages 5"},
      {"\"fetch_all\": true, \"leave_on_server\": false", "--fetch-all, --no-leave-on-server"},
      {"\"deliver\": \"mda:procmail -a x\"", "--deliver 'mda:procmail -a x'"},
      {"\"password_command\": [\"pass\"]", "--password-command: [\"pass\"]"},
      {"set \"auth\" to \"auto\"", "set --auth to \"auto\""},
      {"set \"oauth\" to \"google\"", "set \"oauth\" to \"google\""},  // not an option
      {"set \"lock\": \"fcntl\"", "set \"lock\": \"fcntl\""},          // a field of a destination
      {"an open \"server", "an open \"server"},
      {"\"server\":", "--server:"},
      {"", ""},
  };
  for (const auto& row : rows) CHECK_MESSAGE(in_options(row.hint) == row.becomes, row.hint);
}

TEST_CASE("a hint that is a command names the account as it was given, without a secret") {
  CHECK(in_options("mailhaul get anna@h 01 | procmail") ==
        "mailhaul get --server pop3://h --user anna 01 | procmail");
  CHECK(in_options("mailhaul -a anna@h; mailhaul list anna@h") ==
        "mailhaul -a --server pop3://h --user anna; mailhaul list --server pop3://h --user anna");
  CHECK(in_options("mailhaul state rebuild anna@h; mailhaul -a anna@h") ==
        "mailhaul state rebuild anna@h; mailhaul -a --server pop3://h --user anna; mailhaul state takes "
        "accounts "
        "of the configuration file, which mailhaul init writes");
  CHECK(in_options("mailhaul list anna@hundred") == "mailhaul list anna@hundred");
  CHECK(account::hint_in_options("mailhaul list home", "home", options) == "mailhaul list home");
  CHECK(account::hint_in_options("mailhaul list home", "", options) == "mailhaul list home");
}

TEST_CASE("an account without a file is named after its mailbox, or after its address") {
  test::Profile profile("");
  profile.sources().file.reset();
  for (const auto& [user, name] :
       {std::pair("anna", "anna@h"), std::pair("anna@example.org", "anna@example.org")}) {
    profile.sources().overrides = {{"server", "pop3://h"}, {"user", user}, {"deliver", "stdout"}};
    CHECK(profile.load().names == std::vector<std::string>{name});
    CHECK(profile.load().accounts.front().name == name);
  }
}
