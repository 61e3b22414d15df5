// SPDX-License-Identifier: MIT
#include "util/units.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <span>

#include "util/ascii.h"

namespace mailhaul::util {

namespace {

constexpr std::string_view digits = "0123456789";

struct Unit {
  std::string_view names;  ///< with a blank before and after each
  std::uint64_t factor;
};

/// A whole number, blanks, and one of the units: the number times the factor, unless it exceeds `most`.
std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units,
                                            std::uint64_t most) {
  const auto end = std::min(text.find_first_not_of(digits), text.size());
  const auto number = parse_number(text.substr(0, end));
  const auto unit_begin = text.find_first_not_of(' ', end);
  if (!number || (unit_begin == std::string_view::npos && end != text.size())) return std::nullopt;
  const std::string unit(unit_begin == std::string_view::npos ? "-" : text.substr(unit_begin));
  if (unit.find(' ') != std::string::npos) return std::nullopt;
  for (const auto& [names, factor] : units)
    if (names.find(" " + unit + " ") != std::string_view::npos)
      return *number > most / factor ? std::nullopt : std::optional(*number * factor);
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  // "-" stands for no unit.
  static constexpr std::array<Unit, 4> units{{{" - b byte bytes ", 1},
                                              {" k kb kib ", 1ULL << 10U},
                                              {" m mb mib ", 1ULL << 20U},
                                              {" g gb gib ", 1ULL << 30U}}};
  if (text.ends_with('-')) return std::nullopt;
  return parse_quantity(lower(text), units, std::numeric_limits<std::uint64_t>::max() >> 1U);
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  static constexpr std::array<Unit, 4> units{{{" s sec second seconds ", 1},
                                              {" m min minute minutes ", 60},
                                              {" h hour hours ", 3600},
                                              {" d day days ", 86400}}};
  constexpr std::uint64_t century = 100ULL * 366 * 86400;
  const auto seconds = parse_quantity(text, units, century);
  if (!seconds) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(*seconds));
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> units{"B", "kB", "MB", "GB", "TB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
  return text.data();
}

std::string format_duration(std::chrono::seconds duration) {
  const auto seconds = duration.count();
  if (seconds != 0 && seconds % 86400 == 0) return std::to_string(seconds / 86400) + "d";
  if (seconds != 0 && seconds % 3600 == 0) return std::to_string(seconds / 3600) + "h";
  if (seconds != 0 && seconds % 60 == 0) return std::to_string(seconds / 60) + "m";
  return std::to_string(seconds) + "s";
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace mailhaul::util
