// SPDX-License-Identifier: MIT
// The tables, their version, and how older ones become newer ones.
#pragma once
#include <cstdint>
#include <string>

#include "util/file.h"

namespace mailhaul::state {

class Database;

inline constexpr std::int64_t application_id = 0x4d48414c;  ///< "MHAL"
extern const std::int64_t schema_version;

/// The bytes of a new, empty database of the present version.
std::string new_database_image();

/// Throws Error{storage} for a version that only a newer mailhaul knows.
void refuse_newer(const util::Path& file, std::int64_t version);

/// Brings an older database up to the present version. Throws Error{storage} for a newer one, and for the
/// database of another program.
void migrate(Database& database);

}  // namespace mailhaul::state
