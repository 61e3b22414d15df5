// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>

#include "pop3/session.h"

namespace mailhaul::engine {

/// The header that TOP has fetched; of a long one, the beginning. Empty if the server refused it.
std::string read_header(pop3::Message& message);

/// The value of the first field of this name ("Date:") in a header, unfolded (RFC 5322 section 2.2.3); empty
/// if there is none.
std::string header_field(std::string_view header, std::string_view name);

}  // namespace mailhaul::engine
