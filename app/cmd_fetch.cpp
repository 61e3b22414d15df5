// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/json_lines.h"
#include "app/key_options.h"
#include "app/log.h"
#include "app/message_table.h"
#include "app/metrics.h"
#include "app/output.h"
#include "app/quiet.h"
#include "app/report_errors.h"
#include "engine/list.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

/// The accounts that the words name. If no command was typed, the error for an unknown name says so if a
/// word is a command, or may have been meant as one.
std::vector<account::Account> select(const Invocation& invocation, const account::Config& config) {
  try {
    return account::select(config, invocation.words);
  } catch (const util::Error& error) {
    if (invocation.names_command || error.kind() != util::Kind::usage) throw;
    const auto is_command = [](const std::string& word) {
      return std::ranges::any_of(commands(),
                                 [&](const auto& row) { return row.inside.empty() && row.name == word; });
    };
    const auto command = std::ranges::find_if(invocation.words, is_command);
    if (command != invocation.words.end())
      throw util::Error(error.kind(), "the command " + *command + " must come before account names",
                        "write mailhaul " + *command + " ...");
    if (std::ranges::find(config.names, invocation.words.front()) != config.names.end()) throw;
    throw unknown_command(invocation.words.front(), config.names);
  }
}

void set_server_copy(Invocation& invocation, ServerCopy value) {
  if (invocation.server_copy.value_or(value) != value)
    throw util::Error(util::Kind::usage, "-k and -K are mutually exclusive", "give one of them");
  invocation.server_copy = value;
}

/// Adds the keys that -k, -K and -a stand for to the overrides.
void apply_short_options(Invocation& invocation) {
  if (invocation.server_copy)
    invocation.overrides.emplace_back("leave_on_server",
                                      invocation.server_copy == ServerCopy::keep ? "true" : "false");
  if (invocation.all) invocation.overrides.emplace_back("fetch_all", "true");
}

bool removal_demanded(const Invocation& invocation) {
  return std::ranges::find(invocation.overrides, account::Override{"leave_on_server", "false"}) !=
         invocation.overrides.end();
}

bool to_stdout(const std::vector<account::Account>& accounts) {
  return std::ranges::any_of(accounts, [](const auto& account) {
    return std::ranges::any_of(account.deliver,
                               [](const auto& spec) { return spec.kind->traits.delivered_by_close(); });
  });
}

/// Whether the descriptor is /dev/null. Mail that is written there would count as fetched, but be lost.
bool is_null_device(int fd) {
  struct stat info {};
  struct stat null {};
  return ::fstat(fd, &info) == 0 && ::stat("/dev/null", &null) == 0 && S_ISCHR(info.st_mode) &&
         info.st_rdev == null.st_rdev;
}

/// Whether it is certain that mail written to the descriptor is not lost: a pipe and a UNIX socket show
/// whether it was read, and a file keeps it.
bool confirms_reading(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return false;
  int family = 0;
  socklen_t length = sizeof family;
  return S_ISFIFO(info.st_mode) || S_ISREG(info.st_mode) ||
         (S_ISSOCK(info.st_mode) && ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length) == 0 &&
          family == AF_UNIX);
}

