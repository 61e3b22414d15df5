// SPDX-License-Identifier: MIT
// Where errors are caught: an account's net and the program's.
#pragma once
#include <functional>
#include <string_view>

#include "account/account.h"
#include "app/invocation.h"
#include "report/listener.h"
#include "util/error.h"

namespace mailhaul::app {

/// Tells what went wrong with an account (empty: with the program); returns the exit status.
int tell_error(report::Listener& tell, std::string_view account, const util::Error& error);

/// The program's net: tells the error in the form that the invocation asks for; returns the exit status.
int report_error(const Invocation& invocation, const util::Error& error);

/// An account's net, for commands that are about one account at a time: does the work and tells an error with
/// the account's name. Returns the exit status.
int with_account(const Invocation& invocation, const account::Account& account,
                 const std::function<void()>& work);

}  // namespace mailhaul::app
