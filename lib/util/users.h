// SPDX-License-Identifier: MIT
#pragma once
#include <sys/types.h>

#include <string>

namespace mailhaul::util {

/// Empty if the system knows no user with that number.
std::string user_name_of(uid_t user);

/// "run mailhaul as that user: sudo -u anna mailhaul", for root where a file is another user's.
std::string run_as_hint(uid_t user);

}  // namespace mailhaul::util
