// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::util {

/// Bytes from outside, fit to be shown: all but 0x20-0x7e as \xNN, cut after `limit` bytes of input with
/// "...".
std::string escape(std::string_view bytes, std::size_t limit = 200);
/// A UID as it is written and read back: printable bytes but the backslash as they are, others \xNN. Never
/// cut.
std::string escape_uid(std::string_view uid);
std::optional<std::string> unescape_uid(std::string_view text);  ///< empty: a bad \x sequence

std::string_view without_leading_blanks(std::string_view text);   ///< blanks and tabs
std::string lower(std::string_view text);                         ///< ASCII only
bool equal_nocase(std::string_view one, std::string_view other);  ///< ASCII only

/// "500k", "10M", "2G", plain bytes; powers of 1024.
std::optional<std::uint64_t> parse_size(std::string_view text);
/// "90s", "15m", "2h", "30d"; a plain number is refused.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
std::string format_size(std::uint64_t bytes);                ///< "4.2 MB": for people; powers of 1024
std::string format_duration(std::chrono::seconds duration);  ///< "30d", "90s": as parse_duration reads it
std::string counted(std::uint64_t count, std::string_view noun);     ///< "1 message", "2 messages"
std::optional<std::uint64_t> parse_number(std::string_view digits);  ///< decimal digits only, no overflow

/// Words as a POSIX shell splits them: blanks, '...', "...", \x; no expansion of any kind. Empty: quote not
/// closed.
std::optional<std::vector<std::string>> split_words(std::string_view line);
/// The candidate most like `name` (edit distance, at most a third of its length); empty when none is near.
std::string nearest(std::string_view name, std::span<const std::string_view> candidates);

std::optional<std::string> base64_decode(std::string_view text);
std::string base64_encode(std::string_view bytes);

/// "2026-03-01T12:34:56Z".
std::string format_utc(std::chrono::sys_seconds time);

}  // namespace mailhaul::util
