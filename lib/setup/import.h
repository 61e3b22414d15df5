// SPDX-License-Identifier: MIT
// Takes over what another program knows: its configuration, and its list of what it has fetched.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "setup/draft.h"
#include "setup/programs.h"

namespace mailhaul::setup {

/// nullptr if mailhaul does not understand the configuration of this program.
const ProgramRow* find_program(std::string_view name);

struct ImportRequest {
  const ProgramRow* program = nullptr;
  std::optional<util::Path> file;           ///< empty: where it usually is
  std::vector<std::string> reserved_names;  ///< no account may have one of these
};

/// Reads the configuration and the lists of messages of its accounts; returns one outcome for each file of
/// the configuration. Writes nothing and starts no program. Throws Error{no_config} if there is no file,
/// Error{config} if a file or a list is damaged.
std::vector<Outcome> read_all(const ImportRequest& request, const Surroundings& around);

}  // namespace mailhaul::setup
