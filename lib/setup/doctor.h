// SPDX-License-Identifier: MIT
// What is wrong with a set-up: checks that change nothing, each with what to do. `doctor` makes all of them,
// `config check` those that need no network.
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
  std::string account;  ///< empty: about all of them
  std::string check;    ///< "destination", "look-up", "login" ...
  std::string sentence;
  std::string advice = {};               ///< what to do; of a warning or a fault
  util::Kind kind = util::Kind::config;  ///< of a fault
};
using TellFinding = std::function<void(const Finding&)>;

/// What the checks may ask of the world outside; handed in by app.
struct DoctorOutside {
  Surroundings around;
  util::Path state_file;
  std::chrono::sys_seconds now;
  /// A time as people read it, with the year: the clock itself may be wrong.
  std::function<std::string(std::chrono::sys_seconds)> local_time;
  const util::Cancel* cancel = nullptr;
  /// Logs in as a run would. Throws what a run would be told.
  std::function<net::LoggedIn(const account::Account&)> log_in;
};

/// Destinations, programs, files with secrets, the OAuth 2 login that is kept. Tells warnings and faults;
/// runs no program and asks nobody.
void check_offline(const account::Account& account, const DoctorOutside& outside, const TellFinding& tell);

/// Name look-up, connection, TLS, greeting, capabilities, login, listing; what no longer means anything after
/// a fault is left out.
void check_online(const account::Account& account, const DoctorOutside& outside, const TellFinding& tell);

/// The database, its disk, and pauses that the accounts are in.
void check_state(const std::vector<account::Account>& accounts, const DoctorOutside& outside,
                 const TellFinding& tell);

/// Whether the file of the key `log` can be written (account::Config); an empty one is not checked.
void check_log(const util::Path& log, const TellFinding& tell);

/// The same for the file of the key `metrics`.
void check_metrics(const util::Path& metrics, const TellFinding& tell);

/// This machine's clock, as far as files show it.
void check_clock(const util::Path& config, const DoctorOutside& outside, const TellFinding& tell);

/// Lines of crontabs and units of systemd that run mailhaul.
void check_timers(const std::vector<account::Account>& accounts, const DoctorOutside& outside,
                  const TellFinding& tell);

/// The program that a name means: a path, or a file in $PATH that can be run; empty: there is none.
util::Path find_program_file(std::string_view name, const Surroundings& around);

}  // namespace mailhaul::setup
