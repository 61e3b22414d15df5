// SPDX-License-Identifier: MIT
#include "net/refusal.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "util/ascii.h"

namespace mailhaul::net {

namespace {

constexpr std::size_t longest_code = 64;

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

/// "lock" and "locked", but neither "blocked" nor a locked account, which no waiting opens again.
bool speaks_of_locked_maildrop(std::string_view words) {
  const auto at = words.find("lock");
  if (at == std::string_view::npos || has_any(words, {"account", "block"})) return false;
  return true;
}

bool sounds_temporary(std::string_view text) {
  const std::string words = util::lower(text);
  return speaks_of_locked_maildrop(words) ||
         has_any(words, {"in use", "busy", "temporar", "again later", "too many connections", "unavailable"});
}

std::string hint_for_login(std::string_view words) {
  if (has_any(words, {"plaintext", "cleartext", "clear text", "plain text"})) {
    return "the server takes no password in clear text: leave \"tls\" at \"required\"";
  }
  if (has_any(words, {"application-specific", "app password", "app-specific"})) {
    return "the provider wants an app password: make one in its web settings and use it here";
  }
  if (has_any(words, {"not enabled", "disabled", "not allowed"})) {
    return "POP3 may have to be switched on for this mailbox in the provider's web settings";
  }
  return "check user name and password; some providers want an app password or OAuth (\"auth\")";
}

std::string hint_for_waiting(std::string_view text, std::string_view words) {
  const std::string code = response_code(text);
  if (code == "LOGIN-DELAY") return "the server wants a longer pause between two logins: poll less often";
  if (code == "IN-USE" || speaks_of_locked_maildrop(words) || has_any(words, {"in use"})) {
    return "another program is at this maildrop; it is free again when that one has left";
  }
  return {};
}

}  // namespace

std::string response_code(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  if (!text.starts_with('[')) return {};
  const auto end = text.find(']');
  if (end == std::string_view::npos || end < 2 || end > longest_code) return {};
  std::string code(text.substr(1, end - 1));
  for (char& c : code) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f) return {};
    c = static_cast<char>(std::toupper(byte));
  }
  return code;
}

util::Kind kind_of_refusal(std::string_view text, util::Kind otherwise) {
  const std::string code = response_code(text);
  if (code == "AUTH") return util::Kind::login;
  if (code == "IN-USE" || code == "LOGIN-DELAY") return util::Kind::temporary;
  if (code == "SYS/PERM") return util::Kind::unavailable;
  if (code == "SYS" || code.starts_with("SYS/")) return util::Kind::temporary;
  return sounds_temporary(text) ? util::Kind::temporary : otherwise;
}

std::string hint_for_refusal(std::string_view text, util::Kind kind) {
  const std::string words = util::lower(text);
  if (kind == util::Kind::login) return hint_for_login(words);
  if (kind == util::Kind::temporary) return hint_for_waiting(text, words);
  if (kind == util::Kind::content)
    return "it stays there; mailhaul state mark-seen ACCOUNT UID leaves it alone from now on";
  if (kind == util::Kind::unavailable) return "this does not pass by itself: ask the server's administrator";
  return {};
}

}  // namespace mailhaul::net
