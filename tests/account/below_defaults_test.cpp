// SPDX-License-Identifier: MIT
// Accounts that a command adds to a file with `defaults`.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "account/config.h"
#include "account/document.h"
#include "fixture.h"

using namespace mailhaul;
using account::Node;
using test::Profile;

namespace {

/// The keys that every account has, and more.
Node new_account(const std::string& server, const std::string& more = "") {
  return account::parse(
      "{\"server\": \"" + server + "\", \"user\": \"u\", \"deliver\": \"maildir:m\"" + more + "}", "A");
}

/// The settings in force of an account below these defaults.
std::string settings_of(const Node& keys, const Node& defaults) {
  Node accounts{.form = Node::Form::object};
  accounts.add("a", keys);
  Node root{.form = Node::Form::object};
  root.add("defaults", defaults).add("accounts", accounts);
  const Profile profile(account::write(root));
  REQUIRE(profile.said().sentence == "no error");
  return account::show(profile.load());
}

const std::string other_defaults = R"({"tls": "none", "tls_min_version": "1.3", "auth": "apop", "netrc": true,
  "proxy": "socks5h://p", "tunnel": "nc h 110", "address_family": "ipv6", "connect_timeout": "1s",
  "timeout": "1s", "min_interval": "1h", "leave_on_server": true, "delete_after": "30d", "max_size": 1,
  "max_messages": 1, "max_bytes": 1, "order": "newest", "fetch_all": true, "trace_header": false,
  "enabled": false})";

}  // namespace

TEST_CASE("defaults do not change an account that was made to stand below them") {
  const Node none{.form = Node::Form::object};
  for (const auto& text : {other_defaults, std::string(R"({"tls": "required", "keyring": true})")})
    for (const auto& keys :
         {new_account("pop3s://h"), new_account("pop3://h"), new_account("unix:/s"),
          new_account("pop3://h", R"(, "tls": "none", "leave_on_server": true)"),
          new_account("pop3://h", R"(, "tunnel": "x", "password_file": "p", "max_size": "2M")"),
          new_account("pop3s://h", R"(, "oauth": "google", "leave_on_server": false, "fetch_all": true)")}) {
      CAPTURE(account::write(keys));
      const auto defaults = account::parse(text, "D");
      const auto own = account::below_defaults(keys, defaults);
      CHECK(settings_of(own, defaults) == settings_of(keys, none));
      CHECK(account::taken_from_defaults(own, defaults).empty());
    }
}

TEST_CASE("an account gets no key that defaults do not set, nor one for another source of its password") {
  const auto keys = new_account("pop3s://h", R"(, "password_env": "P")");
  const auto own =
      account::below_defaults(keys, account::parse(R"({"order": "newest", "netrc": true})", "D"));
  REQUIRE(own.members.size() == keys.members.size() + 1);
  CHECK(own.members.back().key == "order");
  CHECK(own.members.back().value.text == "oldest");
}

TEST_CASE("what has no value that means its default is taken from defaults, and is known") {
  Node defaults{.form = Node::Form::object};
  for (const auto& key : account::keys()) defaults.add(key.name, Node::of("x"));
  const auto taken = [&](const Node& keys) {
    return account::taken_from_defaults(account::below_defaults(keys, defaults), defaults);
  };
  const std::vector<std::string> tls{"tls_ca_file", "tls_server_name", "tls_client_cert", "tls_client_key",
                                     "tls_pin"},
      sources{"password", "password_command", "password_file", "password_credential", "password_env"},
      rest{"password_set", "password_valid", "oauth"};
  auto expected = tls;
  expected.insert(expected.end(), rest.begin(), rest.end());
  CHECK(taken(new_account("pop3s://h", R"(, "password_command": "x")")) == expected);
  expected.insert(expected.begin() + 5, sources.begin(), sources.end());
  CHECK(taken(new_account("pop3s://h")) == expected);
}

TEST_CASE("the programs that defaults run are run for a new account as well") {
  const auto defaults = account::parse(R"({"after_fetch": "x", "on_trouble": "y"})", "D");
  const auto keys = new_account("pop3s://h");
  CHECK(account::below_defaults(keys, defaults).members.size() == keys.members.size());
  CHECK(account::taken_from_defaults(keys, defaults).empty());
}
