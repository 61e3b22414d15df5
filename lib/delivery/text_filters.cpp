// SPDX-License-Identifier: MIT
#include "delivery/text_filters.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <iterator>

#include "util/ascii.h"
#include "util/utc.h"

namespace mailhaul::delivery {

std::string_view LineEnds::convert(std::string_view wire) {
  if (wire.empty()) return {};
  if (text_.size() < wire.size() + 1) text_.resize(wire.size() + 1);
  char* out = text_.data();
  if (held_cr_ && wire.front() != '\n') *out++ = '\r';
  held_cr_ = false;
  while (!wire.empty()) {
    const auto run = std::min(wire.find('\r'), wire.size());
    std::memcpy(out, wire.data(), run);
    out += run;
    wire.remove_prefix(run);
    if (wire.empty()) break;
    wire.remove_prefix(1);
    if (wire.empty()) {
      held_cr_ = true;
    } else if (wire.front() != '\n') {
      *out++ = '\r';
    }
  }
  return {text_.data(), static_cast<std::size_t>(out - text_.data())};
}

std::string_view LineEnds::finish() {
  const bool held = held_cr_;
  held_cr_ = false;
  return held ? "\r" : "";
}

namespace {
constexpr std::string_view from = "From ";
}

// Only the letters of "From " are held back, never the ">" before them. The additional ">" may stand anywhere
// among the others, so it is written right before the "F", and a line with any number of ">" needs no memory.
std::string_view FromQuoter::quote(std::string_view text) {
  quoted_.clear();
  std::size_t at = take_held(text);
  if (holds()) return quoted_;
  std::size_t copied = at;
  bool at_start = matched_ == 0;  // of a line
  while (at < text.size()) {
    if (at_start) at = std::min(text.find_first_not_of('>', at), text.size());
    const auto start = text.substr(at, from.size());
    if (at_start && from.starts_with(start)) {
      quoted_.append(text, copied, at - copied);
      copied = at;
      if (start.size() < from.size()) {  // the next text decides
        matched_ = start.size();
        return quoted_;
      }
      quoted_.push_back('>');
    }
    const auto end = text.find('\n', at);
    at_start = end != std::string_view::npos;
    at = at_start ? end + 1 : text.size();
  }
  matched_ = at_start ? 0 : inside_line;
  if (copied == 0 && quoted_.empty()) return text;
  return quoted_.append(text, copied);
}

/// Continues after a text that ended within "From ". Returns how much of this text it took.
std::size_t FromQuoter::take_held(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && holds()) {
    if (text[at] != from[matched_]) {
      quoted_.append(from, 0, matched_);
      matched_ = inside_line;
    } else {
      ++at;
      if (++matched_ < from.size()) continue;
      quoted_.append(">").append(from);
      matched_ = inside_line;
    }
  }
  return at;
}

std::string_view FromQuoter::finish() {
  const auto held = holds() ? from.substr(0, matched_) : std::string_view();
  matched_ = 0;
  return held;
}

bool SenderFinder::feed(std::string_view text) {
  constexpr std::size_t enough = 65536;  // no honest Return-Path comes later
  constexpr std::string_view name = "return-path:";
  held_.append(text);
  for (;;) {
    const auto end = held_.find('\n', scanned_);
    if (end == std::string::npos) return held_.size() >= enough;
    const std::string_view line(held_.data() + scanned_, end - scanned_);
    const bool folded = !line.empty() && (line.front() == ' ' || line.front() == '\t');
    if (line.empty() || (field_ != std::string::npos && !folded)) return true;
    if (util::equal_nocase(line.substr(0, name.size()), name)) field_ = scanned_ + name.size();
    scanned_ = end + 1;
  }
}

namespace {

bool harmless(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("@._+=-").find(c) != std::string_view::npos;
}

}  // namespace

std::string SenderFinder::sender() const {
  constexpr std::size_t longest_path = 256;  // RFC 5321 section 4.5.3.1.3
  std::string address;
  if (field_ != std::string::npos) {
    std::string_view value(held_.data() + field_, scanned_ - field_);
    if (const auto open = value.find('<'); open != std::string_view::npos) {
      value.remove_prefix(open + 1);
      value = value.substr(0, value.find('>'));
    }
    std::ranges::copy_if(value, std::back_inserter(address), harmless);
    address.erase(0, std::min(address.find_first_not_of('-'), address.size()));
  }
  return address.empty() || address.size() > longest_path ? "MAILER-DAEMON" : address;
}

std::string from_line(std::string_view sender, long long seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 64> date{};
  const auto length = std::strftime(date.data(), date.size(), "%a %b %e %H:%M:%S %Y\n", &utc);
  return "From " + std::string(sender) + " " + std::string(date.data(), length);
}

std::optional<std::chrono::sys_seconds> time_in_from_line(std::string_view line) {
  const auto sender = line.find_first_not_of(' ', std::min(from.size(), line.size()));
  const auto date = line.find(' ', sender);
  if (!line.starts_with(from) || date == std::string_view::npos) return std::nullopt;
  const std::string text(line.substr(date));
  std::tm utc{};
  if (strptime(text.c_str(), " %a %b %e %H:%M:%S %Y", &utc) == nullptr) return std::nullopt;
  return util::utc_of(utc);
}

}  // namespace mailhaul::delivery
