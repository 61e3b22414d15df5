// SPDX-License-Identifier: MIT
#include "credentials/token_life.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mailhaul::credentials {

namespace {

using std::chrono::days;

struct Life {
  std::string_view provider;
  days unused;
};
constexpr std::array lives{Life{"google", days(180)}, Life{"microsoft", days(90)}};
constexpr days warned_before{14};

}  // namespace

std::optional<std::chrono::sys_seconds> forgotten_at(const OAuth& oauth, const Tokens& tokens) {
  const auto* const life = std::ranges::find(lives, std::string_view(oauth.provider), &Life::provider);
  if (life == lives.end() || tokens.refresh.empty()) return std::nullopt;
  return std::max(tokens.used, tokens.logged_in) + life->unused;
}

bool is_soon_forgotten(const OAuth& oauth, const Tokens& tokens, std::chrono::sys_seconds now) {
  const auto at = forgotten_at(oauth, tokens);
  return at && now > *at - warned_before;
}

}  // namespace mailhaul::credentials
