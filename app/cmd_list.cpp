// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/json_lines.h"
#include "app/nets.h"
#include "app/output.h"
#include "engine/glance.h"
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
  const auto glance = engine::glance(account, environment, *tell, true);
  if (glance.error) return tell_error(*tell, account.name, *glance.error);
  if (glance.lines.empty() && !invocation.json && !invocation.quiet && ::isatty(STDOUT_FILENO) == 1) {
    print(safe(account.name) + ": no messages\n");
  }
  for (const auto& line : glance.lines) {
    if (invocation.json) {
      print(json_line(glance.account, line, true));
      continue;
    }
    print(std::to_string(line.number) + "  " + line.uid + "  " + util::format_size(line.bytes) + "  " +
          shown(line.date, 31) + "  " + shown(line.from, 40) + "  " + shown(line.subject, 60) + "  [" +
          std::string(report::name_of(line.action)) + ": " + std::string(line.reason) + "]\n");
  }
  return 0;
}

}  // namespace mailhaul::app