void require_pipe(const Invocation& invocation) {
  if (invocation.json) {
    throw util::Error(util::Kind::usage, "--json and delivery to stdout both need standard output",
                      "deliver somewhere else, or omit --json");
  }
  if (::isatty(STDOUT_FILENO) == 1) {
    throw util::Error(util::Kind::usage,
                      "cannot deliver to stdout: standard output is a terminal, not a pipe or a file",
                      "mailhaul fetch --deliver stdout | formail -Y -s procmail");
  }
  if ((::fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY) {
    throw util::Error(util::Kind::usage, "cannot deliver to stdout: standard output is closed",
                      "use a pipe or a file: | formail -Y -s procmail, or > FILE");
  }
  if (is_null_device(STDOUT_FILENO)) {
    throw util::Error(util::Kind::usage,
                      "cannot deliver to stdout: standard output is /dev/null, which keeps nothing",
                      "mailhaul list shows the mail without fetching it, mailhaul get prints a message");
  }
  if (removal_demanded(invocation) && !confirms_reading(STDOUT_FILENO)) {
    throw util::Error(util::Kind::usage,
                      "cannot remove mail with -K: standard output is neither a pipe nor a file, so mailhaul "
                      "cannot know whether the mail was read",
                      "use a pipe or a file, or omit -K: the mail then stays on the server");
  }
}

/// "fetch, then remove"
std::string words_for(const engine::ListedMessage& message) {
  const std::string action(report::name_of(message.action));
  return message.removes && message.action != report::Action::remove ? action + ", then remove" : action;
}

PlanTotals totals_of(const engine::MailboxListing& listing) {
  PlanTotals totals;
  for (const auto& message : listing.messages) {
    ++(message.removes ? totals.removed : totals.stay);
    if (message.action == report::Action::fetch) {
      ++totals.fetched;
      totals.bytes += message.bytes;
    } else if (message.is_read || message.action == report::Action::verify) {
      ++totals.compared;
      if (message.is_read) totals.compared_bytes += message.bytes;
    }
  }
  return totals;
}

std::string text_of(const PlanTotals& totals) {
  std::string text = std::to_string(totals.fetched) + " to fetch";
  if (totals.fetched != 0) text += " (" + util::format_size(totals.bytes) + ")";
  if (totals.compared != 0) text += ", " + std::to_string(totals.compared) + " to compare";
  if (totals.compared_bytes != 0) text += " (" + util::format_size(totals.compared_bytes) + ")";
  return text + ", " + std::to_string(totals.removed) + " to remove from the server, " +
         std::to_string(totals.stay) + (totals.stay == 1 ? " stays\n" : " stay\n");
}

void print_plan(const Invocation& invocation, const engine::MailboxListing& listing, state::Time now) {
  std::string text;
  for (const auto& message : listing.messages) {
    if (invocation.json) {
      text += json_line(listing.account, message, engine::HeaderFields::leave_empty);
      continue;
    }
    text += safe(listing.account) + ": " + words_for(message) + " " + message.uid + " (" +
            util::format_size(message.bytes) + "): " + reason_of(message, now) + "\n";
  }
  if (!listing.error) {
    const auto totals = totals_of(listing);
    text +=
        invocation.json ? json_line(listing.account, totals) : safe(listing.account) + ": " + text_of(totals);
  }
  print(text);
}

std::vector<int> dry_run(const Invocation& invocation, const std::vector<account::Account>& accounts,
                         const engine::Environment& environment, report::Listener& tell) {
  std::vector<int> statuses;
  tell.expected(account::account_names(accounts));
  for (const auto& account : accounts) {
    const auto listing = engine::list_mailbox(account, environment, tell, {.as_fetch = true});
    print_plan(invocation, listing, environment.now());
    if (listing.error) statuses.push_back(tell_error(tell, account.name, *listing.error));
  }
  return statuses;
}

}  // namespace

void describe_fetch(CLI::App& parser, Invocation& invocation) {
  const auto sets = [&invocation](ServerCopy value) {
    return [&invocation, value](std::int64_t) { set_server_copy(invocation, value); };
  };
  add_accounts(parser);
  parser.add_flag_function("-k,--keep", sets(ServerCopy::keep), "leave messages on the server");
  parser.add_flag_function("-K,--no-keep", sets(ServerCopy::remove),
                           "delete messages from the server after delivery");
  parser.add_flag("-a,--all", invocation.all, "also fetch messages that were seen before");
  parser.add_flag("-n,--dry-run", invocation.dry_run,
                  "show what would happen to each message and why; do nothing");
  add_key_options(parser, invocation);
}

namespace {

int fetch(const Invocation& invocation) {
  const auto config = load_config(invocation);
  auto accounts = select(invocation, config);
  for (auto& account : accounts) account.removal_demanded = removal_demanded(invocation);
  const bool stdout_used = to_stdout(accounts);
  if (stdout_used && !invocation.dry_run) require_pipe(invocation);
  const auto environment = real_environment(invocation, config, accounts);
  const auto printer = make_listener(invocation, stdout_used ? Summaries::to_stderr : Summaries::to_stdout);
  if (invocation.dry_run) {
    auto statuses = tell_mistakes(invocation, config, *printer);
    std::ranges::copy(dry_run(invocation, accounts, environment, *printer), std::back_inserter(statuses));
    return util::most_serious(statuses);
  }
  Logged tell(config, *printer);
  auto statuses = tell_mistakes_of_run(invocation, config, *tell);
  for (const auto& outcome :
       engine::run(accounts, {.jobs = config.jobs, .host_jobs = config.host_jobs}, environment, *tell)) {
    statuses.push_back(engine::status_of(outcome));
  }
  Metrics(invocation, config, environment, *tell).update();
  return util::most_serious(statuses);
}

}  // namespace

int run_fetch(const Invocation& given) {
  Invocation invocation = given;
  apply_short_options(invocation);
  return invocation.dry_run ? fetch(invocation)
                            : with_config_trouble(invocation, [&] { return fetch(invocation); });
}

}  // namespace mailhaul::app
