// SPDX-License-Identifier: MIT
// What is made from the tables of keys (the schema and `config show`), and the sample that is shipped.
#include <doctest/doctest.h>

#include <filesystem>

#include "account/config.h"
#include "account/document.h"
#include "delivery/spec.h"
#include "fixture.h"

using namespace mailhaul;
using account::Node;
using test::Profile;

namespace {

const Node& at(const Node& node, std::string_view key) {
  const auto* member = node.member(key);
  REQUIRE_MESSAGE(member != nullptr, key);
  return member->value;
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  for (auto found = text.find(from); found != std::string::npos; found = text.find(from, found + to.size()))
    text.replace(found, from.size(), to);
}

const std::string everything = R"({
  "state": "s.db", "jobs": 4, "host_jobs": 3, "log": "syslog", "metrics": "m.prom",
  "defaults": { "max_size": "50M", "trace_header": false },
  "accounts": {
    "one": {
      "server": "pop3s://[2001:db8::1]:7995", "user": "anna", "password": "s3cret",
      "tls_ca_file": "ca", "tls_server_name": "h", "tls_client_cert": "c", "tls_client_key": "k",
      "tls_min_version": "1.3", "tls_pin": ["sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="],
      "auth": "plain", "proxy": "socks5h://u:s3cret@h:1080", "connect_timeout": "10s", "timeout": "20s",
      "leave_on_server": true, "delete_after": "30d", "max_messages": 5, "max_bytes": "1G", "order": "newest",
      "fetch_all": true, "enabled": false,
      "deliver": ["maildir:a", { "kind": "mbox", "path": "b", "lock": "fcntl" },
                  { "kind": "mda", "command": ["x", "%F", ""], "timeout": "9s", "from_line": true }, "stdout"]
    },
    "two": { "server": "pop3://h", "tls": "none", "user": "u", "password_command": "a 'b c'", "deliver": "stdout" },
    "three": { "server": "pop3://i", "user": "u", "password_file": "f", "deliver": "mbox:x" },
    "four": { "server": "pop3://j", "user": "u", "password_env": "E", "deliver": "maildir:y" },
    "five": { "server": "pop3://k", "user": "u", "netrc": true, "deliver": "mda:z" }
  }
})";

}  // namespace

TEST_CASE("the output hides secrets and can be read again as the same configuration") {
  const auto shown = account::show(Profile(everything).load());
  CHECK(shown.find("s3cret") == std::string::npos);
  CHECK(shown.find("\"password\": \"***\"") != std::string::npos);
  CHECK(shown.find("\"proxy\": \"socks5h://u:***@h:1080\"") != std::string::npos);
  auto with_secrets = shown;
  replace(with_secrets, "***", "s3cret");
  const auto again = Profile(with_secrets).load();
  const auto first = Profile(everything).load();
  CHECK(account::show(again) == shown);
  CHECK(again.log == "syslog");
  CHECK(again.metrics == "/home/anna/m.prom");
  REQUIRE(again.accounts.size() == 5);
  for (std::size_t i = 0; i < first.accounts.size(); ++i) {
    CHECK(again.accounts[i].name == first.accounts[i].name);
    CHECK(again.accounts[i].deliver == first.accounts[i].deliver);
    CHECK(again.accounts[i].secret.index() == first.accounts[i].secret.index());
    CHECK(again.accounts[i].server.proxy == first.accounts[i].server.proxy);
  }
}

TEST_CASE("every key in force is shown, with its default if it was not set") {
  const auto root = account::parse(account::show(Profile(test::work("")).load()), "shown");
  const auto& shown = at(at(root, "accounts"), "work");
  for (const auto* key :
       {"server", "tls", "user", "auth", "connect_timeout", "timeout", "leave_on_server", "max_size",
        "max_messages", "max_bytes", "order", "fetch_all", "deliver", "trace_header", "enabled"})
    CHECK_MESSAGE(shown.member(key) != nullptr, key);
  CHECK(at(shown, "timeout").text == "3m");
  CHECK(shown.member("password") == nullptr);
}

TEST_CASE("the schema knows every key and every kind of delivery, and nothing else") {
  const auto text = account::schema();
  CHECK(text.ends_with("}\n"));
  const auto schema = account::parse(text, "schema");
  CHECK(at(schema, "$schema").text == "https://json-schema.org/draft/2020-12/schema");
  const auto& account_keys = at(at(at(schema, "$defs"), "account"), "properties");
  CHECK(account_keys.members.size() == account::keys().size());
  for (const auto& key : account::keys())
    CHECK(at(at(account_keys, key.name), "description").text.find(key.help) != std::string::npos);
  const auto& top = at(schema, "properties");
  CHECK(top.members.size() == account::top_level_keys().size());
  for (const auto& key : account::top_level_keys()) CHECK(top.member(key.name) != nullptr);
  const auto& forms = at(at(at(schema, "$defs"), "destination"), "anyOf").items;
  REQUIRE(forms.size() == 2 * delivery::kinds().size());
  for (std::size_t i = 0; i < delivery::kinds().size(); ++i) {
    const auto& kind = *delivery::kinds()[i];
    const auto& fields = at(forms[delivery::kinds().size() + i], "properties");
    CHECK(at(at(fields, "kind"), "const").text == kind.name);
    for (const auto& field : kind.fields) CHECK_MESSAGE(fields.member(field.name) != nullptr, field.name);
  }
}

TEST_CASE("the sample profile is valid") {
  const auto tests = std::filesystem::path(__FILE__).parent_path();
  const auto text = test::slurp(tests / "../../packaging/config.json.sample");
  REQUIRE_FALSE(text.empty());
  const Profile profile(text, 0644);  // the sample contains no secret
  CHECK(profile.said().sentence == "no error");
  const auto config = profile.load();
  REQUIRE(config.accounts.size() == 3);
  CHECK(config.accounts[0].policy.delete_after == std::chrono::hours(30 * 24));
  CHECK(delivery::value_of(config.accounts[1].deliver.at(0), "command").words ==
        std::vector<std::string>{"procmail", "-a", "%a"});
  CHECK(config.accounts[2].deliver.size() == 2);
  CHECK_FALSE(config.accounts[2].enabled);
}
