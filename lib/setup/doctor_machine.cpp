// SPDX-License-Identifier: MIT
// What can be checked of this machine: the database, the clock, and what runs mailhaul.
#include <sys/statvfs.h>

#include <algorithm>

#include "setup/doctor.h"
#include "setup/doctor_files.h"
#include "setup/providers.h"
#include "util/ascii.h"
#include "util/escape.h"
#include "util/process.h"
#include "util/units.h"

namespace mailhaul::setup {
namespace {

using util::Error;
using util::Kind;

constexpr std::uint64_t little_space = 64U << 20U;

Finding fault_of(std::string check, const Error& error) {
  return {.grade = Grade::fault,
          .check = std::move(check),
          .sentence = error.what(),
          .advice = error.hint(),
          .kind = error.kind()};
}

void check_space(const util::Path& state_file, const TellFinding& tell) {
  const auto directory = existing(state_file.parent_path());
  struct statvfs disk {};
  if (::statvfs(directory.c_str(), &disk) != 0) return;
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  if (free < little_space)
    return tell({.grade = Grade::warning,
                 .check = "space",
                 .sentence = util::format_size(free) + " are free on the disk of " + directory.native(),
                 .advice = "make room: mail is left on the server while the disk is full"});
  tell({.check = "space", .sentence = util::format_size(free) + " are free beside the state database"});
}

void check_creatable(const util::Path& file, const TellFinding& tell) {
  const auto directory = existing(file.parent_path());
  if (!takes_files(directory))
    return tell(fault_of(
        "state", Error(Kind::cannot_create,
                       "cannot create the state database " + file.native() + " in " + directory.native(),
                       "name another file with --state FILE")));
  tell({.check = "state", .sentence = file.native() + " does not exist yet; the first fetch creates it"});
}

void check_pause(const account::Account& account, const state::Glance& glance, const DoctorOutside& outside,
                 const TellFinding& tell) {
  const auto key = account::mailbox_of(account);
  for (const auto& mailbox : glance.mailboxes) {
    if (mailbox.user != key.user || mailbox.host != key.host || mailbox.port != key.port) continue;
    if (!mailbox.not_before || *mailbox.not_before <= outside.now) continue;
    const auto why = mailbox.refused_logins > 0
                         ? ": " + util::counted(mailbox.refused_logins, "login") + " in a row failed"
                         : ": the server asked for a pause";
    tell({.grade = Grade::warning,
          .account = account.name,
          .check = "pause",
          .sentence =
              "runs without a terminal do not log in before " + outside.local_time(*mailbox.not_before) + why,
          .advice = "correct what was refused, and run mailhaul at a terminal, which ends the pause"});
  }
}

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
    return tell(fault_of(
        "timer",
        Error(Kind::config, runner.where + " runs " + util::escape(runner.command) + ", which is not there",
              "write the path of the program that is installed (command -v mailhaul)")));
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

bool is_in_the_future(const util::Path& file, std::chrono::sys_seconds now) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return false;
  return std::chrono::sys_seconds(std::chrono::seconds(info.st_mtime)) > now + std::chrono::hours(1);
}

}  // namespace

void check_state(const std::vector<account::Account>& accounts, const DoctorOutside& outside,
                 const TellFinding& tell) {
  check_space(outside.state_file, tell);
  try {
    const auto glance = state::inspect(outside.state_file);
    if (!glance.exists) return check_creatable(outside.state_file, tell);
    if (glance.has_journal)
      return tell({.check = "state",
                   .sentence = outside.state_file.native() +
                               " is in use, or its last run was killed, which the next one puts right; "
                               "not examined"});
    tell({.check = "state",
          .sentence = outside.state_file.native() + " is whole, " + util::format_size(glance.bytes) +
                      ", version " + std::to_string(glance.version)});
    for (const auto& account : accounts) check_pause(account, glance, outside, tell);
  } catch (const Error& error) {
    tell(fault_of("state", error));
  }
}

void check_clock(const util::Path& config, const DoctorOutside& outside, const TellFinding& tell) {
  for (const auto& file : {config, outside.state_file}) {
    if (file.empty() || !is_in_the_future(file, outside.now)) continue;
    return tell({.grade = Grade::warning,
                 .check = "clock",
                 .sentence = "it is " + outside.local_time(outside.now) + " by this machine's clock, and " +
                             file.native() + " was written later than that",
                 .advice = "set the clock; certificates and \"delete_after\" depend on it"});
  }
  tell({.check = "clock", .sentence = "it is " + outside.local_time(outside.now)});
}

void check_timers(const std::vector<account::Account>& accounts, const DoctorOutside& outside,
                  const TellFinding& tell) {
  const auto runners = find_runners(outside);
  if (runners.empty())
    return tell({.check = "timer",
                 .sentence = "no crontab and no unit of systemd runs mailhaul, as far as this user can see"});
  for (const auto& runner : runners) check_runner(runner, accounts, outside, tell);
}

}  // namespace mailhaul::setup
