// SPDX-License-Identifier: MIT
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>

#include "util/file.h"

namespace mailhaul::util {

/// Empty if the system knows no user with that number.
std::string user_name_of(uid_t user);

/// The home directory of a user; nothing if the system knows none of that name.
std::optional<Path> home_of(const std::string& user);

/// "run mailhaul as that user: sudo -u anna mailhaul", for root if a file is another user's.
std::string run_as_hint(uid_t user);

}  // namespace mailhaul::util
