// SPDX-License-Identifier: MIT
#include "setup/systemd_units.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "setup/doctor_files.h"
#include "util/ascii.h"

namespace mailhaul::setup {
namespace {

using std::chrono::seconds;

/// Files of units by their names: "mailhaul-watch@anna.service".
using Units = std::map<std::string, util::Path>;

struct UnitDirectories {
  std::vector<util::Path> paths;  ///< a unit of the first one hides those of the others
  bool of_user = false;
};

/// The units in the directories, and those elsewhere that systemctl has enabled by a link in NAME.wants.
Units units_in(const UnitDirectories& directories) {
  Units units;
  for (const auto& directory : directories.paths)
    for (const auto& file : files_in(directory)) units.try_emplace(file.filename(), file);
  for (const auto& directory : directories.paths)
    for (const auto& wants : folders_in(directory, ".wants"))
      for (const auto& file : files_in(wants)) units.try_emplace(file.filename(), file);
  return units;
}

/// "mailhaul-watch@anna.service" -> "mailhaul-watch@.service"; others as they are.
std::string template_of(const std::string& name) {
  const auto at = name.find('@'), dot = name.rfind('.');
  return at == std::string::npos || dot < at ? name : name.substr(0, at + 1) + name.substr(dot);
}

std::string instance_of(const std::string& name) {
  const auto at = name.find('@'), dot = name.rfind('.');
  return at == std::string::npos || dot < at ? "" : name.substr(at + 1, dot - at - 1);
}

/// The text of a unit and of its drop-ins, with continued lines joined.
std::string text_of_unit(const std::string& name, const util::Path& file,
                         const UnitDirectories& directories) {
  std::string text = text_if_readable(file);
  for (const auto& directory : directories.paths)
    for (const auto& of : std::set{name, template_of(name)})
      for (const auto& drop_in : files_in(directory / (of + ".d")))
        if (drop_in.extension() == ".conf") text += "\n" + text_if_readable(drop_in);
  for (auto at = text.find("\\\n"); at != std::string::npos; at = text.find("\\\n", at))
    text.replace(at, 2, " ");
  return text;
}

/// The values of a setting; an empty value removes those before it.
std::vector<std::string> values_of(const std::string& text, std::string_view setting) {
  std::vector<std::string> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    if (equals == std::string::npos || line.substr(0, line.find_first_of(" \t=")) != setting) continue;
    const std::string value(util::without_leading_blanks(std::string_view(line).substr(equals + 1)));
    if (value.empty()) values.clear();
    if (!value.empty()) values.push_back(value);
  }
  return values;
}

seconds unit_of_time(std::string_view word) {
  struct TimeUnit {
    std::string_view names;
    seconds span;
  };
  constexpr std::array units{
      TimeUnit{" s sec second seconds ", seconds(1)}, TimeUnit{" m min minute minutes ", seconds(60)},
      TimeUnit{" h hr hour hours ", seconds(3600)}, TimeUnit{" d day days ", seconds(86400)}};
  if (word.empty()) return seconds(1);
  const auto unit = std::ranges::find_if(units, [&](const TimeUnit& one) {
    return one.names.find(" " + std::string(word) + " ") != std::string_view::npos;
  });
  return unit == units.end() ? seconds(0) : unit->span;
}

/// "5min", "1h 30min", "300" (systemd.time(7)); 0: not understood.
seconds time_span(std::string_view text) {
  seconds all{0};
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = util::parse_number(text.substr(0, digits));
    text = util::without_leading_blanks(text.substr(digits));
    const auto letters = std::min(text.find_first_of("0123456789 \t"), text.size());
    const auto unit = unit_of_time(text.substr(0, letters));
    if (!number || *number > 1'000'000 || unit.count() == 0) return seconds(0);
    all += unit * static_cast<std::int64_t>(*number);
    text = util::without_leading_blanks(text.substr(letters));
  }
  return all;
}

/// "minutely", "*:0/5", "*-*-* *:00/10:00" (systemd.time(7)); 0: not understood.
seconds calendar_interval(const std::string& text) {
  if (text == "minutely") return std::chrono::minutes(1);
  if (text == "hourly") return std::chrono::hours(1);
  const auto hours = text.rfind("*:");
  if (hours == std::string::npos) return seconds(0);
  const auto minutes = text.substr(hours + 2, text.find(':', hours + 2) - hours - 2);
  if (minutes == "*") return std::chrono::minutes(1);
  const auto slash = minutes.find('/');
  const auto step = slash == std::string::npos ? std::nullopt : util::parse_number(minutes.substr(slash + 1));
  return std::chrono::minutes(step && *step < 60 ? static_cast<int>(*step) : 0);
}

/// The shortest interval of the timer; 0 if none is understood.
seconds interval_of_timer(const std::string& text) {
  seconds least{0};
  const auto note = [&least](seconds span) {
    if (span.count() > 0 && (least.count() == 0 || span < least)) least = span;
  };
  for (const auto* setting : {"OnUnitActiveSec", "OnUnitInactiveSec"})
    for (const auto& value : values_of(text, setting)) note(time_span(value));
  for (const auto& value : values_of(text, "OnCalendar")) note(calendar_interval(value));
  return least;
}

/// The file of a unit that another unit names: one of `units`, or a file beside that of the other unit.
util::Path file_of(const std::string& name, const Units& units, const util::Path& beside) {
  for (const auto& one : {name, template_of(name)})
    if (const auto found = units.find(one); found != units.end()) return found->second;
  std::error_code failed;
  const auto real = std::filesystem::canonical(beside, failed);
  if (failed) return {};
  const auto whole = real.parent_path() / name;
  return std::filesystem::exists(whole, failed) ? whole : real.parent_path() / template_of(name);
}

bool runs_as_another(const std::string& name, const std::string& text, const Surroundings& around) {
  const auto users = values_of(text, "User");
  if (users.empty()) return false;
  const auto& user = users.back();
  return (user == "%i" || user == "%I" ? instance_of(name) : user) != around.user;
}

void add_commands(std::vector<UnitCommand>& commands, const UnitDirectories& directories,
                  const Surroundings& around) {
  const auto units = units_in(directories);
  std::set<std::string> timed;  // services that a timer starts
  const auto add = [&](const std::string& service, const util::Path& file, const UnitCommand& like) {
    const auto text = text_of_unit(service, file, directories);
    if (!directories.of_user && runs_as_another(service, text, around)) return;
    for (auto& line : values_of(text, "ExecStart"))
      commands.push_back({.where = like.where, .line = std::move(line), .every = like.every});
  };
  for (const auto& [name, file] : units) {
    if (file.extension() != ".timer") continue;
    const auto text = text_of_unit(name, file, directories);
    const auto named = values_of(text, "Unit");
    const auto service = named.empty() ? name.substr(0, name.size() - 6) + ".service" : named.back();
    timed.insert(service);
    add(service, file_of(service, units, file),
        {.where = file.native(), .line = {}, .every = interval_of_timer(text)});
  }
  for (const auto& [name, file] : units)
    if (file.extension() == ".service" && !timed.contains(name))
      add(name, file, {.where = file.native(), .line = {}});
}

}  // namespace

std::vector<UnitCommand> commands_of_systemd(const Surroundings& around) {
  std::vector<UnitCommand> commands;
  add_commands(commands,
               {.paths = {around.config_home / "systemd/user", "/etc/systemd/user"}, .of_user = true},
               around);
  add_commands(commands, {.paths = {"/etc/systemd/system"}}, around);
  return commands;
}

}  // namespace mailhaul::setup
