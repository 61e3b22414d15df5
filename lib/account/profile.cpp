// SPDX-License-Identifier: MIT
#include "account/profile.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "account/keys.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/join.h"

namespace mailhaul::account {
namespace {

using Form = Node::Form;

Setting setting_of(const Layer& layer, const Member& member, const Paths& paths) {
  const auto& text = member.value.form == Form::boolean && !member.value.flag ? "false" : "";
  return {.node = &member.value,
          .file = layer.file,
          .path = layer.file.empty() ? option_name(member.key, text)
                                     : layer.path + "." + util::escape(member.key),
          .paths = &paths,
          .key_name = find_handler(member.key) == nullptr ? "" : std::string_view(member.key)};
}

/// The value of a key that is in force, from the last layer that has the key.
struct EffectiveValue {
  Setting setting;
  std::size_t layer = 0;
};
using Effective = std::map<std::string_view, EffectiveValue, std::less<>>;

[[noreturn]] void refuse_second_source(const Setting& setting, const Member& first, const Member& second) {
  std::vector<std::string> names;
  for (const auto source : password_sources()) names.push_back(setting.key(source));
  setting.refuse_at(second.position, "only one of " + util::in_words(names, " and ") + " may be set, and " +
                                         setting.key(first.key) + " is set already");
}

void check_sources(const Layer& layer, const Paths& paths) {
  const auto& members = layer.object->members;
  const auto first = std::ranges::find_if(members, names_source);
  if (first == members.end()) return;
  const auto second = std::find_if(first + 1, members.end(), names_source);
  if (second != members.end()) refuse_second_source(setting_of(layer, *second, paths), *first, *second);
}

Effective effective_values(std::span<const Layer> layers, const Paths& paths) {
  Effective effective;
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const auto& members = layers[index].object->members;
    // The password sources are one group: setting one of them replaces the one that was set before.
    if (std::ranges::any_of(members, names_source))
      std::erase_if(effective, [](const auto& entry) { return is_password_source(entry.first); });
    for (const auto& member : members)
      if (const auto* handler = find_handler(member.key); handler != nullptr)
        effective.insert_or_assign(handler->key.name,
                                   EffectiveValue{setting_of(layers[index], member, paths), index});
  }
  return effective;
}

constexpr std::array<std::string_view, 3> required_keys{"server", "user", "deliver"};

[[noreturn]] void refuse_missing(const Setting& whole, const Layer& layer,
                                 std::span<const std::string> keys) {
  const auto names = util::in_words(keys, " and ");
  if (whole.on_command_line())
    throw util::Error(
        util::Kind::usage, "an account on the command line also needs " + names,
        "mailhaul fetch --server pop3s://pop.example.org --user anna --deliver maildir:~/Mail/home");
  whole.refuse_at(layer.position, names + (keys.size() == 1 ? " is missing" : " are missing"));
}

void require_keys(const Effective& effective, std::span<const Layer> layers, Purpose purpose) {
  // Missing keys belong in the account's own entry, which is the last layer that is in the file.
  const auto in_file =
      std::find_if(layers.rbegin(), layers.rend(), [](const Layer& l) { return !l.file.empty(); });
  const Layer& layer = in_file == layers.rend() ? layers.back() : *in_file;
  const Setting whole{.node = layer.object, .file = layer.file, .path = layer.path};
  std::vector<std::string> missing;
  for (const auto key : required_keys)
    if ((key != "deliver" || purpose != Purpose::look) && !effective.contains(key))
      missing.push_back(whole.key(key));
  if (!missing.empty()) refuse_missing(whole, layer, missing);
}

/// `delete_after` needs `leave_on_server`. If a later layer switches `leave_on_server` off (-K, or an account
/// that overrides the defaults), `delete_after` is ignored.
void apply_delete_after(const Effective& effective, Policy& policy) {
  if (!policy.delete_after || policy.leave_on_server) return;
  const auto& after = effective.find("delete_after")->second;
  const auto leave = effective.find("leave_on_server");
  if (leave == effective.end() || leave->second.layer <= after.layer)
    after.setting.refuse(
        "has no effect without " + after.setting.key("leave_on_server"),
        "add " + after.setting.key("leave_on_server") + ", or remove " + after.setting.key("delete_after"));
  policy.delete_after.reset();
}

/// The connection checks the files themselves, because other accounts can run without them.
void check_client_key(const Effective& effective, const net::Endpoint& server) {
  if (server.client_key.empty() || !server.client_cert.empty()) return;
  const auto& setting = effective.find("tls_client_key")->second.setting;
  setting.refuse("needs " + setting.key("tls_client_cert"));
}

void check_tunnel(const Effective& effective, const net::Endpoint& server) {
  if (server.tunnel.empty()) return;
  const auto& setting = effective.find("tunnel")->second.setting;
  if (!server.socket.empty()) setting.refuse("cannot be combined with a server that is a unix: socket");
  if (!server.proxy.empty())
    setting.refuse("cannot be combined with " + setting.key("proxy"),
                   "set " + setting.key("proxy") + " to none, or remove " + setting.key("tunnel"));
}

void check_oauth(const Effective& effective, const Account& account) {
  using net::Auth;
  if (!account.oauth || account.auth == Auth::automatic || account.auth == Auth::xoauth2 ||
      account.auth == Auth::oauthbearer)
    return;
  effective.find("auth")->second.setting.refuse(
      "must be auto, xoauth2 or oauthbearer where \"oauth\" is set");
}

/// The value of an option. A destination may be written as in the file.
Node value_of(const KeyHandler& handler, const std::string& text) {
  if (handler.type != KeyType::deliver || !(text.starts_with('{') || text.starts_with('[')))
    return option_value(handler, text);
  try {
    return parse(text, option_name(handler.key.name, {}));
  } catch (const util::Error& error) {
    throw util::Error(util::Kind::usage, error.what());
  }
}

/// Adds a value to those that the option had before.
void append(Node& value, Node more) {
  if (value.form != Form::list) value = Node::of_list({value});
  if (more.form != Form::list) more = Node::of_list({std::move(more)});
  value.items.insert(value.items.end(), more.items.begin(), more.items.end());
}

}  // namespace

