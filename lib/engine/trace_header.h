// SPDX-License-Identifier: MIT
#pragma once
#include <string>

#include "account/account.h"
#include "state/rows.h"

namespace mailhaul::engine {

/// The Received field that is put in front of a delivered message (RFC 5321 section 4.4), folded, with LF
/// line ends: "Received: from SERVER by THIS_HOST with POP3S id ID; DATE".
std::string trace_header(const account::Account& account, const std::string& this_host, const std::string& id,
                         state::Time now);

}  // namespace mailhaul::engine
