// SPDX-License-Identifier: MIT
#include "app/init_profile.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "account/config.h"
#include "util/units.h"

namespace mailhaul::app {
namespace {

using account::Node;

/// Whether profile_of() writes the key itself, at a fixed place in the account.
bool is_written_apart(std::string_view key) {
  static constexpr std::array<std::string_view, 5> keys{"server", "user", "tls_pin", "leave_on_server",
                                                        "deliver"};
  return std::ranges::find(keys, key) != keys.end();
}

/// Adds the other options. If an option was given several times, the last one counts.
void add_options(Node& keys, const std::vector<account::Override>& options) {
  for (auto option = options.begin(); option != options.end(); ++option) {
    const auto same = [&](const account::Override& other) { return other.first == option->first; };
    if (!is_written_apart(option->first) && std::none_of(option + 1, options.end(), same))
      keys.add(option->first, account::value_in_file(*option));
  }
}

Node list_of(const std::vector<std::string>& texts) {
  std::vector<Node> nodes;
  for (const auto& text : texts) nodes.push_back(Node::of(text));
  return nodes.size() == 1 ? std::move(nodes.front()) : Node::of_list(std::move(nodes));
}

}  // namespace

Node profile_of(const Invocation& invocation, const NewAccount& fresh) {
  Node keys{.form = Node::Form::object};
  keys.add("server", Node::of(fresh.url)).add("user", Node::of(fresh.user));
  add_options(keys, invocation.overrides);
  std::vector<std::string> pins;
  for (const auto& option : invocation.overrides)
    if (option.first == "tls_pin") pins.push_back(option.second);
  if (!pins.empty()) keys.add("tls_pin", list_of(pins));
  if (fresh.oauth) {
    Node oauth{.form = Node::Form::object};
    oauth.add("provider", Node::of(fresh.oauth->provider))
        .add("client_id",
             Node::of(fresh.oauth->client_id.empty() ? "YOUR-CLIENT-ID" : fresh.oauth->client_id));
    keys.add("oauth", std::move(oauth));
  }
  if (!fresh.password_file.empty()) keys.add("password_file", Node::of(fresh.password_file.native()));
  if (fresh.min_interval.count() > 0)
    keys.add("min_interval", Node::of(util::format_duration(fresh.min_interval)));
  keys.add("leave_on_server", Node::of_flag(fresh.leave_on_server));
  keys.add("deliver", list_of(fresh.places));
  return keys;
}

}  // namespace mailhaul::app
