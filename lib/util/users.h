// SPDX-License-Identifier: MIT
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>

#include "util/file.h"

namespace mailhaul::util {

/// The name of a user; empty if the system knows no user with that number.
std::string user_name_of(uid_t user);

/// The home directory of a user; empty if the system knows no such user, or no home directory of that user.
std::optional<Path> home_of(const std::string& user);

/// A hint for root if a file belongs to another user: "run mailhaul as that user: sudo -u anna mailhaul".
std::string run_as_hint(uid_t user);

}  // namespace mailhaul::util
