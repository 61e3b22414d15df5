// SPDX-License-Identifier: MIT
// What runs mailhaul on this machine: lines of crontabs, and units of systemd.
#include <algorithm>

#include "setup/doctor.h"
#include "setup/providers.h"
#include "util/ascii.h"
#include "util/escape.h"
#include "util/process.h"
#include "util/units.h"

namespace mailhaul::setup {
namespace {

using util::Error;
using util::Kind;

/// One line or unit that runs mailhaul.
struct Runner {
  std::string where, command;
  std::chrono::minutes every{0};  ///< 0: not known
};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// The word of a command line that is mailhaul itself; empty: there is none.
std::string program_in(std::string_view line) {
  while (!line.empty()) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t=-@+!"), line.size()));
    const auto word = line.substr(0, line.find_first_of(" \t"));
    if (word == "mailhaul" || word.ends_with("/mailhaul")) return std::string(word);
    line.remove_prefix(word.size());
  }
  return {};
}

/// "*/5 * * * *" -> five minutes; "* * * * *" -> one.
std::chrono::minutes interval_of(std::string_view line) {
  if (line.starts_with("* ")) return std::chrono::minutes(1);
  if (!line.starts_with("*/")) return std::chrono::minutes(0);
  const auto number = util::parse_number(line.substr(2, line.find_first_of(" \t") - 2));
  return std::chrono::minutes(number && *number < 60 ? static_cast<int>(*number) : 0);
}

void add_crontab(std::vector<Runner>& runners, const std::string& where, std::string_view text) {
  for (const auto& line : lines_of(text)) {
    if (line.starts_with('#')) continue;
    if (auto program = program_in(line); !program.empty())
      runners.push_back({.where = where, .command = std::move(program), .every = interval_of(line)});
  }
}

void add_unit(std::vector<Runner>& runners, const util::Path& file, std::string_view text) {
  for (const auto& line : lines_of(text)) {
    if (!line.starts_with("ExecStart=")) continue;
    if (auto program = program_in(line.substr(10)); !program.empty())
      runners.push_back({.where = file.native(), .command = std::move(program)});
  }
}

std::string read_if_possible(const util::Path& file) {
  try {
    return util::read_file(file, 1U << 20U);
  } catch (const Error&) {
    return {};  // another user's
  }
}

std::vector<util::Path> files_in(const util::Path& directory) {
  std::vector<util::Path> files;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(directory, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) files.push_back(entry->path());
  }
  std::ranges::sort(files);
  return files;
}

std::string own_crontab(const DoctorOutside& outside) {
  if (find_program_file("crontab", outside.around).empty()) return {};
  const std::vector<std::string> command{"crontab", "-l"};
  try {
    return util::capture(command, 1U << 20U, std::chrono::seconds(10), *outside.cancel).output;
  } catch (const Error& error) {
    if (error.kind() == Kind::cancelled) throw;
    return {};
  }
}

std::vector<Runner> find_runners(const DoctorOutside& outside) {
  std::vector<Runner> runners;
  add_crontab(runners, "crontab -l", own_crontab(outside));
  for (const auto& file : files_in("/etc/cron.d"))
    add_crontab(runners, file.native(), read_if_possible(file));
  add_crontab(runners, "/etc/crontab", read_if_possible("/etc/crontab"));
  for (const auto& directory : {outside.around.config_home / "systemd/user", util::Path("/etc/systemd/user"),
                                util::Path("/etc/systemd/system")})
    for (const auto& file : files_in(directory))
      if (file.extension() == ".service") add_unit(runners, file, read_if_possible(file));
  return runners;
}

void check_runner(const Runner& runner, const std::vector<account::Account>& accounts,
                  const DoctorOutside& outside, const TellFinding& tell) {
  const bool is_path = runner.command.find('/') != std::string::npos;
  if (is_path && !runner.command.starts_with('%') &&
      find_program_file(runner.command, outside.around).empty())
    return tell({.grade = Grade::fault,
                 .check = "timer",
                 .sentence = runner.where + " runs " + util::escape(runner.command) + ", which is not there",
                 .advice = "write the path of the program that is installed (command -v mailhaul)"});
  for (const auto& account : accounts) {
    const auto* const provider = provider_of_server(account.server.host);
    const auto every = std::max<std::chrono::seconds>(runner.every, account.policy.min_interval);
    if (provider == nullptr || runner.every.count() == 0 || every >= provider->interval) continue;
    tell({.grade = Grade::warning,
          .account = account.name,
          .check = "timer",
          .sentence = runner.where + " runs it every " + util::format_duration(runner.every) + ", and " +
                      std::string(provider->name) + " wants " + util::format_duration(provider->interval) +
                      " between two logins",
          .advice = "put \"min_interval\": \"" + util::format_duration(provider->interval) +
                    "\" into the account, or run it less often"});
  }
  tell({.check = "timer", .sentence = runner.where + " runs " + util::escape(runner.command)});
}

}  // namespace

void check_timers(const std::vector<account::Account>& accounts, const DoctorOutside& outside,
                  const TellFinding& tell) {
  const auto runners = find_runners(outside);
  if (runners.empty())
    return tell({.check = "timer",
                 .sentence = "no crontab and no unit of systemd runs mailhaul, as far as this user can see"});
  for (const auto& runner : runners) check_runner(runner, accounts, outside, tell);
}

}  // namespace mailhaul::setup
