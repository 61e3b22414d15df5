// SPDX-License-Identifier: MIT
#include "net/redactor.h"

#include <algorithm>
#include <cctype>

#include "util/ascii.h"
#include "util/base64.h"
#include "util/escape.h"

namespace mailhaul::net {

namespace {

constexpr std::string_view hidden = "***";
constexpr std::size_t shortest_core = 4;  // fewer base64 digits turn up by chance

bool is_base64(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/' || c == '=';
}

std::size_t find_nocase(std::string_view text, std::string_view wanted, std::size_t from) {
  const auto begin = text.begin() + static_cast<std::ptrdiff_t>(std::min(from, text.size()));
  const auto at = std::search(begin, text.end(), wanted.begin(), wanted.end(),
                              [](char one, char other) { return util::lower(one) == util::lower(other); });
  return at == text.end() ? std::string_view::npos : static_cast<std::size_t>(at - text.begin());
}

/// The base64 digits that depend on the secret alone when `shift` other bytes come before it in its group of
/// three.
std::string core(std::string_view secret, std::size_t shift) {
  const std::string digits = util::base64_encode(std::string(shift, '\0').append(secret));
  const std::size_t bits_before = shift * 8;
  const std::size_t first = (bits_before + 5) / 6;
  const std::size_t last = (bits_before + secret.size() * 8) / 6;
  return last > first ? digits.substr(first, last - first) : std::string();
}

void replace_nocase(std::string& text, std::string_view secret) {
  for (auto at = find_nocase(text, secret, 0); at != std::string::npos;
       at = find_nocase(text, secret, at + hidden.size())) {
    text.replace(at, secret.size(), hidden);
  }
}

/// Replaces the whole run of base64, because the digits next to the secret still contain some of its bits.
void replace_run(std::string& text, std::string_view digits) {
  for (auto at = text.find(digits); at != std::string::npos; at = text.find(digits, at)) {
    auto end = at + digits.size();
    while (at > 0 && is_base64(text[at - 1])) --at;
    while (end < text.size() && is_base64(text[end])) ++end;
    text.replace(at, end - at, hidden);
    at += hidden.size();
  }
}

/// "http://anna:secret@proxy" -> "http://***@proxy": libcurl's remarks quote the environment's proxy.
void replace_userinfo(std::string& text) {
  for (auto at = text.find("://"); at != std::string::npos; at = text.find("://", at)) {
    at += 3;
    const auto host_end = std::min(text.find_first_of("/ '\"", at), text.size());
    const auto sign = std::string_view(text).substr(at, host_end - at).rfind('@');
    if (sign != std::string_view::npos && sign > 0) text.replace(at, sign, hidden);
  }
}

}  // namespace

void Redactor::hide(std::string_view secret) {
  if (secret.empty()) return;
  plain_.emplace_back(std::string(secret));
  encoded_.emplace_back(util::base64_encode(secret));
  for (std::size_t shift = 0; shift < 3; ++shift) {
    std::string digits = core(secret, shift);
    if (digits.size() >= shortest_core) encoded_.emplace_back(std::move(digits));
  }
}

std::string Redactor::text(std::string_view bytes) const {
  std::string result(bytes);
  for (const auto& digits : encoded_) replace_run(result, digits.reveal());
  for (const auto& secret : plain_) replace_nocase(result, secret.reveal());
  replace_userinfo(result);
  return result;
}

std::string Redactor::shown(std::string_view bytes) const { return util::escape(text(bytes)); }

std::string Redactor::command(std::string_view line) const {
  const std::string_view verb = line.substr(0, line.find(' '));
  if (verb == "CONNECT") return std::string(line.substr(0, line.find_first_of("\r\n")));
  if (verb == "CAPA" || verb == "STLS" || verb == "UTF8" || verb == "QUIT" || verb == "*")
    return std::string(verb);
  if (verb == "USER") return text(line);
  if (verb == "PASS") return "PASS ***";
  if (verb != "AUTH" && verb != "APOP") return std::string(hidden);  // an answer to a SASL challenge
  const auto second = line.find(' ', verb.size() + 1);
  if (second == std::string_view::npos) return text(line);
  return text(line.substr(0, second)).append(" ***");
}

}  // namespace mailhaul::net
