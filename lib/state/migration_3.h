// SPDX-License-Identifier: MIT
#pragma once

namespace mailhaul::state {

class Database;

/// Migrates to version 3, which records that a server announces wrong sizes. Adds the columns that a database
/// of an early version 2 lacks, and removes its hashes, which covered other bytes.
void complete_version_3(Database& database);

}  // namespace mailhaul::state
