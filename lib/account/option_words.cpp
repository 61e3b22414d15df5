// SPDX-License-Identifier: MIT
// Keys as options of the command line, and back. Hints name keys as they are in the configuration file,
// but a user who gave the account on the command line needs the options instead.
#include <algorithm>
#include <iterator>

#include "account/keys.h"
#include "util/shell.h"

namespace mailhaul::account {

namespace {

constexpr auto nowhere = std::string_view::npos;
constexpr std::string_view state_command = "mailhaul state ";  // takes accounts of the file only

/// The value after `"KEY": `, such as "none", true or 5; `length` includes the quotes. `text` is empty if
/// there is a list, or no value.
struct Value {
  std::string_view text;
  std::size_t length = 0;
};

Value value_at(std::string_view rest) {
  if (rest.starts_with('"')) {
    const auto end = rest.find('"', 1);
    return end == nowhere ? Value{} : Value{rest.substr(1, end - 1), end + 1};
  }
  const auto end = std::min(rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789"), rest.size());
  return {rest.substr(0, end), end};
}

/// The option for `"KEY"` or `"KEY": VALUE` at the start of a text; `taken`: how many bytes it replaces.
struct Mention {
  std::string option;
  std::size_t taken = 0;
};

Mention mention_at(std::string_view text) {
  const auto end = text.find('"', 1);
  if (end == nowhere) return {};
  const auto* handler = find_handler(text.substr(1, end - 1));
  if (handler == nullptr || !handler->key.on_command_line) return {};
  const auto rest = text.substr(end + 1);
  constexpr std::string_view colon = ": ";
  const auto value = rest.starts_with(colon) ? value_at(rest.substr(colon.size())) : Value{};
  if (value.text.empty()) return {option_name(handler->key.name), end + 1};
  auto option = option_name(handler->key.name, value.text);
  if (handler->type != KeyType::boolean) option += " " + util::shell_word(value.text);
  return {std::move(option), end + 1 + colon.size() + value.length};
}

std::string with_options(std::string_view hint) {
  std::string text;
  while (!hint.empty()) {
    const auto mention = hint.front() == '"' ? mention_at(hint) : Mention{};
    text += mention.taken == 0 ? std::string(1, hint.front()) : mention.option;
    hint.remove_prefix(std::max<std::size_t>(mention.taken, 1));
  }
  return text;
}

/// " --server URL --user NAME", as they were given; empty if the account is not named after this user.
std::string account_in_options(std::string_view account, std::span<const Override> options) {
  std::string words, user;
  for (const auto& [key, text] : options) {
    if (key == "server" || key == "user") words += " " + option_name(key) + " " + util::shell_word(text);
    if (key == "user") user = text;
  }
  const bool is_named_so = account == user || account.starts_with(user + "@");
  return user.empty() || !is_named_so ? "" : words;
}

}  // namespace

std::string hint_in_options(std::string_view hint, std::string_view account,
                            std::span<const Override> options) {
  auto text = with_options(hint);
  const auto instead = account_in_options(account, options);
  if (instead.empty()) return text;
  const std::string name = " " + std::string(account);
  bool names_state_command = false;
  for (auto at = text.find(name); at != nowhere; at = text.find(name, at)) {
    const auto after = at + name.size();
    const bool is_whole = after == text.size() || std::string_view(" ,;:").find(text[after]) != nowhere;
    const auto command = std::min(text.rfind("mailhaul ", at), at);
    const bool takes_options = text.compare(command, state_command.size(), state_command) != 0;
    const bool is_replaced = is_whole && takes_options;
    names_state_command = names_state_command || (is_whole && !takes_options);
    if (is_replaced) text.replace(at, name.size(), instead);
    at += is_replaced ? instead.size() : name.size();
  }
  if (names_state_command)
    text += "; mailhaul state takes accounts of the configuration file, which mailhaul init writes";
  return text;
}

std::string option_name(std::string_view key, std::string_view text) {
  const auto* handler = find_handler(key);
  const bool negated = handler != nullptr && handler->type == KeyType::boolean && text == "false";
  std::string option(negated ? "--no-" : "--");
  std::ranges::replace_copy(key, std::back_inserter(option), '_', '-');
  return option;
}

Node option_value(const KeyHandler& handler, std::string_view text) {
  if (handler.type == KeyType::boolean && (text == "true" || text == "false"))
    return Node::of_flag(text == "true");
  if (handler.type == KeyType::number) return {.form = Node::Form::number, .text = std::string(text)};
  return Node::of(text);
}

Node value_in_file(const Override& option) {
  const auto* const handler = find_handler(option.first);
  return handler == nullptr ? Node::of(option.second) : option_value(*handler, option.second);
}

}  // namespace mailhaul::account
