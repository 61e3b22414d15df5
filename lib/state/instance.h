// SPDX-License-Identifier: MIT
// The name of a state database, which is part of all file names that mailhaul makes.
#pragma once
#include <string>

namespace mailhaul::state {

class Database;

/// Eight random letters and digits, made at the first call. Made again when `machine` has changed: a home
/// directory that is copied to another machine takes its database along, and from then on the two must not
/// take each other's temporary files for their own. An empty `machine` never changes anything. Throws
/// Error{storage} for a damaged one.
[[nodiscard]] std::string instance_on(Database& database, const std::string& machine);

/// Version 1 had no checksum of it. REQUIRES: a Transaction is open.
void add_instance_check(Database& database);

}  // namespace mailhaul::state
