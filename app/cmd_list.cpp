// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "app/columns.h"
#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/json_lines.h"
#include "app/key_options.h"
#include "app/message_table.h"
#include "app/output.h"
#include "app/report_errors.h"
#include "engine/list.h"
#include "util/ascii.h"

namespace mailhaul::app {

namespace {

std::size_t number_from(const std::string& text) {
  const auto number = util::parse_number(text);
  if (!number || *number == 0) throw CLI::ValidationError("--last", "must be a whole number greater than 0");
  return static_cast<std::size_t>(*number);
}

}  // namespace

void describe_list(CLI::App& parser, Invocation& invocation) {
  add_account(parser);
  add_connection_options(parser, invocation);
  parser.add_flag("--new", invocation.only_new,
                  "only messages that are neither delivered nor marked as seen");
  parser
      .add_option_function<std::string>(
          "--last", [&invocation](const std::string& text) { invocation.last = number_from(text); },
          "only the last N messages on the server")
      ->type_name("N")
      ->take_last();
  parser.add_flag("--uids", invocation.uids, "show the UIDs at a terminal, too");
}

int run_list(const Invocation& invocation) {
  const auto config = load_config(invocation, account::Purpose::look);
  const auto account = the_account(invocation, config);
  const auto environment = real_environment(invocation, config, {account});
  const auto tell = make_listener(invocation);
  const auto columns = window_columns(STDOUT_FILENO);
  const bool wide = columns == 0 || invocation.verbose != 0;
  std::optional<MessageTable> table;
  const auto print_message = [&](const engine::MailboxListing& listing,
                                 const engine::ListedMessage& message) {
    if (invocation.json) return print(json_line(listing.account, message, engine::HeaderFields::read));
    if (!table) {
      table.emplace(MessageTable::Style{.columns = columns, .uids = wide || invocation.uids, .reasons = wide},
                    listing, environment.now());
      print(table->heading());
    }
    print(table->row(message));
  };
  const auto show = [&](const engine::MailboxListing& listing, const engine::ListedMessage& message) {
    print_beside_lines(invocation, *tell, account.name, [&] { print_message(listing, message); });
  };
  const auto listing = engine::list_mailbox(account, environment, *tell,
                                            {.fields = engine::HeaderFields::read,
                                             .only_new = invocation.only_new,
                                             .last = invocation.last,
                                             .show = show});
  if (listing.error) return tell_error(*tell, account.name, *listing.error);
  if (invocation.json) return 0;
  if (!listing.messages.empty()) print(wrapped(total_of(listing), {.columns = columns, .indent = 2}) + "\n");
  if (listing.messages.empty() && !invocation.quiet && columns != 0)
    print(safe(account.name) + ": no " + (invocation.only_new ? "new " : "") + "messages\n");
  return 0;
}

}  // namespace mailhaul::app
