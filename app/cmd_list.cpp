// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/json_lines.h"
#include "app/nets.h"
#include "app/output.h"
#include "engine/list.h"
#include "util/escape.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

std::string cut(const std::string& text, std::size_t most) {
  return text.size() <= most ? text : text.substr(0, most - 3) + "...";
}

/// A header field, which strangers write: printable ASCII only, and short enough for a line.
std::string shown(const std::string& field, std::size_t most) { return cut(util::escape(field), most); }

}  // namespace

void describe_list(CLI::App& parser, Invocation& /*invocation*/) { add_account(parser); }

int run_list(const Invocation& invocation) {
  const auto config = load_config(invocation);
  const auto account = the_account(invocation, config);
  const auto environment = real_environment(invocation, config, {account});
  const auto tell = make_listener(invocation);
  const auto listing = engine::list_mailbox(account, environment, *tell, engine::HeaderFields::read);
  if (listing.error) return tell_error(*tell, account.name, *listing.error);
  if (listing.messages.empty() && !invocation.json && !invocation.quiet && ::isatty(STDOUT_FILENO) == 1) {
    print(safe(account.name) + ": no messages\n");
  }
  for (const auto& message : listing.messages) {
    if (invocation.json) {
      print(json_line(listing.account, message, engine::HeaderFields::read));
      continue;
    }
    print(std::to_string(message.number) + "  " + message.uid + "  " + util::format_size(message.bytes) +
          "  " + shown(message.date, 31) + "  " + shown(message.from, 40) + "  " +
          shown(message.subject, 60) + "  [" + std::string(report::name_of(message.action)) + ": " +
          std::string(message.reason) + "]\n");
  }
  return 0;
}

}  // namespace mailhaul::app
