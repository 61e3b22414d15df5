// SPDX-License-Identifier: MIT
// OAuth 2 for the program: the real network and clock, and a login at the mail server with a token.
#pragma once
#include <functional>

#include "account/account.h"
#include "app/invocation.h"
#include "credentials/access_token.h"
#include "net/connection.h"

namespace mailhaul::app {

/// REQUIRES: the account has `oauth`.
credentials::OAuthSubject oauth_subject(const account::Account& account, const util::Path& state_file);
credentials::OAuthOutside oauth_outside(const util::Cancel& cancel);

/// Gets a login by OAuth 2, from a person or from --token, and stores it; with --print-token prints it
/// instead. `again`: the command that hints name for another try.
void log_in_by_oauth(const Invocation& invocation, const account::Account& account,
                     const util::Path& state_file, const std::string& again);

/// Opens a session with an access token. If the server refuses a stored token, tries once more with a new
/// one. The error for a new token that is refused explains the reason.
using OpenWith = std::function<net::LoggedIn(net::Login)>;
net::LoggedIn open_by_oauth(const account::Account& account, const credentials::OAuthSubject& subject,
                            const util::Cancel& cancel, const OpenWith& open);

}  // namespace mailhaul::app
