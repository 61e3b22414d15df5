// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "account/account.h"
#include "delivery/destination.h"
#include "net/connection.h"
#include "state/store.h"
#include "util/cancel.h"
#include "util/file.h"
#include "util/utc.h"

namespace mailhaul::engine {

/// Remembers lasting trouble with the database itself, which cannot be stored there. With -q such trouble of
/// an account is reported when it begins, and then once a day. Any thread may call both functions.
struct TroubleElsewhere {
  std::function<bool(const std::string& account, int status)> is_due = [](const auto&, int) { return true; };
  std::function<void(const std::string& account)> end = [](const auto&) {};
};

/// Everything that reaches outside the program, handed in by app, or by a test. The functions are called
/// from several threads at a time. Outlives every run that uses it.
struct Environment {
  std::function<net::LoggedIn(const account::Account&, const std::string& login_method, const net::Trace&)>
      connect;
  std::function<std::unique_ptr<delivery::Destination>(const delivery::Spec&, const delivery::RunContext&)>
      open;
  std::function<std::chrono::sys_time<std::chrono::microseconds>()> clock;
  std::function<std::string(state::Time)> local_time;  ///< a time as people read it; empty: in UTC
  std::string host;           ///< this machine's name, in a form that is valid in a file name
  std::string boot;           ///< the kernel's boot id
  std::string user;           ///< the user that the program runs as
  util::Path state_file;      ///< the database
  std::string profile_stamp;  ///< changes when the configuration file is written
  bool attended = false;      ///< a person is at the terminal: pauses between logins end
  bool quiet = false;         ///< -q: temporary trouble is only reported after 24 hours
  const util::Cancel* cancel = nullptr;
  TroubleElsewhere trouble_elsewhere = {};

  std::string shown(state::Time time) const { return local_time ? local_time(time) : util::format_utc(time); }
  state::Time now() const { return std::chrono::floor<std::chrono::seconds>(clock()); }
};

}  // namespace mailhaul::engine
