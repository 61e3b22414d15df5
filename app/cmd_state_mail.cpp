// SPDX-License-Identifier: MIT
// The commands of `state` that read delivered mail.
#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/json_lines.h"
#include "app/output.h"
#include "app/report_errors.h"
#include "engine/rebuild.h"
#include "util/shell.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

/// Does the work for each account that the words name; returns the exit status.
int for_each_named(const Invocation& invocation, const account::Config& config,
                   const std::function<void(const account::Account&, const engine::Environment&)>& work) {
  const auto environment = real_environment(invocation, config, {});
  auto statuses = tell_mistakes(invocation, config, *make_listener(invocation));
  for (const auto& account : account::select(config, invocation.words))
    statuses.push_back(with_account(invocation, account, [&] { work(account, environment); }));
  return util::most_serious(statuses);
}

void tell_changed(const Invocation& invocation, const std::string& account,
                  const engine::ChangedMessage& message) {
  const std::string sentence =
      message.where + " differs from the " +
      (message.uid.empty() ? "message that was delivered there" : "delivered message " + message.uid);
  make_listener(invocation)
      ->failed(account, {.sentence = sentence,
                         .hint = "another program has changed it; mailhaul get shows what the server has",
                         .uid = message.uid,
                         .status = util::exit_status(util::Kind::content)});
}

/// The old name of the server, without its port, which trace headers do not contain. Throws Error{usage}
/// unless the words select a single account, because one name belongs to one server.
std::string old_host_of(const Invocation& invocation, const account::Config& config) {
  const auto& text = invocation.old_host;
  if (text.empty()) return {};
  if (account::select(config, invocation.words).size() != 1)
    throw util::Error(
        util::Kind::usage, "--was is the old name of one account's server",
        "name that account: mailhaul state rebuild --was " + util::shell_word(safe(text)) + " ACCOUNT");
  const auto colon = text.find(':');
  return text.substr(0, text.rfind(':') == colon ? colon : std::string::npos);
}

void warn_of_unfinished(const Invocation& invocation, const std::string& account, std::size_t messages) {
  make_listener(invocation)
      ->warned(account,
               {.sentence = util::counted(messages, "message") +
                            " of the last minutes may not have reached all of the account's "
                            "destinations; the next run delivers them where they are missing",
                .hint = "messages that you deleted from a destination, or that a program has already "
                        "received, may arrive there again",
                .uid = {}});
}

}  // namespace

void describe_state_mail(CLI::App& parser, Invocation& /*invocation*/) { add_accounts(parser); }

void describe_state_rebuild(CLI::App& parser, Invocation& invocation) {
  add_accounts(parser);
  parser
      .add_option("--was", invocation.old_host,
                  "the server's old name: mail that names it in its trace header also counts")
      ->type_name("HOST")
      ->take_last();
}

int run_state_rebuild(const Invocation& invocation) {
  const auto config = load_config(invocation);  // once, because it may be standard input
  const auto old_host = old_host_of(invocation, config);
  return for_each_named(invocation, config, [&](const auto& account, const auto& environment) {
    const auto rebuilt = engine::rebuild(account, environment, old_host);
    if (rebuilt.unfinished != 0) warn_of_unfinished(invocation, account.name, rebuilt.unfinished);
    if (invocation.json) return print(json_line(account.name, rebuilt));
    if (invocation.quiet) return;
    print(safe(account.name) + ": " + util::counted(rebuilt.read, "message") + " read, " +
          std::to_string(rebuilt.recorded) + " recorded as delivered\n");
  });
}

int run_state_verify(const Invocation& invocation) {
  bool differs = false;
  const auto config = load_config(invocation);
  const int status = for_each_named(invocation, config, [&](const auto& account, const auto& environment) {
    const auto verified = engine::verify(account, environment);
    for (const auto& message : verified.changed) tell_changed(invocation, account.name, message);
    differs = differs || !verified.changed.empty();
    if (invocation.json) return print(json_line(account.name, verified));
    if (invocation.quiet) return;
    print(safe(account.name) + ": " + util::counted(verified.unchanged, "message") + " unchanged, " +
          std::to_string(verified.changed.size()) + " changed, " + std::to_string(verified.missing) +
          " no longer here\n");
  });
  const std::vector<int> statuses{status, differs ? util::exit_status(util::Kind::content) : 0};
  return util::most_serious(statuses);
}

}  // namespace mailhaul::app
