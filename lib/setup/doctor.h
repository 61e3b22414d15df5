// SPDX-License-Identifier: MIT
// Checks that find out what is wrong with a set-up, and say what to do about it. They change nothing.
// `doctor` makes all of them, `config check` those that need no network.
#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "account/account.h"
#include "net/connection.h"
#include "setup/draft.h"
#include "state/inspect.h"
#include "util/cancel.h"
#include "util/error.h"

namespace mailhaul::setup {

enum class Grade { ok, warning, fault };

/// The outcome of one check.
struct Finding {
  Grade grade = Grade::ok;
  std::string account;  ///< empty: about all accounts
  std::string check;    ///< "destination", "look-up", "login" ...
  std::string sentence;
  std::string advice = {};               ///< what to do about a warning or a fault
  util::Kind kind = util::Kind::config;  ///< of a fault
};
using TellFinding = std::function<void(const Finding&)>;

/// The error as a fault, about all accounts.
[[nodiscard]] Finding fault_of(std::string check, const util::Error& error);

/// What the checks need from outside of lib; `app` provides it.
struct DoctorOutside {
  Surroundings around;
  util::Path state_file;
  std::chrono::sys_seconds now;
  /// A time as people read it, with the year: the clock itself may be wrong.
  std::function<std::string(std::chrono::sys_seconds)> local_time;
  const util::Cancel* cancel = nullptr;
  /// Logs in as a run does, and throws the same errors.
  std::function<net::LoggedIn(const account::Account&)> log_in;
};

/// Checks destinations, programs, files with secrets, and the OAuth 2 login that is kept. Runs no program and
/// asks nobody.
void check_offline(const account::Account& account, const DoctorOutside& outside, const TellFinding& tell);

/// Checks name look-up, connection, TLS, greeting, capabilities, login and listing; leaves out checks that
/// make no sense after a fault.
void check_online(const account::Account& account, const DoctorOutside& outside, const TellFinding& tell);

/// Checks the database and its disk, and warns of accounts that are in a pause.
void check_state(const std::vector<account::Account>& accounts, const DoctorOutside& outside,
                 const TellFinding& tell);

/// Whether the file of the key `log` can be written (account::Config); an empty one is not checked.
void check_log(const util::Path& log, const TellFinding& tell);

/// The same for the file of the key `metrics`.
void check_metrics(const util::Path& metrics, const TellFinding& tell);

/// Checks this machine's clock against the times of files.
void check_clock(const util::Path& config, const DoctorOutside& outside, const TellFinding& tell);

/// Checks lines of crontabs and units of systemd that run mailhaul.
void check_timers(const std::vector<account::Account>& accounts, const DoctorOutside& outside,
                  const TellFinding& tell);

/// The file of a program whose path or name is given; a name is looked up in $PATH. Empty if there is none
/// that can be run.
util::Path find_program_file(std::string_view name, const Surroundings& around);

}  // namespace mailhaul::setup
