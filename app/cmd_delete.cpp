// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "app/asking.h"
#include "app/columns.h"
#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/header_text.h"
#include "app/json_lines.h"
#include "app/key_options.h"
#include "app/log.h"
#include "app/message_table.h"
#include "app/output.h"
#include "app/prompt.h"
#include "app/report_errors.h"
#include "engine/delete.h"
#include "util/file.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

/// Whether the user is asked before messages are removed.
bool asks(const Invocation& invocation) { return !invocation.yes && !invocation.dry_run; }

void require_terminal(const Invocation& invocation) {
  if (asks(invocation) && (invocation.json || !open_terminal()))
    throw util::Error(util::Kind::usage,
                      "delete asks before it removes anything, but there is no terminal to ask on",
                      "--yes removes without asking; -n only shows what would be removed");
}

/// Shows the messages as list does. If standard output is redirected and the user will be asked, they go to
/// standard error.
void show(const Invocation& invocation, const engine::MailboxListing& listing) {
  const int fd = asks(invocation) && ::isatty(STDOUT_FILENO) != 1 ? STDERR_FILENO : STDOUT_FILENO;
  const auto columns = window_columns(fd);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const MessageTable table({.columns = columns, .uids = true, .reasons = true}, listing, now);
  std::string text = table.heading();
  for (const auto& message : listing.messages) text += table.row(message);
  if (fd == STDOUT_FILENO) return print(text);
  util::write_all(fd, text, "standard error");
}

std::string undelivered_text(const engine::MailboxListing& listing) {
  const auto count = std::ranges::count_if(listing.messages, &engine::ListedMessage::is_new);
  if (count == 0) return {};
  return std::to_string(count) + (count == 1 ? " of them was" : " of them were") + " never delivered. ";
}

/// Warns of each message that the removal loses. Needed if the user is not asked.
void warn_of_undelivered(report::Listener& tell, const engine::MailboxListing& listing) {
  for (const auto& message : listing.messages) {
    if (!message.is_new) continue;
    const std::string sentence =
        "message " + message.uid + " (from " + in_columns(sender_name(message.from), 0) + ": \"" +
        in_columns(decoded(message.subject), 0) + "\") was never delivered, and is being removed";
    tell.warned(listing.account, {.sentence = sentence, .hint = {}, .uid = message.uid});
  }
}

bool agree(const Invocation& invocation, const account::Account& account, report::Listener& tell,
           const engine::MailboxListing& listing) {
  if (invocation.yes && !invocation.dry_run) {
    warn_of_undelivered(tell, listing);
    return true;
  }
  if (invocation.json) {
    for (const auto& message : listing.messages)
      print(json_line(account.name, message, engine::HeaderFields::read));
    return false;
  }
  show(invocation, listing);
  const auto number = util::counted(listing.messages.size(), "message");
  if (invocation.dry_run) {
    print(safe(account.name) + ": " + number + " would be removed from the server\n");
    return false;
  }
  return agrees(undelivered_text(listing) + "Remove " + number + " from " + account.server.host + "? [y/N] ",
                *invocation.cancel);
}

/// As agree(), while no live line is on the screen.
bool agree_beside_line(const Invocation& invocation, const account::Account& account, report::Listener& tell,
                       const engine::MailboxListing& listing) {
  bool agreed = false;
  invocation.screen->undisturbed([&] { agreed = agree(invocation, account, tell, listing); });
  return agreed;
}

}  // namespace

void describe_delete(CLI::App& parser, Invocation& invocation) {
  add_account(parser);
  add_uids(parser, "the messages: UIDs, or #N as list shows them");
  parser.add_flag("-n,--dry-run", invocation.dry_run, "show what would be removed, and remove nothing");
  parser.add_flag("--yes", invocation.yes, "do not ask");
  parser.add_flag("--unfetched", invocation.unfetched, "also remove messages that were never delivered");
  add_connection_options(parser, invocation);
}

int run_delete(const Invocation& invocation) {
  const auto config = load_for_uids(invocation);
  const auto [account, uids] = target_with_uids(invocation, config);
  require_terminal(invocation);
  const auto environment = real_environment(invocation, config, {account});
  const auto printer = make_listener(invocation);
  Logged tell(config, *printer);
  bool is_declined = false;
  const auto status = with_account(invocation, account, [&, &account = account, uids = uids] {
    const auto count =
        engine::delete_messages(account, environment, *tell,
                                {.uids = uids,
                                 .numbers = !invocation.yes || open_terminal(),
                                 .undelivered = invocation.unfetched,
                                 .agree = [&](const auto& listing) {
                                   return agree_beside_line(invocation, account, *tell, listing);
                                 }});
    is_declined = count == 0 && asks(invocation);
    if (invocation.quiet || invocation.json || invocation.dry_run) return;
    print(
        safe(account.name) + ": " +
        (count == 0 ? "nothing was removed" : util::counted(count, "message") + " removed from the server") +
        "\n");
  });
  return is_declined ? util::exit_status(util::Kind::cancelled) : status;
}

}  // namespace mailhaul::app
