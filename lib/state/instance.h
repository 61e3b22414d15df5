// SPDX-License-Identifier: MIT
// The name of a state database, which is part of all file names that mailhaul makes.
#pragma once
#include <string>

namespace mailhaul::state {

class Database;

/// Eight random letters and digits, made at the first call, and again when `machine` has changed: after a
/// home directory was copied to another machine there are two databases, and neither may take temporary files
/// of the other for its own. With an empty `machine` the name never changes. Throws Error{storage} when it is
/// damaged.
[[nodiscard]] std::string instance_on(Database& database, const std::string& machine);

/// Adds the checksum of the name, which version 1 did not have. REQUIRES: a Transaction is open.
void add_instance_check(Database& database);

}  // namespace mailhaul::state
