// SPDX-License-Identifier: MIT
// The mailbox an account stands for: its key, its lock, and what deliveries must know of this run.
#pragma once
#include <string>

#include "account/account.h"
#include "delivery/destination.h"
#include "engine/run.h"
#include "util/fd.h"

namespace mailhaul::engine {

/// The kernel lock of the mailbox, beside the database; held as long as the Fd lives.
/// Throws Error{temporary} when another mailhaul has it.
util::Fd lock_mailbox(const account::MailboxKey& key, const util::Path& state_file);

/// Where password and mail would cross a network in clear text, and a person is there to weigh it.
void warn_of_plain_text(const account::Account& account, const Environment& environment,
                        report::Listener& tell);

/// "Received: from HOST by US with POP3S id ID; DATE", folded, LF line ends (RFC 5321 section 4.4).
std::string trace_header(const account::Account& account, const std::string& this_host, const std::string& id,
                         state::Time now);

}  // namespace mailhaul::engine
