// SPDX-License-Identifier: MIT
// What can be checked of this machine: the database and the clock.
#include <sys/statvfs.h>

#include "setup/doctor.h"
#include "setup/doctor_files.h"
#include "util/units.h"

namespace mailhaul::setup {
namespace {

using util::Error;
using util::Kind;

constexpr std::uint64_t little_space = 64U << 20U;

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

void check_pause(const account::Account& account, const state::Inspection& found,
                 const DoctorOutside& outside, const TellFinding& tell) {
  const auto key = account::mailbox_of(account);
  for (const auto& mailbox : found.mailboxes) {
    if (mailbox.user != key.user || mailbox.host != key.host || mailbox.port != key.port) continue;
    if (!mailbox.not_before || *mailbox.not_before <= outside.now) continue;
    const bool refused = mailbox.refused_logins > 0;
    const auto why = refused ? ": " + util::counted(mailbox.refused_logins, "login") + " in a row failed"
                             : ": the server asked for a pause";
    tell({.grade = Grade::warning,
          .account = account.name,
          .check = "pause",
          .sentence =
              "runs without a terminal do not log in before " + outside.local_time(*mailbox.not_before) + why,
          .advice = std::string(refused ? "correct the login, then" : "wait, or") +
                    " run mailhaul at a terminal, which ends the pause"});
  }
}

bool is_in_the_future(const util::Path& file, std::chrono::sys_seconds now) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return false;
  return std::chrono::sys_seconds(std::chrono::seconds(info.st_mtime)) > now + std::chrono::hours(1);
}

}  // namespace

Finding fault_of(std::string check, const Error& error) {
  return {.grade = Grade::fault,
          .check = std::move(check),
          .sentence = error.what(),
          .advice = error.hint(),
          .kind = error.kind()};
}

void check_state(const std::vector<account::Account>& accounts, const DoctorOutside& outside,
                 const TellFinding& tell) {
  check_space(outside.state_file, tell);
  try {
    const auto found = state::inspect(outside.state_file);
    if (!found.exists) return check_creatable(outside.state_file, tell);
    if (found.has_journal)
      return tell(
          {.check = "state",
           .sentence = outside.state_file.native() +
                       " was not examined: either it is in use, or the last run was killed and the next one "
                       "repairs it"});
    tell({.check = "state",
          .sentence = outside.state_file.native() + " is whole, " + util::format_size(found.bytes) +
                      ", version " + std::to_string(found.version)});
    for (const auto& account : accounts) check_pause(account, found, outside, tell);
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

}  // namespace mailhaul::setup
