// SPDX-License-Identifier: MIT
// The first half of init: which server has the mail of an address. Init does not connect to a host that
// nobody has confirmed.
#pragma once
#include <string>

#include "account/account.h"
#include "app/invocation.h"
#include "app/questions.h"
#include "report/listener.h"
#include "setup/discovery.h"

namespace mailhaul::app {

/// A server that the table or a person has confirmed, or that is only shown.
struct ChosenServer {
  std::string url, user;                      ///< the values of `server` and `user`
  const setup::Provider* provider = nullptr;  ///< what is known of it
  bool takes_password = true;
};

/// The text of an option of this invocation; empty: it was not given.
std::string option_of(const Invocation& invocation, std::string_view key);

/// The account that the options describe, at this server, named "default". Throws Error{usage} for an option
/// that is wrong.
account::Account account_at(const Invocation& invocation, const std::string& url, const std::string& user);

/// Prints for a person: nothing with --quiet and --json.
void say(const Invocation& invocation, const std::string& text);

/// The address that is given, or typed at the terminal, with its domain as the DNS has it. Throws
/// Error{usage}. `tell`: the listener of init, because questions hide only the live lines of the first one.
std::string choose_address(const Invocation& invocation, const Questions& questions, report::Listener& tell);

/// Finds the server, prints what was found and who named it, and asks for confirmation if it is needed.
/// Throws Error{unavailable} if there is no server, Error{temporary} if no usable answer came, Error{usage}
/// if the user has to name it.
ChosenServer choose_server(const Invocation& invocation, const Questions& questions,
                           const std::string& address);

/// Says what the table knows about the provider: what must be switched on first, which password it wants.
void say_what_is_needed(const Invocation& invocation, const ChosenServer& server);

}  // namespace mailhaul::app
