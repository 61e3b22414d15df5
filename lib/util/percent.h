// SPDX-License-Identifier: MIT
// Percent-encoding, as URLs and the bodies of forms have it (RFC 3986 section 2.1).
#pragma once
#include <string>
#include <string_view>

namespace mailhaul::util {

/// Replaces every byte by %XX except A-Z a-z 0-9 - . _ ~ (RFC 3986 section 2.3) and those of `also_plain`.
std::string percent_encode(std::string_view text, std::string_view also_plain = {});
/// Reads "+" as a blank, as forms have it, and %XX as a byte; leaves what is not well-formed as it is.
std::string percent_decode(std::string_view text);

}  // namespace mailhaul::util
