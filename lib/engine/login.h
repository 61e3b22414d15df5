// SPDX-License-Identifier: MIT
#pragma once
#include "account/account.h"
#include "engine/environment.h"
#include "net/connection.h"
#include "net/refusal.h"
#include "report/listener.h"
#include "state/store.h"

namespace mailhaul::engine {

/// Logs in, the remembered login method first. Throws Error{temporary} without a connection while the account
/// pauses (LAW section 7): after a refused login for 5 minutes, doubling to 6 hours, and after a limit of the
/// server for as long as the server names, or 5 minutes. A person at the terminal or a changed profile ends
/// the pause. A LOGIN-DELAY that the server announces is not such a pause: see is_within_login_delay().
/// Changes `server`, which the caller stores even if this throws.
[[nodiscard]] net::LoggedIn log_in(const account::Account& account, const Environment& environment,
                                   state::Server& server, const net::Trace& trace);

/// Whether the last login succeeded, and the server's LOGIN-DELAY since then has not passed yet.
[[nodiscard]] bool is_within_login_delay(const state::Server& server, state::Time now);

/// Passes the conversation of a login on to `listener`, and reports the login once the server has answered.
[[nodiscard]] net::Trace login_trace(const account::Account& account, report::Listener& listener);

/// Begins a pause if the refusal, of any command, is about a limit. The pause lasts as long as the server
/// names, or 5 minutes. Changes `server`, as log_in() does.
void note_limit(const account::Account& account, const Environment& environment, state::Server& server,
                const net::Refusal& refusal);

/// Warns that the password and all mail cross a network in clear text, if a person is there to read it.
void warn_of_plain_text(const account::Account& account, const Environment& environment,
                        report::Listener& listener);

}  // namespace mailhaul::engine