std::vector<util::Error> mistakes_in(const Layer& layer, const Paths& paths) {
  std::vector<util::Error> mistakes;
  const auto check = [&](const auto& work) {
    try {
      work();
    } catch (const util::Error& error) {
      mistakes.push_back(error);
    }
  };
  check([&] {
    require_form({.node = layer.object, .file = layer.file, .path = layer.path, .paths = &paths},
                 Form::object, {});
  });
  Account scratch;
  for (const auto& member : layer.object->members)
    check([&] {
      const auto setting = setting_of(layer, member, paths);
      const auto* handler = find_handler(member.key);
      if (handler == nullptr) setting.refuse_at(member.position, "unknown key" + guess_key(member.key));
      handler->set(scratch, setting);
    });
  check([&] { check_sources(layer, paths); });
  return mistakes;
}

void check_layer(const Layer& layer, const Paths& paths) {
  if (const auto mistakes = mistakes_in(layer, paths); !mistakes.empty()) throw util::Error(mistakes.front());
}

Account make_account(const std::string& name, std::span<const Layer> layers, const Paths& paths,
                     Purpose purpose) {
  const auto effective = effective_values(layers, paths);
  require_keys(effective, layers, purpose);
  Account account;
  account.name = name;
  account.server.credentials_directory = paths.credentials_directory.native();
  for (const auto& handler : key_handlers())
    if (const auto found = effective.find(handler.key.name); found != effective.end())
      handler.set(account, found->second.setting);
  apply_delete_after(effective, account.policy);
  check_client_key(effective, account.server);
  check_tunnel(effective, account.server);
  check_oauth(effective, account);
  return account;
}

Node options_object(std::span<const Override> overrides) {
  Node object{.form = Form::object};
  for (const auto& [key, text] : overrides) {
    const auto* handler = find_handler(key);
    if (handler == nullptr || !handler->key.on_command_line)
      throw util::Error(util::Kind::usage, option_name(key, text) + " cannot be given on the command line",
                        key == "password"    ? "leave it out, and mailhaul asks for the password; or use "
                                               "--password-command"
                        : handler == nullptr ? ""
                                             : "put \"" + key + "\" into the configuration file");
    const auto earlier = std::ranges::find(object.members, key, &Member::key);
    if (earlier == object.members.end()) {
      object.add(key, value_of(*handler, text));
    } else if (handler->type == KeyType::deliver || handler->type == KeyType::pins) {
      append(earlier->value, value_of(*handler, text));
    } else {
      earlier->value = value_of(*handler, text);
    }
  }
  return object;
}

}  // namespace mailhaul::account
