// SPDX-License-Identifier: MIT
// Account keys as options of the command line.
#pragma once
#include "app/invocation.h"

namespace CLI {
class App;
}

namespace mailhaul::app {

void add_key_options(CLI::App& parser, Invocation& invocation);  ///< options for all keys

/// Options for the server, TLS and the login, for the commands that do not deliver. Without a file, --server
/// and --user are enough.
void add_connection_options(CLI::App& parser, Invocation& invocation);

/// The same, and options for where mail goes and whether it stays on the server.
void add_profile_options(CLI::App& parser, Invocation& invocation);

}  // namespace mailhaul::app
