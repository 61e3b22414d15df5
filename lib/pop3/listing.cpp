// SPDX-License-Identifier: MIT
#include "pop3/listing.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "util/ascii.h"

namespace mailhaul::pop3 {

namespace {

/// Sizes are only claims of the server. No message is larger than this, and the sum of the sizes of the
/// largest listing still fits into 63 bits.
constexpr std::uint64_t largest_claim = std::uint64_t{1} << 40U;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A listing may have a million lines, and the searches of std::string_view take several times as long as the
// functions here.
std::string_view after_blanks(std::string_view text) {
  return {std::ranges::find_if_not(text, is_blank), text.end()};
}

std::string_view leading_digits(std::string_view text) {
  return {text.begin(), std::ranges::find_if_not(text, is_digit)};
}

struct Numbered {
  std::uint32_t number;
  std::string_view rest;
};

/// "17 rest": the number, and what follows the blanks after it.
std::optional<Numbered> split(std::string_view line) {
  line = after_blanks(line);
  const auto digits = leading_digits(line);
  const auto rest = line.substr(digits.size());
  if (!rest.empty() && !is_blank(rest.front())) return std::nullopt;
  const auto number = util::parse_number(digits);
  if (!number || *number == 0 || *number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return Numbered{static_cast<std::uint32_t>(*number), after_blanks(rest)};
}

/// The size at the start of `rest`. A message without one counts as 1 byte, because it is not empty.
std::uint64_t size_claim(std::string_view rest) {
  const auto digits = leading_digits(rest);
  if (digits.empty()) return 1;
  return std::min(util::parse_number(digits).value_or(largest_claim), largest_claim);
}

/// A UID consists of printable characters without blanks (RFC 1939 section 7). Some servers append blanks at
/// one time and not at another: they are not part of the UID.
std::string_view without_trailing_blanks(std::string_view uidl) {
  while (!uidl.empty() && (is_blank(uidl.back()) || uidl.back() == '\r')) uidl.remove_suffix(1);
  return uidl;
}

}  // namespace

void ListingBuilder::expect(std::uint64_t messages) {
  constexpr std::uint64_t most = 1'000'000;  // the number is only a claim of the server
  listed_.reserve(static_cast<std::size_t>(std::min(messages, most)));
}

std::optional<std::size_t> ListingBuilder::place_of(std::uint32_t number) const {
  const std::size_t usual = number - 1;
  if (usual < listed_.size() && listed_[usual].number == number) return usual;
  const auto found = elsewhere_.find(number);
  return found != elsewhere_.end() ? std::optional(found->second) : std::nullopt;
}

void ListingBuilder::add_list_line(std::string_view line) {
  const auto found = split(line);
  has_nonsense_ = has_nonsense_ || !found;
  if (!found || place_of(found->number)) return leave_out(line);
  if (found->number - 1 != listed_.size()) elsewhere_.emplace(found->number, listed_.size());
  largest_number_ = std::max(largest_number_, found->number);
  listed_.push_back({.number = found->number, .bytes = size_claim(found->rest), .uidl = {}});
}

void ListingBuilder::add_uidl_line(std::string_view line) {
  named_.resize(listed_.size());
  const auto found = split(line);
  if (!found) return leave_out(line);
  const auto place = place_of(found->number);
  if (!place && found->number > largest_number_) {  // it arrived after LIST: the next session fetches it
    faults_.may_be_incomplete = names_unlisted_ = true;
    return;
  }
  names_left_out_ = names_left_out_ || !place;
  if (!place || named_[*place]) return leave_out(line);
  named_[*place] = true;
  listed_[*place].uidl = without_trailing_blanks(found->rest);
}

/// Counts a line that is left out. It may stand for any message, so that the listing may be incomplete.
void ListingBuilder::leave_out(std::string_view line) {
  if (faults_.malformed_lines++ == 0) faults_.first_malformed_line = line;
  faults_.may_be_incomplete = true;
}

}  // namespace mailhaul::pop3
