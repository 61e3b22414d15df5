// SPDX-License-Identifier: MIT
#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/json_lines.h"
#include "app/output.h"
#include "app/report_errors.h"
#include "engine/move.h"
#include "util/ascii.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

/// Reads an old name such as "pop.example.org" or "localhost:1110". As in every mailbox key, the port counts
/// only on loopback.
account::MailboxKey read_old_name(const std::string& text, const account::Account& account,
                                  const std::string& user) {
  account::Account old = account;
  if (!user.empty()) old.user = user;
  const auto colon = text.rfind(':');
  const bool has_port = colon != std::string::npos && text.find(':') == colon;
  old.server.host = util::lower(text.substr(0, has_port ? colon : std::string::npos));
  if (has_port) {
    const auto port = util::parse_number(text.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535)
      throw util::Error(util::Kind::usage, "'" + safe(text) + "' is not a host", "write HOST, or HOST:PORT");
    old.server.port = static_cast<std::uint16_t>(*port);
  }
  return account::mailbox_of(old);
}

}  // namespace

void describe_state_move(CLI::App& parser, Invocation& invocation) {
  parser
      .add_option_function<std::string>(
          "OLDHOST", [](const std::string&) {}, "the server's old name")
      ->type_name("");
  add_account(parser);
  parser.add_option("--user", invocation.old_user, "the old user name (default: unchanged)")
      ->type_name("NAME")
      ->take_last();
}

int run_state_move(const Invocation& invocation) {
  const auto config = load_config(invocation);
  if (invocation.words.empty())
    throw util::Error(util::Kind::usage, "the server's old name is missing",
                      "write mailhaul state move OLDHOST ACCOUNT");
  Invocation rest = invocation;
  rest.words.erase(rest.words.begin());
  const auto account = the_account(rest, config);
  return with_account(invocation, account, [&] {
    const auto from = read_old_name(invocation.words.front(), account, invocation.old_user);
    const auto count = engine::move_here(account, real_environment(invocation, config, {}), from);
    if (invocation.json) return print(json_line_of_move(account.name, from, count));
    if (!invocation.quiet)
      print(safe(account.name) + ": moved the records of " + util::counted(count, "message") + " from " +
            safe(from.user) + " at " + safe(from.host) + "\n");
  });
}

}  // namespace mailhaul::app
