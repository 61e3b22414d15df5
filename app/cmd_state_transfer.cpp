// SPDX-License-Identifier: MIT
// Moves what is recorded to another machine: state export and state import.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>

#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/json_lines.h"
#include "app/output.h"
#include "app/report_errors.h"
#include "engine/transfer.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

/// A listener that prints to standard error, even with --json, because standard output is the document.
std::unique_ptr<report::Listener> beside_the_document(Invocation invocation) {
  invocation.json = false;
  return make_listener(invocation, Summaries::to_stderr);
}

void warn_of_unfinished(report::Listener& tell, const account::Account& account,
                        const engine::Exported& exported) {
  if (exported.unfinished == 0) return;
  tell.warned(account.name,
              {.sentence = "the delivery of " + util::counted(exported.unfinished, "message") +
                           " is not complete: the machine that imports this treats them as new, and delivers "
                           "them to every destination",
               .hint = "mailhaul state show " + account.name + " shows them; run mailhaul, then export again",
               .uid = {}});
}

std::string name_of(const state::DocumentMailbox& mailbox) {
  return safe(mailbox.user) + " at " + safe(mailbox.host) +
         (mailbox.port == 0 ? "" : ":" + std::to_string(mailbox.port));
}

bool has_account_for(const account::Config& config, const state::DocumentMailbox& mailbox) {
  const account::MailboxKey key{mailbox.user, mailbox.host, mailbox.port};
  return std::ranges::any_of(config.accounts,
                             [&](const auto& account) { return account::mailbox_of(account) == key; });
}

void tell_imported(const Invocation& invocation, const std::optional<account::Config>& config,
                   const engine::Imported& imported) {
  if (invocation.json) {
    print(json_line(imported));
  } else if (!invocation.quiet) {
    print(name_of(imported.mailbox) + ": " + util::counted(imported.messages, "message") + " read, " +
          std::to_string(imported.added) + " recorded, " +
          std::to_string(imported.messages - imported.added) + " already known\n");
  }
  if (!config || has_account_for(*config, imported.mailbox)) return;
  make_listener(invocation)
      ->warned({}, {.sentence = "no account fetches from " + name_of(imported.mailbox),
                    .hint = "if the server has a different name here: mailhaul state move " +
                            safe(imported.mailbox.host) + " ACCOUNT",
                    .uid = {}});
}

/// Opens a file as a stream. Throws Error.
std::ifstream opened(const util::Path& file) {
  if (std::filesystem::is_directory(file))
    throw util::Error(util::Kind::usage, safe(file.native()) + " is a directory", "name a file in it");
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  const int problem = errno;
  if (!stream.is_open()) util::throw_errno(util::Kind::storage, "open", safe(file.native()), problem);
  return stream;
}

std::vector<engine::Imported> import_from(const Invocation& invocation, const util::Path& state_file) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto& file = invocation.words.front();
  if (file == "-") return engine::import_state(std::cin, "standard input", state_file, now);
  auto stream = opened(file);
  return engine::import_state(stream, safe(file), state_file, now);
}

}  // namespace

int run_state_export(const Invocation& invocation) {
  const auto config = load_config(invocation);
  const auto environment = real_environment(invocation, config, {});
  const auto tell = beside_the_document(invocation);
  auto statuses = tell_mistakes(invocation, config, *tell);
  const auto accounts = account::select(config, invocation.words);
  const auto exported =
      engine::export_state(accounts, environment, [](std::string_view text) { print(text); });
  for (std::size_t i = 0; i < accounts.size(); ++i) warn_of_unfinished(*tell, accounts[i], exported[i]);
  return util::most_serious(statuses);
}

void describe_state_import(CLI::App& parser, Invocation& /*invocation*/) {
  parser
      .add_option_function<std::string>(
          "FILE", [](const std::string&) {}, "the output of state export; - is standard input")
      ->type_name("");
}

int run_state_import(const Invocation& invocation) {
  if (invocation.words.empty())
    throw util::Error(util::Kind::usage, "state import: no file is named",
                      "write mailhaul state import FILE, or - for standard input");
  if (invocation.config == "-" && invocation.words.front() == "-")
    throw util::Error(util::Kind::usage, "the configuration and the document cannot both be standard input",
                      "name a file for one of them");
  const auto config = load_config_if_any(invocation);
  const auto imported =
      import_from(invocation, config ? config->state_file : state_file_without_config(invocation));
  for (const auto& mailbox : imported) tell_imported(invocation, config, mailbox);
  return 0;
}

}  // namespace mailhaul::app
