// SPDX-License-Identifier: MIT
// The table of commands. The dispatcher, the help and the manual's test read it.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "app/invocation.h"
#include "util/error.h"

namespace CLI {
class App;
}

namespace mailhaul::app {

/// One command, or one part of a command of two words ("state show").
struct CommandRow {
  std::string_view name, help;
  void (*describe)(CLI::App& parser, Invocation& invocation);  ///< adds its words and options
  int (*run)(const Invocation& invocation);                    ///< returns the exit status; throws Error
  std::string_view inside = {};                                ///< the command it is a part of; empty: none
};
std::span<const CommandRow> commands();

/// An Error{usage} for a first word that is neither a command nor, if accounts are given, an account.
util::Error unknown_command(std::string_view word, std::span<const std::string> accounts = {});

void describe_fetch(CLI::App& parser, Invocation& invocation);
int run_fetch(const Invocation& invocation);
void describe_check(CLI::App& parser, Invocation& invocation);
int run_check(const Invocation& invocation);
void describe_watch(CLI::App& parser, Invocation& invocation);
int run_watch(const Invocation& invocation);
void describe_status(CLI::App& parser, Invocation& invocation);
int run_status(const Invocation& invocation);
void describe_list(CLI::App& parser, Invocation& invocation);
int run_list(const Invocation& invocation);
void describe_get(CLI::App& parser, Invocation& invocation);
int run_get(const Invocation& invocation);
void describe_delete(CLI::App& parser, Invocation& invocation);
int run_delete(const Invocation& invocation);
void describe_login(CLI::App& parser, Invocation& invocation);
int run_login(const Invocation& invocation);
void describe_logout(CLI::App& parser, Invocation& invocation);
int run_logout(const Invocation& invocation);
void describe_state_show(CLI::App& parser, Invocation& invocation);
int run_state_show(const Invocation& invocation);
void describe_state_mail(CLI::App& parser, Invocation& invocation);
void describe_state_rebuild(CLI::App& parser, Invocation& invocation);
int run_state_rebuild(const Invocation& invocation);
int run_state_verify(const Invocation& invocation);
void describe_state_move(CLI::App& parser, Invocation& invocation);
int run_state_move(const Invocation& invocation);
int run_state_export(const Invocation& invocation);
void describe_state_import(CLI::App& parser, Invocation& invocation);
int run_state_import(const Invocation& invocation);
void describe_state_change(CLI::App& parser, Invocation& invocation);
int run_state_mark_seen(const Invocation& invocation);
void describe_state_mark_delivered(CLI::App& parser, Invocation& invocation);
int run_state_mark_delivered(const Invocation& invocation);
void describe_state_forget(CLI::App& parser, Invocation& invocation);
int run_state_forget(const Invocation& invocation);
void describe_init(CLI::App& parser, Invocation& invocation);
int run_init(const Invocation& invocation);
void describe_import(CLI::App& parser, Invocation& invocation);
int run_import(const Invocation& invocation);
void describe_doctor(CLI::App& parser, Invocation& invocation);
int run_doctor(const Invocation& invocation);
void describe_nothing(CLI::App& parser, Invocation& invocation);
int run_config_check(const Invocation& invocation);
void describe_config_show(CLI::App& parser, Invocation& invocation);
int run_config_show(const Invocation& invocation);
void describe_config_schema(CLI::App& parser, Invocation& invocation);
int run_config_schema(const Invocation& invocation);
void describe_completion(CLI::App& parser, Invocation& invocation);
int run_completion(const Invocation& invocation);
void describe_help(CLI::App& parser, Invocation& invocation);
int run_version(const Invocation& invocation);

/// Declare the words that a command takes, for its help and for the check of their number. normalise() reads
/// these words, because the parser would take some UIDs for options or, in brackets, for lists.
void add_account(CLI::App& parser);
void add_accounts(CLI::App& parser);
void add_uids(CLI::App& parser, const std::string& meaning);

}  // namespace mailhaul::app
