// SPDX-License-Identifier: MIT
// What runs mailhaul on this machine: lines of crontabs, and units of systemd.
#include <algorithm>
#include <sstream>

#include "setup/command_lines.h"
#include "setup/doctor.h"
#include "setup/doctor_files.h"
#include "setup/providers.h"
#include "setup/systemd_units.h"
#include "util/ascii.h"
#include "util/escape.h"
#include "util/process.h"
#include "util/units.h"

namespace mailhaul::setup {
namespace {

using util::Error;
using util::Kind;

constexpr std::chrono::seconds usual_interval{300};  // of `watch`

/// One line or unit that runs mailhaul.
struct Runner {
  std::string where;
  Started started;
  std::chrono::seconds every{0};  ///< 0: not known
};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) lines.emplace_back(util::take_line(text));
  return lines;
}

/// How often `watch` fetches, by its arguments; 0: they are not those of `watch`.
std::chrono::seconds interval_of_watch(std::string arguments) {
  constexpr std::string_view option = "--interval";
  std::ranges::replace_if(
      arguments, [](char c) { return c == '=' || c == '"' || c == '\''; }, ' ');
  std::istringstream words(arguments);
  std::chrono::seconds every{0};
  for (std::string word; words >> word;) {
    if (word == "watch") every = usual_interval;
    if (word == option && words >> word) every = util::parse_duration(word).value_or(every);
  }
  return every;
}

/// All places where a command line starts mailhaul, each with its interval.
std::vector<Runner> runners_in(const std::string& where, std::string_view line) {
  std::vector<Runner> runners;
  for (auto& started : mailhaul_started_by(line)) {
    const auto every = interval_of_watch(started.arguments);
    runners.push_back({.where = where, .started = std::move(started), .every = every});
  }
  return runners;
}

/// "*/5 * * * *" -> five minutes; "* * * * *" -> one.
std::chrono::seconds interval_of_crontab(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (line.starts_with("* ")) return std::chrono::minutes(1);
  if (!line.starts_with("*/")) return std::chrono::seconds(0);
  const auto number = util::parse_number(line.substr(2, line.find_first_of(" \t") - 2));
  return std::chrono::minutes(number && *number < 60 ? static_cast<int>(*number) : 0);
}

void add_crontab(std::vector<Runner>& runners, Crontab crontab, const std::string& where,
                 std::string_view text) {
  for (const auto& line : lines_of(text))
    for (auto& runner : runners_in(where, command_of_crontab(line, crontab))) {
      if (runner.every.count() == 0) runner.every = interval_of_crontab(line);
      runners.push_back(std::move(runner));
    }
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
  add_crontab(runners, Crontab::own, "crontab -l", own_crontab(outside));
  for (const auto& file : files_in("/etc/cron.d"))
    add_crontab(runners, Crontab::of_system, file.native(), text_if_readable(file));
  add_crontab(runners, Crontab::of_system, "/etc/crontab", text_if_readable("/etc/crontab"));
  for (const auto& command : commands_of_systemd(outside.around)) {
    const std::string_view line(command.line);
    const auto prefixes = std::min(line.find_first_not_of(" \t-@+!:"), line.size());
    for (auto& runner : runners_in(command.where, line.substr(prefixes))) {
      if (runner.every.count() == 0) runner.every = command.every;
      runners.push_back(std::move(runner));
    }
  }
  return runners;
}

/// The path with ~ and $HOME replaced. Empty if it cannot be checked: a name that is looked up in $PATH, a
/// relative path, or a text that only a shell can replace.
std::string path_to_check(std::string program, const util::Path& home) {
  for (const std::string_view name : {"~/", "$HOME/", "${HOME}/"})
    if (program.starts_with(name)) program = (home / program.substr(name.size())).native();
  const bool is_clear = program.starts_with('/') && program.find_first_of("$%*?[") == std::string::npos;
  return is_clear ? program : std::string();
}

/// Whether mailhaul will be started. Reports if it will not, or if this cannot be known.
bool will_start(const Runner& runner, const DoctorOutside& outside, const TellFinding& tell) {
  const auto named = util::escape(runner.started.program);
  if (!runner.started.is_clear) {
    tell({.check = "timer",
          .sentence = runner.where + " has a line with " + named +
                      ", which was not examined: the program that the line starts is not known"});
    return false;
  }
  const auto path = path_to_check(runner.started.program, outside.around.home);
  if (path.empty() || !find_program_file(path, outside.around).empty()) return true;
  if (runner.started.is_guarded) {
    tell({.check = "timer",
          .sentence = runner.where + " runs " + named + " only if it exists, and it does not exist"});
    return false;
  }
  tell({.grade = Grade::fault,
        .check = "timer",
        .sentence = runner.where + " runs " + named + ", which is not there",
        .advice = "write the path of the program that is installed (command -v mailhaul)"});
  return false;
}

void check_runner(const Runner& runner, const std::vector<account::Account>& accounts,
                  const DoctorOutside& outside, const TellFinding& tell) {
  if (!will_start(runner, outside, tell)) return;
  for (const auto& account : accounts) {
    const auto* const provider = provider_of_server(account.server.host);
    const auto every = std::max(runner.every, account.policy.min_interval);
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
  const auto interval = runner.every.count() == 0 ? "" : " every " + util::format_duration(runner.every);
  tell({.check = "timer",
        .sentence = runner.where + " runs " + util::escape(runner.started.program) + interval});
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
