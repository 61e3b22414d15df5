// SPDX-License-Identifier: MIT
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "app/columns.h"
#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/header_text.h"
#include "app/json_lines.h"
#include "app/output.h"
#include "app/prompt.h"
#include "app/report_errors.h"
#include "app/times.h"
#include "engine/history.h"
#include "engine/mark.h"
#include "util/ascii.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

/// The widths of the columns of UIDs, standings and sizes. UIDs longer than 40 bytes do not count, and reach
/// beyond their column.
struct Widths {
  std::size_t uid = 0, standing = 0, size = 0;
};

Widths widths_of(const std::vector<engine::HistoryRow>& rows) {
  constexpr std::size_t widest_uid = 40;
  Widths widths;
  for (const auto& row : rows) {
    if (row.uid.size() <= widest_uid) widths.uid = std::max(widths.uid, row.uid.size());
    widths.standing = std::max(widths.standing, row.standing.size());
    widths.size = std::max(widths.size, util::format_size(row.bytes).size());
  }
  return widths;
}

std::string text_of(const engine::HistoryRow& row, const Widths& widths, state::Time now) {
  std::string text = "  " + in_columns(row.uid, widths.uid) + "  " +
                     in_columns(row.standing, widths.standing) + "  " +
                     right_aligned(util::format_size(row.bytes), widths.size);
  const std::string was = row.standing == "delivered" ? "  " : "  delivered ";
  if (row.delivered) text += was + time_in_text(*row.delivered, now);
  if (row.due) text += "  due since " + time_in_text(*row.due, now);
  for (const auto& landing : row.open_landings) text += "  " + safe(landing);
  return text + "\n";
}

/// Reads UIDs from standard input, one per line.
std::vector<std::string> uids_from_input() {
  constexpr std::size_t most_bytes = 256U << 20U;
  std::vector<std::string> uids;
  std::size_t bytes = 0;
  for (std::string line; std::getline(std::cin, line);) {
    bytes += line.size();
    if (bytes > most_bytes)
      throw util::Error(util::Kind::usage, "standard input has more than 256 MiB of UIDs",
                        "write one UID per line, and divide the list among several commands");
    if (const auto uid = util::trimmed(line); !uid.empty()) uids.emplace_back(uid);
  }
  return uids;
}

/// The messages that a command is about: those that were named, or all of them (--all).
struct Messages {
  account::Account account;
  std::vector<std::string> uids;
  bool none = false;  ///< standard input had no UID: there is nothing to do
};

/// Throws Error{usage} when neither UIDs nor --all are given, or both.
Messages messages_of(const Invocation& invocation, const account::Config& config) {
  const auto target = target_of(invocation, config);
  if (target.uids.empty() != invocation.all) {
    throw util::Error(
        util::Kind::usage, target.uids.empty() ? "no UID is given" : "UIDs and --all are mutually exclusive",
        "give UIDs (mailhaul list " + target.account.name + " shows them), - for standard input, or --all");
  }
  Messages messages{.account = target.account, .uids = {target.uids.begin(), target.uids.end()}};
  if (messages.uids.size() == 1 && messages.uids.front() == "-") {
    messages.uids = uids_from_input();
    if (invocation.cancel->requested())
      throw util::Error(util::Kind::cancelled, "stopped while reading UIDs; nothing was changed");
    messages.none = messages.uids.empty();
  }
  return messages;
}

void say(const Invocation& invocation, const std::string& account, const std::string& text) {
  if (!invocation.quiet && !invocation.json) print(safe(account) + ": " + text + "\n");
}

/// Prints "2 UIDs are not on the server, and nothing was done about them"; prints nothing if `uids` is 0.
void say_absent(const Invocation& invocation, const std::string& account, std::size_t uids,
                const std::string& where) {
  if (uids == 0) return;
  const bool one = uids == 1;
  say(invocation, account,
      util::counted(uids, "UID") + (one ? " is not " : " are not ") + where +
          ", and nothing was done about " + (one ? "it" : "them"));
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
      const auto widths = widths_of(rows);
      for (const auto& row : rows)
        print(invocation.json ? json_line(account.name, row) : text_of(row, widths, environment.now()));
    }));
  }
  return util::most_serious(statuses);
}

