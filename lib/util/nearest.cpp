// SPDX-License-Identifier: MIT
#include "util/nearest.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "util/ascii.h"

namespace mailhaul::util {

namespace {

bool same_letter(char one, char other) { return lower(one) == lower(other); }

/// How many letters must be inserted, deleted, changed or exchanged with their neighbour.
std::size_t edit_distance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> before_last, last(other.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 0; i < one.size(); ++i) {
    std::vector<std::size_t> row{i + 1};
    for (std::size_t j = 0; j < other.size(); ++j) {
      const std::size_t change = last[j] + (same_letter(one[i], other[j]) ? 0U : 1U);
      row.push_back(std::min({change, row[j] + 1, last[j + 1] + 1}));
      if (i > 0 && j > 0 && same_letter(one[i], other[j - 1]) && same_letter(one[i - 1], other[j]))
        row.back() = std::min(row.back(), before_last[j - 1] + 1);
    }
    before_last = std::exchange(last, std::move(row));
  }
  return last.back();
}

}  // namespace

std::string nearest(std::string_view name, std::span<const std::string_view> candidates) {
  std::string best;
  // A candidate that shares no letter with the name is not close.
  std::size_t best_distance = std::min(std::max<std::size_t>(1, name.size() / 3) + 1, name.size());
  for (const auto candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace mailhaul::util
