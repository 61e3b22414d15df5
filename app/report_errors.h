// SPDX-License-Identifier: MIT
// The places where errors are caught: one for each account, and one for the program.
#pragma once
#include <functional>
#include <string_view>

#include "account/account.h"
#include "app/invocation.h"
#include "report/listener.h"
#include "util/error.h"

namespace mailhaul::app {

/// Reports an error of an account (empty: of the program), and returns the exit status.
int tell_error(report::Listener& tell, std::string_view account, const util::Error& error);

/// Reports an error of the program in the form that the invocation asks for, and returns the exit status.
int report_error(const Invocation& invocation, const util::Error& error);

/// Does the work of a command for one account. An error is caught, and reported with the name of the account.
/// Returns the exit status.
int with_account(const Invocation& invocation, const account::Account& account,
                 const std::function<void()>& work);

}  // namespace mailhaul::app
