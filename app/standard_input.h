// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>

#include "util/cancel.h"
#include "util/error.h"
#include "util/secret.h"

namespace mailhaul::app {

/// Reads standard input to its end, which may be a terminal, a file, a pipe or a socket. Throws `too_long` if
/// there are more than `most` bytes, and Error{cancelled} after a signal: what was read by then is not all.
[[nodiscard]] util::Secret read_standard_input(std::size_t most, const util::Error& too_long,
                                               const util::Cancel& cancel);

}  // namespace mailhaul::app
