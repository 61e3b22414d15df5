// SPDX-License-Identifier: MIT
// From version 1 of the tables to version 2.
#pragma once

namespace mailhaul::state {

class Database;

/// Creates the tables of version 2 beside those of version 1.
extern const char* const make_version_2;
/// Copies the content of the tables of version 1. It uses the classes that write the current tables, so
/// make_version_2 creates all columns that these write, even those of later versions. REQUIRES:
/// make_version_2 was executed, in the same Transaction.
void copy_to_version_2(Database& database);
/// Removes the tables of version 1.
extern const char* const leave_version_1;

}  // namespace mailhaul::state
