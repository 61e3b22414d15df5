// SPDX-License-Identifier: MIT
#include "engine/fingerprint.h"

#include <algorithm>
#include <array>

#include "util/ascii.h"

namespace mailhaul::engine {

namespace {

constexpr std::array<std::string_view, 4> left_out{"status:", "x-status:", "x-uidl:", "x-wait:"};
constexpr std::size_t enough = 9;  // the longest of them

bool is_left_out(std::string_view line) {
  return std::ranges::any_of(
      left_out, [&](std::string_view name) { return util::equal_nocase(line.substr(0, name.size()), name); });
}

}  // namespace

void Fingerprint::add(std::string_view wire) {
  octets_ += wire.size();
  while (!wire.empty()) {
    switch (place_) {
      case Place::body:
        content_.add(wire);
        return;
      case Place::line_start:
        wire.remove_prefix(take_line_start(wire));
        break;
      case Place::kept_line:
      case Place::dropped_line:
        wire.remove_prefix(take_line(wire));
        break;
    }
  }
}

std::size_t Fingerprint::take_line_start(std::string_view wire) {
  std::size_t taken = 0;
  while (taken < wire.size() && place_ == Place::line_start) {
    start_ += wire[taken++];
    if (start_.back() == '\n' || start_.size() >= enough) decide();
  }
  return taken;
}

void Fingerprint::decide() {
  const bool ended = start_.back() == '\n';
  if (start_ == "\r\n" || start_ == "\n") {
    content_.add(start_);
    place_ = Place::body;
  } else {
    dropping_ = start_.front() == ' ' || start_.front() == '\t' ? dropping_ : is_left_out(start_);
    if (!dropping_) keep(start_);
    place_ = ended ? Place::line_start : dropping_ ? Place::dropped_line : Place::kept_line;
  }
  start_.clear();
}

std::size_t Fingerprint::take_line(std::string_view wire) {
  const auto end = wire.find('\n');
  const std::size_t taken = end == std::string_view::npos ? wire.size() : end + 1;
  if (place_ == Place::kept_line) keep(wire.substr(0, taken));
  if (end != std::string_view::npos) place_ = Place::line_start;
  return taken;
}

void Fingerprint::keep(std::string_view bytes) {
  header_.add(bytes);
  content_.add(bytes);
}

Print Fingerprint::finish() {
  if (!start_.empty()) decide();
  return {header_.finish(), content_.finish()};
}

}  // namespace mailhaul::engine
