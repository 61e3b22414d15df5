// SPDX-License-Identifier: MIT
#include "setup/doctor_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "setup/doctor.h"

namespace mailhaul::setup {
namespace {

void check_syslog(const TellFinding& tell) {
  constexpr const char* socket = "/dev/log";
  if (::access(socket, F_OK) == 0) return tell({.check = "log", .sentence = "syslog can be reached"});
  tell({.grade = Grade::warning,
        .check = "log",
        .sentence = "no syslog daemon is running: there is no " + std::string(socket),
        .advice = "start the system's syslog daemon, or name a file in \"log\""});
}

template <class Wanted>
std::vector<util::Path> entries_in(const util::Path& directory, const Wanted& wanted) {
  std::vector<util::Path> entries;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(directory, failed), end; !failed && entry != end;
       entry.increment(failed))
    if (wanted(*entry)) entries.push_back(entry->path());
  std::ranges::sort(entries);
  return entries;
}

}  // namespace

util::Path existing(util::Path directory) {
  std::error_code ignored;
  while (!std::filesystem::exists(directory, ignored) && directory.has_relative_path())
    directory = directory.parent_path();
  return directory;
}

bool takes_files(const util::Path& directory) {
  std::error_code ignored;
  return std::filesystem::is_directory(directory, ignored) &&
         ::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

std::string text_if_readable(const util::Path& file) {
  try {
    return util::read_file(file, 1U << 20U);
  } catch (const util::Error&) {
    return {};  // another user's
  }
}

std::vector<util::Path> files_in(const util::Path& directory) {
  return entries_in(directory, [](const auto& entry) {
    std::error_code ignored;
    return entry.is_regular_file(ignored);
  });
}

std::vector<util::Path> folders_in(const util::Path& directory, std::string_view end) {
  return entries_in(directory, [end](const auto& entry) {
    std::error_code ignored;
    return entry.path().native().ends_with(end) && entry.is_directory(ignored);
  });
}

void check_log(const util::Path& log, const TellFinding& tell) {
  if (log.empty()) return;
  if (log == util::Path(account::to_syslog)) return check_syslog(tell);
  const auto warn = [&tell](const std::string& sentence) {
    tell({.grade = Grade::warning,
          .check = "log",
          .sentence = sentence,
          .advice = "mail is still fetched, but nothing is logged; correct \"log\""});
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(log, ignored)) return warn(log.native() + " is a directory");
  if (std::filesystem::exists(log, ignored)) {
    if (::faccessat(AT_FDCWD, log.c_str(), W_OK, AT_EACCESS) != 0)
      return warn(log.native() + " cannot be written: " + util::errno_text(errno));
    return tell({.check = "log", .sentence = log.native() + " can be written"});
  }
  const auto directory = existing(log.parent_path());
  if (!takes_files(directory)) return warn(log.native() + " cannot be created in " + directory.native());
  tell({.check = "log", .sentence = log.native() + " does not exist yet; the first fetch creates it"});
}

void check_metrics(const util::Path& metrics, const TellFinding& tell) {
  if (metrics.empty()) return;
  const auto warn = [&tell](const std::string& sentence) {
    tell({.grade = Grade::warning,
          .check = "metrics",
          .sentence = sentence,
          .advice = "mail is still fetched, but Prometheus gets no data; correct \"metrics\""});
  };
  std::error_code ignored;
  const auto directory = metrics.parent_path();
  if (std::filesystem::is_directory(metrics, ignored)) return warn(metrics.native() + " is a directory");
  if (!std::filesystem::is_directory(directory, ignored))
    return warn("there is no directory " + directory.native());
  if (!takes_files(directory))
    return warn(directory.native() + " cannot be written, so " + metrics.filename().native() +
                " cannot be replaced");
  tell({.check = "metrics", .sentence = metrics.native() + " can be written"});
}

}  // namespace mailhaul::setup
