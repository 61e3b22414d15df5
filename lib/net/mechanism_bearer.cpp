// SPDX-License-Identifier: MIT
// OAuth 2 tokens. A server that refuses a token says why in a challenge of JSON (RFC 7628 section 3.2.2), and
// sends its -ERR only after the challenge has been answered.
#include <memory>
#include <nlohmann/json.hpp>

#include "net/mechanism.h"

namespace mailhaul::net {

namespace {

using util::Secret;

/// {"status":"401","schemes":"bearer"} -> "status 401, schemes bearer"; what is not a JSON object stays as
/// it is. Lists and objects inside are left out: the library prints them by calling itself once per level,
/// and a server may send tens of thousands of levels.
std::string reasons_in(std::string_view challenge) {
  const auto json = nlohmann::json::parse(challenge, nullptr, false);
  if (!json.is_object()) return std::string(challenge);
  std::string reasons;
  for (const auto& [name, value] : json.items()) {
    if (value.is_structured() || value.is_null()) continue;
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    reasons += (reasons.empty() ? "" : ", ") + name + ' ' + text;
  }
  return reasons.empty() ? std::string(challenge) : reasons;
}

Exchange bearer(std::string token, std::string last_words) {
  auto first = std::make_shared<Secret>(std::move(token));
  return {.answer = [first, last_words, sent = 0](std::string_view challenge) mutable {
    if (sent++ == 0) return Answer{.bytes = Secret(first->reveal()), .secret = true};
    if (sent > 2)
      return Answer{
          .bytes = {}, .problem = "it sends more challenges than the mechanism has", .secret = true};
    const std::string reasons = reasons_in(challenge);
    return Answer{.bytes = Secret(last_words),
                  .refusal = reasons.empty() ? "no reason given" : reasons,
                  .secret = true};
  }};
}

}  // namespace

Exchange start_xoauth2(const Credentials& credentials) {
  return bearer("user=" + credentials.user + "\1auth=Bearer " + credentials.secret.reveal() + "\1\1", "");
}

Exchange start_oauthbearer(const Credentials& credentials) {
  std::string user;  // RFC 5801 section 4: neither "," nor "="
  for (const char c : credentials.user) {
    if (c == ',' || c == '=')
      user += c == ',' ? "=2C" : "=3D";
    else
      user += c;
  }
  return bearer("n,a=" + user + ",\1host=" + credentials.endpoint.host +
                    "\1port=" + std::to_string(credentials.endpoint.effective_port()) + "\1auth=Bearer " +
                    credentials.secret.reveal() + "\1\1",
                "\1");
}

}  // namespace mailhaul::net
