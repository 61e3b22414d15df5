// SPDX-License-Identifier: MIT
// Where the configuration is, and which of its accounts an invocation is about.
#pragma once
#include <span>
#include <string>

#include "account/config.h"
#include "app/invocation.h"

namespace mailhaul::app {

/// The configuration in force: the file, and the options of this invocation. With --server and no account no
/// file is needed. Throws Error{no_config} when the file that was named is missing, Error{config | usage}.
account::Config load_config(const Invocation& invocation);

/// The account that the first word names. Throws Error{usage}.
account::Account the_account(const Invocation& invocation, const account::Config& config);
/// The words after the account, for commands that take UIDs.
std::span<const std::string> uids_of(const Invocation& invocation);

}  // namespace mailhaul::app
