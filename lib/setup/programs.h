// SPDX-License-Identifier: MIT
// The programs whose configurations are understood: a row for each.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "setup/draft.h"

namespace mailhaul::setup {

/// One program. `read` understands one file of it; it throws Error{config} "FILE:3: ..." for what the program
/// would refuse as well. `read_list` reads a list of messages for one account.
struct ProgramRow {
  std::string_view name;
  std::vector<util::Path> (*usual_files)(const Surroundings& around);  ///< where its configuration may be
  Outcome (*read)(const util::Path& file, std::string_view text, const Surroundings& around);
  std::vector<KnownMessage> (*read_list)(const util::Path& file, std::string_view text, const Draft& draft);
  std::string_view stop;  ///< what has to be done so that it does not fetch any more
  std::string_view keep;  ///< its option that leaves mail on the server, whatever the configuration says
};
std::span<const ProgramRow> programs();

Outcome read_fetchmail(const util::Path& file, std::string_view text, const Surroundings& around);
Outcome read_getmail(const util::Path& file, std::string_view text, const Surroundings& around);
Outcome read_mpop(const util::Path& file, std::string_view text, const Surroundings& around);
Outcome read_fdm(const util::Path& file, std::string_view text, const Surroundings& around);

// Read lists of fetched messages (seen_lists.cpp), and return what they say of the draft's mailbox. Throw
// Error{config} for a list that its program could not have written.
std::vector<KnownMessage> fetchmail_list(const util::Path& file, std::string_view text, const Draft& draft);
std::vector<KnownMessage> getmail_list(const util::Path& file, std::string_view text, const Draft& draft);
std::vector<KnownMessage> mpop_list(const util::Path& file, std::string_view text, const Draft& draft);
std::vector<KnownMessage> fdm_list(const util::Path& file, std::string_view text, const Draft& draft);

}  // namespace mailhaul::setup