void describe_state_change(CLI::App& parser, Invocation& invocation) {
  add_account(parser);
  add_uids(parser, "the messages: UIDs as list shows them, or - to read them from standard input");
  parser.add_flag("--all", invocation.all, "all messages of the account");
}

namespace {

/// "; the newest is "Invoice" of 2 Nov 08:12".
std::string newest_of(const engine::Marked& marked, std::chrono::sys_seconds now) {
  if (marked.newest_date.empty() && marked.newest_subject.empty()) return {};
  const auto date = parse_date(marked.newest_date);
  const auto shown = date ? time_in_text(*date, now) : safe(marked.newest_date);
  return "; the newest is \"" + safe(decoded(marked.newest_subject)) + "\"" +
         (shown.empty() ? "" : " of " + shown);
}

int run_mark(const Invocation& invocation, std::string_view as, engine::Marking marking) {
  const auto config = load_config(invocation);
  const auto messages = messages_of(invocation, config);
  const auto& account = messages.account;
  const auto environment = real_environment(invocation, config, {account});
  const auto tell = make_listener(invocation);
  marking.uids = messages.uids;
  return with_account(invocation, account, [&] {
    engine::Marked marked;
    if (!messages.none) marked = engine::mark(account, environment, *tell, marking);
    if (invocation.json) return print(json_line(account.name, as, marked));
    say(invocation, account.name,
        util::counted(marked.messages, "message") + " marked as " + std::string(as) +
            newest_of(marked, environment.now()));
    say_absent(invocation, account.name, marked.not_listed, "on the server");
  });
}

}  // namespace

int run_state_mark_seen(const Invocation& invocation) { return run_mark(invocation, "seen", {}); }

void describe_state_mark_delivered(CLI::App& parser, Invocation& invocation) {
  describe_state_change(parser, invocation);
  parser.add_option("--at", invocation.at, "when they were delivered, in UTC (default: now)")
      ->type_name("TIME")
      ->take_last();
}

int run_state_mark_delivered(const Invocation& invocation) {
  engine::Marking marking{.uids = {}, .standing = state::Standing::delivered, .delivered = {}};
  if (!invocation.at.empty()) {
    marking.delivered = util::parse_utc(invocation.at);
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (!marking.delivered || *marking.delivered > now)
      throw util::Error(util::Kind::usage,
                        "--at: " + std::string(marking.delivered ? "is in the future" : "is not a time"),
                        "write 2026-03-01, or 2026-03-01T12:34:56Z");
  }
  return run_mark(invocation, "delivered", marking);
}

void describe_state_forget(CLI::App& parser, Invocation& invocation) {
  describe_state_change(parser, invocation);
  parser.add_flag("--yes", invocation.yes, "do not ask before --all");
}

namespace {

/// Asks before everything is forgotten, because all mail that is still on the server is then fetched again.
/// Returns whether it may be forgotten.
bool may_forget_all(const Invocation& invocation, std::size_t count) {
  if (invocation.yes || count == 0) return true;
  if (invocation.json || !open_terminal())
    throw util::Error(util::Kind::usage,
                      "forget --all asks before it forgets, but there is no terminal to ask on",
                      "--yes forgets without asking");
  return agrees("Forget " + util::counted(count, "message") +
                    "? Those still on the server will be fetched again. [y/N] ",
                *invocation.cancel);
}

}  // namespace

int run_state_forget(const Invocation& invocation) {
  const auto config = load_config(invocation);
  const auto messages = messages_of(invocation, config);
  const auto& account = messages.account;
  return with_account(invocation, account, [&] {
    const auto environment = real_environment(invocation, config, {});
    if (invocation.all && !may_forget_all(invocation, engine::history(account, environment).size()))
      return say(invocation, account.name, "nothing was forgotten");
    engine::Forgotten forgotten;
    if (!messages.none) forgotten = engine::forget(account, environment, messages.uids);
    if (invocation.json) return print(json_line(account.name, forgotten));
    say(invocation, account.name,
        forgotten.messages == 0 ? "nothing to forget"
                                : util::counted(forgotten.messages, "message") + " forgotten");
    say_absent(invocation, account.name, forgotten.not_recorded, "recorded");
  });
}

}  // namespace mailhaul::app
