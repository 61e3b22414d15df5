// SPDX-License-Identifier: MIT
#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/json_lines.h"
#include "engine/glance.h"
#include "util/text.h"

namespace mailhaul::app {

namespace {

std::string text_of(const engine::Remembered& row) {
  std::string text = "  " + row.uid + "  " + std::string(row.standing) + "  " + util::format_size(row.bytes);
  if (row.delivered) text += "  delivered " + util::format_utc(*row.delivered);
  if (row.due) text += "  due " + util::format_utc(*row.due);
  for (const auto& landing : row.open_landings) text += "  " + safe(landing);
  return text + "\n";
}

/// The UIDs behind the account, or none with --all. Throws Error{usage} when it is neither, or both.
std::span<const std::string> uids_of(const Call& call) {
  const auto& uids = call.uids;
  if (uids.empty() == call.every) return uids;
  throw util::Error(util::Kind::usage, uids.empty() ? "no UID is named" : "UIDs and --all exclude each other",
                    "name UIDs (mailhaul list shows them), or say --all");
}

void say(const Call& call, const std::string& account, std::size_t count, const char* what) {
  if (call.quiet || call.json) return;
  print(safe(account) + ": " + std::to_string(count) + (count == 1 ? " message " : " messages ") + what +
        "\n");
}

}  // namespace

void describe_state_show(CLI::App& parser, Call& call) {
  parser.add_option("ACCOUNT", call.words, "the account (default: all that are enabled)")->expected(0, 1);
}

int run_state_show(const Call& call) {
  const auto config = load_config(call);
  const auto accounts = account::select(config, call.words);
  const auto world = real_world(call, config, {});
  std::vector<int> statuses;
  for (const auto& account : accounts) {
    statuses.push_back(with_account(call, account, [&] {
      const auto rows = engine::remembered(account, world);
      if (!call.json) print(safe(account.name) + ": " + std::to_string(rows.size()) + " remembered\n");
      for (const auto& row : rows) print(call.json ? json_line(account.name, row) : text_of(row));
    }));
  }
  return engine::most_serious(statuses);
}

void describe_state_change(CLI::App& parser, Call& call) {
  parser.add_option("ACCOUNT", call.account, "the account")->required();
  parser.add_option("UID", call.uids, "the messages, as list shows them");
  parser.add_flag("--all", call.every, "all messages of the account");
}

int run_state_mark_seen(const Call& call) {
  const auto uids = uids_of(call);
  const auto config = load_config(call);
  const auto account = the_account(call, config);
  const auto world = real_world(call, config, {account});
  const auto tell = make_listener(call);
  return with_account(call, account, [&] {
    say(call, account.name, engine::mark_seen(account, world, *tell, uids), "marked as seen");
  });
}

int run_state_forget(const Call& call) {
  const auto uids = uids_of(call);
  const auto config = load_config(call);
  const auto account = the_account(call, config);
  return with_account(call, account, [&] {
    say(call, account.name, engine::forget(account, real_world(call, config, {}), uids), "forgotten");
  });
}

}  // namespace mailhaul::app
