// SPDX-License-Identifier: MIT
// The programs that a line of a crontab or of a unit starts, as far as it can be told without a shell.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::setup {

/// mailhaul, as a command line starts it.
struct Started {
  std::string program;      ///< as it is written, without quotes
  std::string arguments;    ///< what follows, up to the end of the command
  bool is_guarded = false;  ///< the line first tests whether this file exists
  bool is_clear = true;     ///< false: it may only be an argument of an unknown program
};

/// All places where a command line starts mailhaul.
std::vector<Started> mailhaul_started_by(std::string_view line);

/// In the system's crontabs, a user's name comes before the command.
enum class Crontab { own, of_system };
/// The command of a line; empty if the line is a comment or sets a variable.
std::string_view command_of_crontab(std::string_view line, Crontab crontab);

}  // namespace mailhaul::setup
