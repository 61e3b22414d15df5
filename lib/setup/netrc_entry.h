// SPDX-License-Identifier: MIT
// A password that another program finds in ~/.netrc.
#pragma once
#include "setup/draft.h"

namespace mailhaul::setup {

/// The other program, and its netrc file.
struct NetrcReader {
  std::string_view program;
  util::Path file;
};

/// Lets the account use netrc if mailhaul finds its password there. Otherwise a note says why not, and what
/// to do. Returns false, without a note, if there is no such file at all.
[[nodiscard]] bool take_from_netrc(Draft& draft, Outcome& outcome, const Surroundings& around,
                                   const NetrcReader& reader);
/// The same for a program that reads ~/.netrc.
[[nodiscard]] bool take_from_netrc(Draft& draft, Outcome& outcome, const Surroundings& around,
                                   std::string_view program);

/// The login that getmail takes from its netrc file for a server, as Python reads such a file: from the last
/// entry of this very name, otherwise from the last "default". Empty if there is none, or the file cannot be
/// read.
std::string login_of_getmail(const util::Path& file, const std::string& server);

/// Whether `file` has the password, under the name of the server. False if the file cannot be read.
bool has_in_netrc(const Draft& draft, const util::Path& file);

}  // namespace mailhaul::setup
