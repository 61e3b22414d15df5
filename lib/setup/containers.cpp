// SPDX-License-Identifier: MIT
#include "setup/containers.h"

#include <algorithm>

#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::setup {

bool is_file(const util::Path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

namespace {

/// Whether getmail takes the file for a configuration.
bool is_getmailrc(const util::Path& path) {
  const auto name = path.filename().native();
  const auto ends = [&](std::string_view end) { return name.ends_with(end); };
  return is_file(path) && !name.starts_with('.') && !name.starts_with('#') && !name.starts_with("oldmail-") &&
         !ends("~") && !ends("#") && !ends(".swp") && !ends(".bak") && !ends(".json");
}

/// False for a file that cannot be read, or is too large for a configuration.
bool has_retriever(const util::Path& path) {
  try {
    const auto text = "\n" + util::read_file(path, 256U << 10U);
    return text.find("\n[retriever]") != std::string::npos;
  } catch (const util::Error&) {
    return false;
  }
}

/// The files of the directory that fit, in the order of their names.
std::vector<util::Path> files_like(const util::Path& directory, bool (*fits)(const util::Path& path)) {
  std::vector<util::Path> files;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failure))
    if (fits(entry.path())) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

/// "getmail-main.cf", beside the other files of docker-mailserver.
bool is_named_for_getmail(const util::Path& path) {
  const auto name = path.filename().native();
  return is_file(path) && name.starts_with("getmail-") && name.ends_with(".cf");
}

/// Whether this is a directory of docker-mailserver, whose other files (*.cf) are not getmail's.
bool is_mail_server(const util::Path& directory) {
  return std::ranges::any_of(
      std::initializer_list<const char*>{"postfix-accounts.cf", "fetchmail.cf", "getmail"},
      [&](const char* name) {
        std::error_code ignored;
        return std::filesystem::exists(directory / name, ignored);
      });
}

std::vector<util::Path> fetchmail_files_in(const util::Path& directory) {
  for (const char* name : {"fetchmailrc", ".fetchmailrc", "fetchmail.cf", "config/fetchmail.cf"})
    if (is_file(directory / name)) return {directory / name};
  return {};
}

std::vector<util::Path> all_getmail_files_in(const util::Path& directory) {
  for (const auto& place : {directory / "getmail", directory / "config" / "getmail"})
    if (auto files = getmail_files_in(place); !files.empty()) return files;
  for (const auto& place : {directory, directory / "config"})
    if (auto files = files_like(place, is_named_for_getmail); !files.empty()) return files;
  return is_mail_server(directory) ? std::vector<util::Path>() : getmail_files_in(directory);
}

/// Mailu's container has the list only: its accounts are rows of a database.
[[noreturn]] void refuse_directory(const util::Path& directory, std::string_view program) {
  const auto name = util::escape(directory.native(), 4096);
  if (program == "fetchmail" && is_file(directory / "fetchids"))
    throw util::Error(util::Kind::no_config,
                      "there is a list of fetched messages in " + name +
                          ", as Mailu keeps it, but no configuration: Mailu has its accounts in a database",
                      "write them into " + name +
                          "/fetchmailrc (poll HOST proto pop3 user NAME keep), and "
                          "import the directory again");
  throw util::Error(util::Kind::no_config,
                    "there is no configuration of " + std::string(program) + " in " + name, "name its file");
}

}  // namespace

std::vector<util::Path> getmail_files_in(const util::Path& directory) {
  auto files = files_like(directory, is_getmailrc);
  if (!is_file(directory / "getmailrc")) return files;
  std::erase_if(files, [](const auto& file) { return is_beside_getmailrc(file) && !has_retriever(file); });
  std::stable_partition(files.begin(), files.end(),
                        [](const auto& file) { return !is_beside_getmailrc(file); });
  return files;
}

bool is_beside_getmailrc(const util::Path& path) {
  return path.filename() != "getmailrc" && is_file(path.parent_path() / "getmailrc");
}

std::vector<util::Path> files_below(const util::Path& directory, std::string_view program) {
  std::vector<util::Path> files;
  if (program == "fetchmail") files = fetchmail_files_in(directory);
  if (program == "getmail") files = all_getmail_files_in(directory);
  if (files.empty()) refuse_directory(directory, program);
  return files;
}

util::Path list_below(const util::Path& directory, std::string_view program, const util::Path& usual) {
  const auto folder = "lib-" + std::string(program);  // in docker-mailserver's volume for data that changes
  std::vector<util::Path> places{directory / usual.filename()};
  for (const auto& above : {directory, directory / "..", directory / "../.."})
    places.push_back(above / "mail-state" / folder / usual.filename());
  if (program == "fetchmail") places.push_back(directory / "fetchids");  // Mailu
  const auto found = std::ranges::find_if(places, is_file);
  return found == places.end() ? usual : found->lexically_normal();
}

}  // namespace mailhaul::setup
