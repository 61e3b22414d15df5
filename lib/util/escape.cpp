// SPDX-License-Identifier: MIT
#include "util/escape.h"

#include <algorithm>

#include "util/ascii.h"
#include "util/utf8.h"

namespace mailhaul::util {

namespace {

void append_hex(std::string& text, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  text.append("\\x").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
}

bool printable(char c) { return c >= 0x20 && c <= 0x7e; }

}  // namespace

std::string escape(std::string_view bytes, std::size_t limit) {
  std::string text;
  std::size_t taken = 0;
  while (taken < std::min(limit, bytes.size())) {
    const auto character = first_character(bytes.substr(taken));
    const auto its_bytes = bytes.substr(taken, character.bytes);
    taken += character.bytes;
    if (character.can_be_shown) {
      text += its_bytes;
    } else {
      for (const char c : its_bytes) append_hex(text, c);
    }
  }
  if (taken < bytes.size()) text += "...";
  return text;
}

std::string escape_uid(std::string_view uid) {
  std::string text;
  for (const char c : uid) {
    if (printable(c) && c != ' ' && c != '\\') {
      text += c;
    } else {
      append_hex(text, c);
    }
  }
  return text;
}

std::optional<std::string> unescape_uid(std::string_view text) {
  if (text.find('\\') == std::string_view::npos) return std::string(text);
  std::string uid;
  while (!text.empty()) {
    if (text.front() != '\\') {
      uid += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 4 || text[1] != 'x' || hex_digit(text[2]) < 0 || hex_digit(text[3]) < 0)
      return std::nullopt;
    uid += static_cast<char>(hex_digit(text[2]) * 16 + hex_digit(text[3]));
    text.remove_prefix(4);
  }
  return uid;
}

}  // namespace mailhaul::util
