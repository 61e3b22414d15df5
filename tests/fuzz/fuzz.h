// SPDX-License-Identifier: MIT
// What the targets share: taking an input apart, and checking properties.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/cpp/text.h"
#include "util/error.h"

namespace mailhaul::fuzz {

using test::count;

/// Ends the process if a property does not hold; the fuzzer then keeps the input.
inline void require(bool holds, std::string_view property) {
  if (holds) return;
  std::fprintf(stderr, "\nDOES NOT HOLD: %.*s\n", static_cast<int>(property.size()), property.data());
  std::abort();
}

/// Runs `action` and returns the util::Error that it throws. Any other exception ends the process.
template <typename Action>
std::optional<util::Error> error_of(Action action) {
  try {
    action();
  } catch (const util::Error& error) {
    return error;
  }
  return std::nullopt;
}

/// Reads an input from the front. Once it is used up, everything is 0 or empty.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : bytes_(data, data + size), rest_(bytes_) {}
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  bool empty() const noexcept { return rest_.empty(); }
  std::string_view rest() const noexcept { return rest_; }
  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  /// Everything up to the next delimiter, which is consumed and left out.
  std::string_view until(char separator) {
    const auto text = rest_.substr(0, rest_.find(separator));
    rest_.remove_prefix(std::min(text.size() + 1, rest_.size()));
    return text;
  }

 private:
  std::string bytes_;
  std::string_view rest_;
};

/// Passes on the text in pieces: in one piece if `cut` is 0, byte by byte if it is 1, otherwise in lengths
/// that `cut` decides. Each piece has memory of its own, which is freed afterwards.
template <typename Take>
void in_pieces(std::string_view text, unsigned cut, Take take) {
  std::minstd_rand random(cut);
  while (!text.empty()) {
    const std::size_t wanted = cut == 0 ? text.size() : cut == 1 ? 1 : 1 + random() % (random() % 70 + 1);
    const auto length = std::min(wanted, text.size());
    const std::vector<char> piece(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(length));
    take(std::string_view(piece.data(), piece.size()));
    text.remove_prefix(length);
  }
}

inline bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

/// Whether text from outside can be shown: it has no control characters, and another library accepts it as
/// well-formed UTF-8.
inline bool escaped(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }))
    return false;
  const nlohmann::json as_json(text);
  const auto well_formed = as_json.dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore);
  return well_formed == as_json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace mailhaul::fuzz
