// SPDX-License-Identifier: MIT
#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/json_lines.h"
#include "app/nets.h"
#include "app/output.h"
#include "engine/history.h"
#include "engine/mark.h"
#include "util/units.h"
#include "util/utc.h"

namespace mailhaul::app {

namespace {

std::string text_of(const engine::HistoryRow& row) {
  std::string text = "  " + row.uid + "  " + std::string(row.standing) + "  " + util::format_size(row.bytes);
  if (row.delivered) text += "  delivered " + util::format_utc(*row.delivered);
  if (row.due) text += "  due " + util::format_utc(*row.due);
  for (const auto& landing : row.open_landings) text += "  " + safe(landing);
  return text + "\n";
}

/// The account with its UIDs, or with none for --all. Throws Error{usage} when neither or both are given.
Target uids_or_all(const Invocation& invocation, const account::Config& config) {
  auto target = target_of(invocation, config);
  if (target.uids.empty() == invocation.all) return target;
  throw util::Error(util::Kind::usage,
                    target.uids.empty() ? "no UID is given" : "UIDs and --all are mutually exclusive",
                    "give UIDs (mailhaul list " + target.account.name + " shows them), or --all");
}

void say(const Invocation& invocation, const std::string& account, const std::string& text) {
  if (!invocation.quiet && !invocation.json) print(safe(account) + ": " + text + "\n");
}

}  // namespace

void describe_state_show(CLI::App& parser, Invocation& /*invocation*/) { add_accounts(parser); }

int run_state_show(const Invocation& invocation) {
  const auto config = load_config(invocation);
  const auto accounts = account::select(config, invocation.words);
  const auto environment = real_environment(invocation, config, {});
  auto statuses = tell_mistakes(invocation, config, *make_listener(invocation));
  for (const auto& account : accounts) {
    statuses.push_back(with_account(invocation, account, [&] {
      const auto rows = engine::history(account, environment);
      if (!invocation.json)
        print(safe(account.name) + ": " + util::counted(rows.size(), "message") + " recorded\n");
      for (const auto& row : rows) print(invocation.json ? json_line(account.name, row) : text_of(row));
    }));
  }
  return util::most_serious(statuses);
}

void describe_state_change(CLI::App& parser, Invocation& invocation) {
  add_account(parser);
  add_uids(parser);
  parser.add_flag("--all", invocation.all, "all messages of the account");
}

int run_state_mark_seen(const Invocation& invocation) {
  const auto config = load_config(invocation);
  const auto target = uids_or_all(invocation, config);
  const auto& account = target.account;
  const auto environment = real_environment(invocation, config, {account});
  const auto tell = make_listener(invocation);
  return with_account(invocation, account, [&] {
    const auto count = engine::mark_seen(account, environment, *tell, target.uids);
    say(invocation, account.name, util::counted(count, "message") + " marked as seen");
  });
}

int run_state_forget(const Invocation& invocation) {
  const auto config = load_config(invocation);
  const auto target = uids_or_all(invocation, config);
  const auto& account = target.account;
  return with_account(invocation, account, [&] {
    const auto count = engine::forget(account, real_environment(invocation, config, {}), target.uids);
    say(invocation, account.name,
        count == 0 ? "nothing to forget" : util::counted(count, "message") + " forgotten");
  });
}

}  // namespace mailhaul::app
