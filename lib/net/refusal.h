// SPDX-License-Identifier: MIT
// What a server's -ERR means: RFC 2449 section 8, RFC 3206, and the words of servers that know neither.
#pragma once
#include <string>
#include <string_view>

#include "util/error.h"

namespace mailhaul::net {

/// "[SYS/TEMP] try later" -> "SYS/TEMP", in upper case; empty where there is none.
std::string response_code(std::string_view text);

/// The kind of trouble an -ERR stands for. `otherwise` is what a refusal without a known code means here.
util::Kind kind_of_refusal(std::string_view text, util::Kind otherwise);

/// What to do about it, for the user; empty where nothing fits.
std::string hint_for_refusal(std::string_view text, util::Kind kind);

}  // namespace mailhaul::net
