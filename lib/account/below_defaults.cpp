// SPDX-License-Identifier: MIT
// What `defaults` would change in an account that a command adds to the file. The account was read from
// another program, or tested by a login, without them.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "account/account.h"
#include "account/config.h"
#include "account/document.h"
#include "account/keys.h"

namespace mailhaul::account {
namespace {

/// These keys change neither the login nor what happens to mail.
constexpr std::array<std::string_view, 2> harmless_keys{"after_fetch", "on_trouble"};

/// Whether `defaults` would change the account by this key: it has neither the key nor another in its place.
bool would_change(const Node& keys, const std::string& name) {
  if (keys.member(name) != nullptr || std::ranges::find(harmless_keys, name) != harmless_keys.end())
    return false;
  return !is_password_source(name) || std::ranges::none_of(keys.members, names_source);
}

/// The value that means the same as leaving the key out; null if there is no such value.
Node value_of_default(const KeyHandler& handler, const Node& keys) {
  Account plain;
  const auto* const server = keys.member("server");
  if (server != nullptr && server->value.text.starts_with("unix:")) plain.server.tls = net::Tls::none;
  if (auto shown = handler.show(plain); shown.form != Node::Form::null) return shown;
  if (handler.type == KeyType::boolean) return Node::of_flag(false);
  const auto word = handler.key.fallback;
  const bool takes_words =
      handler.type == KeyType::duration || handler.type == KeyType::words || handler.type == KeyType::text;
  return takes_words && (word == "none" || word == "never") ? Node::of(word) : Node();
}

}  // namespace

Node below_defaults(Node keys, const Node& defaults) {
  for (const auto& member : defaults.members) {
    const auto* const handler = find_handler(member.key);
    if (handler == nullptr || !would_change(keys, member.key)) continue;
    if (auto value = value_of_default(*handler, keys); value.form != Node::Form::null)
      keys.add(member.key, std::move(value));
  }
  return keys;
}

std::vector<std::string> taken_from_defaults(const Node& keys, const Node& defaults) {
  std::vector<std::string> names;
  const bool needs_password = keys.member("oauth") == nullptr;
  for (const auto& member : defaults.members)
    if (would_change(keys, member.key) && (needs_password || !is_password_source(member.key)))
      names.push_back(member.key);
  return names;
}

}  // namespace mailhaul::account
