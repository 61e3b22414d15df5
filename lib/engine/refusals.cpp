// SPDX-License-Identifier: MIT
#include "engine/refusals.h"

#include <algorithm>
#include <utility>

namespace mailhaul::engine {

namespace {

constexpr int enough_in_a_row = 3;

std::string without_digits(std::string_view words) {
  std::string rest;
  std::ranges::copy_if(words, std::back_inserter(rest), [](char c) { return c < '0' || c > '9'; });
  return rest;
}

}  // namespace

RefusalEffect Refusals::add(std::string_view words, net::Reason reason) {
  const auto alone = reason == net::Reason::gone ? RefusalEffect::gone : RefusalEffect::this_message;
  if (stopped_) return alone == RefusalEffect::gone ? alone : RefusalEffect::told;
  std::string same = without_digits(words);
  in_a_row_ = same == std::exchange(last_, same) ? in_a_row_ + 1 : 1;
  stopped_ = reason == net::Reason::limit || in_a_row_ >= enough_in_a_row;
  return stopped_ ? RefusalEffect::stop_asking : alone;
}

}  // namespace mailhaul::engine
