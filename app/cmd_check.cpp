// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "app/columns.h"
#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/json_lines.h"
#include "app/key_options.h"
#include "app/output.h"
#include "app/report_errors.h"
#include "engine/list.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

/// Whether the next runs remove a message that is not new, either at once or an hour after a run has marked
/// it as due.
bool waits_for_removal(const engine::ListedMessage& message, state::Time now) {
  return message.removes || (message.due && *message.due <= now + std::chrono::hours(1));
}

Counts counts_of(const engine::MailboxListing& listing, state::Time now) {
  Counts counts;
  for (const auto& message : listing.messages) {
    ++counts.total;
    counts.bytes += message.bytes;
    if (!message.is_new) {
      ++counts.seen;
      if (waits_for_removal(message, now)) ++counts.to_remove;
    } else if (message.too_large) {
      ++counts.too_large;
    } else {
      ++counts.fresh;
      counts.fresh_bytes += message.bytes;
    }
  }
  return counts;
}

std::string text_of(const std::string& account, const Counts& counts) {
  auto text = safe(account) + ": " + std::to_string(counts.fresh) + " new (" +
              util::format_size(counts.fresh_bytes) + "), ";
  if (counts.too_large != 0) text += std::to_string(counts.too_large) + " too large, ";
  text += std::to_string(counts.seen) + " seen, ";
  if (counts.to_remove != 0) text += std::to_string(counts.to_remove) + " of them waiting for removal, ";
  return text + std::to_string(counts.total) + " in total (" + util::format_size(counts.bytes) + ")\n";
}

}  // namespace

void describe_check(CLI::App& parser, Invocation& invocation) {
  add_accounts(parser);
  add_connection_options(parser, invocation);
}

int run_check(const Invocation& invocation) {
  const auto config = load_config(invocation, account::Purpose::look);
  const auto accounts = account::select(config, invocation.words);
  const auto environment = real_environment(invocation, config, accounts);
  const auto tell = make_listener(invocation);
  tell->expected(account::account_names(accounts));
  std::vector<engine::MailboxListing> listings(accounts.size());
  engine::for_each_account(
      accounts, {.jobs = config.jobs, .host_jobs = config.host_jobs},
      [&](std::size_t i) { listings[i] = engine::list_mailbox(accounts[i], environment, *tell, {}); });
  auto statuses = tell_mistakes(invocation, config, *tell);
  for (const auto& listing : listings) {
    if (!listing.error) {
      const auto counts = counts_of(listing, environment.now());
      print(invocation.json
                ? json_line(listing.account, counts)
                : wrapped_lines(text_of(listing.account, counts), window_columns(STDOUT_FILENO), 2));
      continue;
    }
    statuses.push_back(tell_error(*tell, listing.account, *listing.error));
  }
  return util::most_serious(statuses);
}

}  // namespace mailhaul::app
