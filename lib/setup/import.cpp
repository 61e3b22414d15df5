// SPDX-License-Identifier: MIT
#include "setup/import.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "setup/containers.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/join.h"
#include "util/shell.h"
#include "util/units.h"

namespace mailhaul::setup {
namespace {

constexpr std::size_t largest_configuration = 256U << 10U;
constexpr std::size_t largest_list = 256U << 20U;  // two million messages

std::vector<util::Path> fetchmail_files(const Surroundings& around) {
  const auto home = around.variable("FETCHMAILHOME");
  if (home) return {util::Path(*home) / "fetchmailrc"};
  return {around.home / ".fetchmailrc", "/etc/fetchmailrc"};
}

std::vector<util::Path> getmail_files(const Surroundings& around) {
  auto files = getmail_files_in(around.config_home / "getmail");
  return files.empty() ? getmail_files_in(around.home / ".getmail") : files;
}

std::vector<util::Path> mpop_files(const Surroundings& around) {
  return {around.home / ".mpoprc", around.config_home / "mpop" / "config"};
}

std::vector<util::Path> fdm_files(const Surroundings& around) {
  return {around.home / ".fdm.conf", "/etc/fdm.conf"};
}

constexpr std::array program_rows{
    ProgramRow{"fetchmail", fetchmail_files, read_fetchmail, fetchmail_list,
               "its daemon (fetchmail --quit, systemctl disable --now fetchmail) and its crontab lines",
               "fetchmail -k"},
    ProgramRow{"getmail", getmail_files, read_getmail, getmail_list, "its crontab lines and timers",
               "getmail -l"},
    ProgramRow{"mpop", mpop_files, read_mpop, mpop_list, "its crontab lines and timers", "mpop --keep=on"},
    ProgramRow{"fdm", fdm_files, read_fdm, fdm_list, "its crontab lines and timers", "fdm -k"},
};

[[noreturn]] void refuse_missing(const ProgramRow& program, const Surroundings& around) {
  auto files = program.usual_files(around);
  // getmail reads files of any name in these directories.
  if (files.empty()) files = {around.config_home / "getmail", around.home / ".getmail"};
  std::string places = files.size() > 1 ? "neither " : "there is no ";
  for (const auto& file : files)
    places += (&file == &files.front() ? "" : " nor ") + util::escape(file.native(), 4096);
  throw util::Error(util::Kind::no_config,
                    "there is no configuration of " + std::string(program.name) + ": " + places,
                    "name the file: mailhaul import " + std::string(program.name) + " FILE");
}

bool is_directory(const ImportRequest& request) {
  std::error_code ignored;
  return request.file && std::filesystem::is_directory(*request.file, ignored);
}

/// getmail reads all of its usual files, the other programs only the first one that exists.
std::vector<util::Path> files_of(const ImportRequest& request, const Surroundings& around) {
  const auto& program = *request.program;
  if (!request.file) {
    auto files = program.usual_files(around);
    std::erase_if(files, [](const auto& file) { return !is_file(file); });
    if (files.empty()) refuse_missing(program, around);
    if (program.name != "getmail") files.resize(1);
    return files;
  }
  if (is_directory(request)) return files_below(std::filesystem::absolute(*request.file), program.name);
  if (!is_file(*request.file))
    throw util::Error(util::Kind::no_config, "there is no file " + util::escape(request.file->native(), 4096),
                      "check the path");
  return {std::filesystem::absolute(*request.file)};
}

/// The note on messages that a program has fetched and left on the server although it removes mail now: it
/// was told to leave them on its command line or in an earlier configuration.
Note removal_of(const ProgramRow& program, const Draft& draft) {
  return {draft.line,
          "the list of " + std::string(program.name) + " has " +
              util::counted(draft.known.size(), "message") + " for " + draft.name +
              ", and its configuration does not keep mail: mailhaul removes those that are still on the "
              "server, without fetching them again",
          "if they are to stay there, as with " + std::string(program.keep) +
              R"(: "leave_on_server": true in the account)"};
}

/// What to do if mail stays on the server and no list says which messages were fetched.
std::string how_to_import_again(const std::string& program, const std::string& account) {
  return "stop the timer of " + program + ", run " + program + " once more, then remove the account " +
         account + " from mailhaul's configuration file and import again; if " + program +
         " keeps no list, run mailhaul state mark-seen " + account + " --all directly after that run instead";
}

std::string what_is_missing(const std::string& program, const Draft& draft) {
  const auto path = util::escape(draft.seen_file.native(), 4096);
  std::error_code ignored;
  const auto status = std::filesystem::status(draft.seen_file, ignored);
  if (std::filesystem::is_regular_file(status))
    return "the list of what " + program + " has fetched (" + path + ") contains nothing for " + draft.name;
  if (std::filesystem::exists(status))
    return path + " is not a file, and no list of what " + program + " has fetched for " + draft.name;
  return "there is no list of what " + program + " has fetched for " + draft.name + " (" + path + ")";
}

/// Reads the account's list of messages. Adds a note if mail will be removed, or if a list is missing.
void read_list(const ProgramRow& program, Draft& draft, std::vector<Note>& notes) {
  if (draft.seen_file.empty()) return;
  if (is_file(draft.seen_file)) {
    const auto text = util::read_file(draft.seen_file, largest_list, util::Kind::config);
    draft.known = program.read_list(draft.seen_file, text, draft);
  }
  if (!draft.leave_on_server && !draft.known.empty()) notes.push_back(removal_of(program, draft));
  if (!draft.leave_on_server || !draft.known.empty()) return;
  const std::string name(program.name);
  notes.push_back(
      {draft.line,
       what_is_missing(name, draft) + ", so mailhaul would fetch everything that is on the server again",
       how_to_import_again(name, draft.name)});
}

/// Reads one file. A mistake becomes a note if the user did not name the file and getmail itself does not
/// read it, because the other files can be imported.
Outcome read_one(const ImportRequest& request, const util::Path& file, std::string_view text,
                 const Surroundings& around) {
  try {
    return request.program->read(file, text, around);
  } catch (const util::Error& error) {
    const bool is_named = request.file && !is_directory(request);
    if (request.program->name != "getmail" || is_named || !is_beside_getmailrc(file)) throw;
    return {
        .file = file,
        .drafts = {},
        .notes = {{0, "was not read: " + std::string(error.what()),
                   "correct it, and name it: mailhaul import getmail " + util::shell_word(file.native())}}};
  }
}

}  // namespace

std::span<const ProgramRow> programs() { return program_rows; }

const ProgramRow* find_program(std::string_view name) {
  const auto found = std::ranges::find(program_rows, name, &ProgramRow::name);
  return found == program_rows.end() ? nullptr : &*found;
}

std::vector<Outcome> read_all(const ImportRequest& request, const Surroundings& around) {
  const auto& program = *request.program;
  std::vector<Outcome> outcomes;
  auto reserved = request.reserved_names;
  for (const auto& file : files_of(request, around)) {
    const util::Secret text(util::read_file(file, largest_configuration, util::Kind::config));
    auto outcome = read_one(request, file, text.reveal(), around);
    complete(outcome, around, reserved);
    for (auto& draft : outcome.drafts) {
      if (is_directory(request) && !draft.seen_file.empty())
        draft.seen_file = list_below(std::filesystem::absolute(*request.file), program.name, draft.seen_file);
      read_list(program, draft, outcome.notes);
      reserved.push_back(draft.name);
    }
    std::ranges::stable_sort(outcome.notes, {}, &Note::line);
    outcomes.push_back(std::move(outcome));
  }
  switch_off_doubles(outcomes);
  return outcomes;
}

}  // namespace mailhaul::setup
