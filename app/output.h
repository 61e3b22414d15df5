// SPDX-License-Identifier: MIT
// What is printed, and who prints events.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "app/invocation.h"
#include "report/listener.h"

namespace mailhaul::app {

/// Writes all of it to standard output. Throws Error{storage} when it cannot be written.
void print(std::string_view text);

/// One line for a terminal: control bytes and everything that is not UTF-8 as \xNN.
std::string safe(std::string_view text);

/// Where a person's summaries go: elsewhere when mail is delivered to standard output.
enum class Summaries { to_stdout, to_stderr };

/// Prints events for a person, for cron, or (--json) for a script.
std::unique_ptr<report::Listener> make_listener(const Invocation& invocation,
                                                Summaries summaries = Summaries::to_stdout);

}  // namespace mailhaul::app
