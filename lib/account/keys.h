// SPDX-License-Identifier: MIT
// The table of account keys, the only place that knows them. The file, the command line, the schema, `config
// show` and the test of the manual read it.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "account/config.h"
#include "account/document.h"
#include "account/setting.h"

namespace mailhaul::account {

enum class KeyType { text, choice, boolean, size, duration, number, path, words, pins, deliver, object };

/// One key. `set` reads a value into an account; `show` returns the value in force (null: none).
struct KeyHandler {
  KeyRow key;
  KeyType type;
  std::span<const std::string_view> choices;  ///< for KeyType::choice
  void (*set)(Account& account, const Setting& setting);
  Node (*show)(const Account& account);
};

/// In the order of the manual. `server` comes before the keys that depend on it.
std::span<const KeyHandler> key_handlers();
const KeyHandler* find_handler(std::string_view name);  ///< nullptr: no such key
std::span<const std::string_view> key_names();

/// The keys that say where the password comes from; an account has at most one of them.
std::span<const std::string_view> password_sources();
bool is_password_source(std::string_view name);
/// Whether a member names where the password comes from; `netrc: false` names nothing.
bool names_source(const Member& member);

/// "; did you mean \"user\"?" for an unknown key, or nothing.
std::string guess_key(std::string_view name);

/// The text of an option as the value that the file would contain.
Node option_value(const KeyHandler& handler, std::string_view text);

}  // namespace mailhaul::account
