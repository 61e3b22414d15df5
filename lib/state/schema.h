// SPDX-License-Identifier: MIT
// The tables, their version, and how those of older versions are migrated.
#pragma once
#include <cstdint>
#include <string>

#include "util/file.h"

namespace mailhaul::state {

class Database;

inline constexpr std::int64_t application_id = 0x4d48414c;  ///< "MHAL"
extern const std::int64_t schema_version;

/// The bytes of a new, empty database of the current version.
std::string new_database_bytes();

/// Throws Error{storage} when only a newer mailhaul knows this version.
void refuse_newer(const util::Path& file, std::int64_t version);

/// Migrates a database of an older version. Throws Error{storage} for a newer version, and for the database
/// of another program.
void migrate(Database& database);

}  // namespace mailhaul::state
