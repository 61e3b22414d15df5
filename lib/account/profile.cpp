// SPDX-License-Identifier: MIT
#include "account/profile.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "account/endpoint.h"
#include "account/keys.h"
#include "util/error.h"
#include "util/text.h"

namespace mailhaul::account {
namespace {

using Form = Node::Form;

Given given_of(const Layer& layer, const Member& member, const Place& place) {
  const auto& text = member.value.form == Form::boolean && !member.value.flag ? "false" : "";
  return {.node = &member.value,
          .file = layer.file,
          .path = layer.file.empty() ? option_name(member.key, text)
                                     : layer.path + "." + util::escape(member.key),
          .place = &place};
}

/// What counts of all the layers: for each key the last one that has it, and of which layer it is.
struct Chosen {
  Given given;
  std::size_t layer = 0;
};
using Choice = std::map<std::string_view, Chosen, std::less<>>;

/// Whether a member names where the password comes from; `netrc: false` names nothing.
bool names_source(const Member& member) {
  return is_password_source(member.key) && (member.value.form != Form::boolean || member.value.flag);
}

void check_sources(const Layer& layer, const Place& place) {
  const auto& members = layer.object->members;
  const auto first = std::ranges::find_if(members, names_source);
  if (first == members.end()) return;
  const auto second = std::find_if(first + 1, members.end(), names_source);
  if (second != members.end())
    given_of(layer, *second, place)
        .refuse_at(second->spot,
                   "only one of password, password_command, password_file, password_env and netrc is "
                   "possible, and '" +
                       first->key + "' is given as well");
}

Choice choose(std::span<const Layer> layers, const Place& place) {
  Choice choice;
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const auto& members = layers[index].object->members;
    // The sources of a password are one group: naming one replaces whichever was named before.
    if (std::ranges::any_of(members, is_password_source, &Member::key))
      std::erase_if(choice, [](const auto& entry) { return is_password_source(entry.first); });
    for (const auto& member : members)
      if (const auto* row = find_row(member.key); row != nullptr)
        choice.insert_or_assign(row->key.name, Chosen{given_of(layers[index], member, place), index});
  }
  return choice;
}

constexpr std::array<std::string_view, 3> required_keys{"server", "user", "deliver"};

[[noreturn]] void refuse_missing(const Layer& layer, std::span<const std::string> missing) {
  const bool from_options = layer.file.empty();
  std::string names;
  for (const auto& key : missing)
    names += (names.empty() ? "" : ", ") + (from_options ? option_name(key, {}) : "'" + key + "'");
  const auto are_missing = names + (missing.size() == 1 ? " is missing" : " are missing");
  if (from_options)
    throw util::Error(util::Kind::usage, "without a configuration file " + are_missing,
                      "mailhaul fetch --server pop3s://pop.example.org --user anna --deliver maildir:~/Mail");
  throw util::Error(util::Kind::config, layer.file + ":" + std::to_string(layer.spot.line) + ":" +
                                            std::to_string(layer.spot.column) + ": " + layer.path + ": " +
                                            are_missing);
}

void require_keys(const Choice& choice, std::span<const Layer> layers) {
  std::vector<std::string> missing;
  for (const auto key : required_keys)
    if (!choice.contains(key)) missing.emplace_back(key);
  if (missing.empty()) return;
  // The account's own entry is where they are to be added: the last layer that stands in the file.
  const auto in_file =
      std::find_if(layers.rbegin(), layers.rend(), [](const Layer& l) { return !l.file.empty(); });
  refuse_missing(in_file == layers.rend() ? layers.back() : *in_file, missing);
}

/// `delete_after` needs `leave_on_server`. Where a later layer says not to leave (-K, or an account against
/// the defaults), it is `delete_after` that gives way.
void settle_delete_after(const Choice& choice, Policy& policy) {
  if (!policy.delete_after || policy.leave_on_server) return;
  const auto& after = choice.find("delete_after")->second;
  const auto leave = choice.find("leave_on_server");
  if (leave == choice.end() || leave->second.layer <= after.layer)
    after.given.refuse("means something only with leave_on_server",
                       "add leave_on_server, or take delete_after away");
  policy.delete_after.reset();
}

/// Whether the files themselves are good is for the connection to report: other accounts can do without.
void check_client_key(const Choice& choice, const net::Endpoint& server) {
  if (server.client_key.empty() || !server.client_cert.empty()) return;
  choice.find("tls_client_key")->second.given.refuse("needs tls_client_cert");
}

/// The value of an option; a destination may be written as in the file.
Node value_of(const Row& row, const std::string& text) {
  if (row.type != Type::deliver || !(text.starts_with('{') || text.starts_with('[')))
    return option_value(row, text);
  try {
    return parse(text, option_name(row.key.name, {}));
  } catch (const util::Error& error) {
    throw util::Error(util::Kind::usage, error.what());
  }
}

/// Adds to the values that an option was given before.
void append(Node& value, Node more) {
  if (value.form != Form::list) value = Node::of_list({value});
  if (more.form != Form::list) more = Node::of_list({std::move(more)});
  value.items.insert(value.items.end(), more.items.begin(), more.items.end());
}

}  // namespace

void check_layer(const Layer& layer, const Place& place) {
  const Given whole{.node = layer.object, .file = layer.file, .path = layer.path, .place = &place};
  require_form(whole, Form::object, {});
  Account scratch;
  for (const auto& member : layer.object->members) {
    const auto given = given_of(layer, member, place);
    const auto* row = find_row(member.key);
    if (row == nullptr) given.refuse_at(member.spot, "unknown key" + guess(member.key, key_names()));
    row->set(scratch, given);
  }
  check_sources(layer, place);
}

Account make_account(const std::string& name, std::span<const Layer> layers, const Place& place) {
  const auto choice = choose(layers, place);
  require_keys(choice, layers);
  Account account;
  account.name = name;
  for (const auto& row : rows())
    if (const auto found = choice.find(row.key.name); found != choice.end())
      row.set(account, found->second.given);
  settle_delete_after(choice, account.policy);
  check_client_key(choice, account.server);
  return account;
}

Node options_object(std::span<const Override> overrides) {
  Node object{.form = Form::object};
  for (const auto& [key, text] : overrides) {
    const auto* row = find_row(key);
    if (row == nullptr || !row->key.on_command_line)
      throw util::Error(util::Kind::usage, option_name(key, text) + ": no option of the command line",
                        row == nullptr ? "" : "put '" + key + "' into the configuration file");
    const auto earlier = std::ranges::find(object.members, key, &Member::key);
    if (earlier == object.members.end()) {
      object.add(key, value_of(*row, text));
    } else if (row->type == Type::deliver || row->type == Type::pins) {
      append(earlier->value, value_of(*row, text));
    } else {
      earlier->value = value_of(*row, text);
    }
  }
  return object;
}

}  // namespace mailhaul::account
