// SPDX-License-Identifier: MIT
// What happens in a run, in words for people: at a terminal, in a log.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "app/columns.h"
#include "report/listener.h"

namespace mailhaul::app {

/// "fetch UID (2 kB) from Anna, "Invoice", <1@example.org> to /home/anna/Mail/new/17.x: REASON", with what is
/// known of the message. The header fields are decoded, escaped and cut after `field_columns` columns;
/// everything else is unchanged.
std::string text_of(const report::MessageEvent& message, std::size_t field_columns = unlimited);

/// "2 new messages, 5.8 MB, in 2.8 s; 3 left on the server"; `nothing` in place of the first part if nothing
/// was fetched.
std::string text_of(const report::Totals& totals, std::string_view nothing);

/// " (delivered to a different destination before; ...)" if the user may be surprised that nothing was
/// fetched; otherwise empty. `command`: the command that fetches these messages again.
std::string why_nothing_came(const std::string& command, const report::Totals& totals);

}  // namespace mailhaul::app
