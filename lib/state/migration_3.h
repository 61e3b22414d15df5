// SPDX-License-Identifier: MIT
#pragma once

namespace mailhaul::state {

class Database;

/// To version 3, which knows what sizes a server tells wrongly. Adds the columns that a database of an early
/// version 2 lacks, and removes its hashes, which covered other bytes.
void complete_version_3(Database& database);

}  // namespace mailhaul::state
