// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>

#include "pop3/session.h"

namespace mailhaul::engine {

/// The header that TOP has fetched, at most its first 64 KiB. Empty if the server refused TOP.
std::string read_header(pop3::Message& message);

/// The value of the first field of this name ("Date:") in a header, unfolded (RFC 5322 section 2.2.3); empty
/// if there is none.
std::string header_field(std::string_view header, std::string_view name);

}  // namespace mailhaul::engine
