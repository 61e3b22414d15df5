// SPDX-License-Identifier: MIT
// Takes over accounts from another program. Everything is read and checked first, then written in the order
// in which a crash does the least harm: the messages that were fetched are recorded before the account is
// added, because an account without this record fetches all of them again.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "account/document.h"
#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/new_profiles.h"
#include "app/output.h"
#include "app/report_errors.h"
#include "engine/import.h"
#include "setup/import.h"
#include "setup/profile_text.h"
#include "util/join.h"
#include "util/units.h"

namespace mailhaul::app {
namespace {

using account::Node;
using setup::Draft;
using setup::Outcome;

std::string program_names() { return util::joined(setup::programs(), &setup::ProgramRow::name); }

const setup::ProgramRow& program_of(const Invocation& invocation) {
  const auto* program = invocation.words.empty() ? nullptr : setup::find_program(invocation.words.front());
  if (program != nullptr) return *program;
  throw util::Error(util::Kind::usage,
                    invocation.words.empty()
                        ? "import: the program is missing"
                        : "import does not know the program '" + safe(invocation.words.front()) + "'",
                    "the programs: " + program_names());
}

std::vector<const Draft*> drafts_of(const std::vector<Outcome>& outcomes) {
  std::vector<const Draft*> drafts;
  for (const auto& outcome : outcomes)
    for (const auto& draft : outcome.drafts) drafts.push_back(&draft);
  return drafts;
}

std::vector<setup::NamedProfile> profiles_of(const std::vector<const Draft*>& drafts,
                                             const util::Path& config) {
  std::vector<setup::NamedProfile> profiles;
  for (const auto* draft : drafts)
    profiles.emplace_back(draft->name,
                          setup::profile_of(*draft, NewProfiles::password_file(config, draft->name)));
  return profiles;
}

/// Records the messages that the other program has fetched. They count as delivered in the new account.
void record(const Draft& draft, const account::Config& config, const engine::Environment& environment) {
  const auto account = std::ranges::find(config.accounts, draft.name, &account::Account::name);
  if (draft.known.empty() || account == config.accounts.end()) return;
  std::vector<engine::ImportedMessage> messages;
  for (const auto& known : draft.known) messages.push_back({known.uid, known.fetched});
  engine::import_delivered(*account, environment, messages);
}

/// Throws what write() would throw, but writes nothing.
void check_without_writing(const Invocation& invocation, const std::vector<const Draft*>& drafts) {
  NewProfiles fresh(invocation, profiles_of(drafts, config_to_write(invocation)));
  fresh.require_new_names();
  for (const auto* draft : drafts) fresh.require_writable(draft->name, draft->password);
  fresh.check_in_memory();
}

void write(const Invocation& invocation, const std::vector<const Draft*>& drafts) {
  NewProfiles fresh(invocation, profiles_of(drafts, config_to_write(invocation)));
  fresh.require_new_names();
  for (const auto* draft : drafts) fresh.write_password(draft->name, draft->password);
  const auto& config = fresh.check();
  const auto environment = real_environment(invocation, config, {});
  fresh.require_unchanged();  // what follows cannot be undone
  for (const auto* draft : drafts) record(*draft, config, environment);
  fresh.publish();
}

std::string where(const Outcome& outcome, unsigned line) {
  return outcome.file.native() + (line == 0 ? "" : ":" + std::to_string(line));
}

void tell_notes(const Invocation& invocation, const std::vector<Outcome>& outcomes) {
  const auto tell = make_listener(invocation);
  for (const auto& outcome : outcomes)
    for (const auto& note : outcome.notes)
      tell->warned(
          {}, {.sentence = where(outcome, note.line) + ": " + note.sentence, .hint = note.advice, .uid = {}});
}

std::string seen_text(const Draft& draft) {
  if (draft.known.empty()) return "no list of fetched messages";
  const bool dated =
      std::ranges::any_of(draft.known, [](const auto& known) { return known.fetched.has_value(); });
  return util::counted(draft.known.size(), "fetched message") + (dated ? ", with their times" : "");
}

std::string json_of(const Draft& draft, const Outcome& outcome, const Node& profile) {
  Node object{.form = Node::Form::object};
  object.add("event", Node::of("imported"))
      .add("account", Node::of(draft.name))
      .add("file", Node::of(outcome.file.native()))
      .add("line", Node::of_number(draft.line))
      .add("enabled", Node::of_flag(draft.enabled))
      .add("known", Node::of_number(draft.known.size()))
      .add("profile", profile);
  return account::write(object, account::Layout::one_line);
}

/// One line for each account, in columns.
std::string table_of(const std::vector<const Draft*>& drafts) {
  const auto mailbox = [](const Draft* draft) { return safe(draft->user + " at " + draft->host); };
  std::size_t names = 0, mailboxes = 0;
  for (const auto* draft : drafts) {
    names = std::max(names, draft->name.size());
    mailboxes = std::max(mailboxes, mailbox(draft).size());
  }
  std::string text;
  for (const auto* draft : drafts) {
    auto name = draft->name, at = mailbox(draft);
    name.resize(names, ' ');
    at.resize(mailboxes, ' ');
    text +=
        "  " + name + "  " + at + "  " + seen_text(*draft) + (draft->enabled ? "" : "; switched off") + "\n";
  }
  return text;
}

void print_summary(const Invocation& invocation, const setup::ProgramRow& program,
                   const std::vector<Outcome>& outcomes) {
  if (invocation.json) {
    const auto profiles = profiles_of(drafts_of(outcomes), config_to_write(invocation));
    const auto fitted = NewProfiles(invocation, profiles).fitted();
    auto profile = fitted.begin();
    for (const auto& outcome : outcomes)
      for (const auto& draft : outcome.drafts) print(json_of(draft, outcome, (profile++)->second));
    return;
  }
  if (invocation.quiet) return;
  const auto drafts = drafts_of(outcomes);
  const auto file = safe(config_to_write(invocation).native());
  print(util::counted(drafts.size(), "account") +
        (invocation.print_only ? " found:\n" : " added to " + file + ":\n") + table_of(drafts));
  print((invocation.print_only ? "nothing was written\nTo move in, stop " : "Now stop ") +
        std::string(program.name) + ": " + std::string(program.stop) + ".\n" +
        (invocation.print_only ? "Then give this command without --print; mailhaul -n" : "Then mailhaul -n") +
        " shows what would happen to each message, and mailhaul fetches.\n");
}

}  // namespace

void describe_import(CLI::App& parser, Invocation& invocation) {
  parser
      .add_option_function<std::string>(
          "PROGRAM", [](const std::string&) {}, "one of " + program_names())
      ->type_name("");
  parser
      .add_option_function<std::string>(
          "FILE", [](const std::string&) {}, "its configuration (default: in its usual place)")
      ->type_name("");
  parser.add_flag("--print", invocation.print_only, "print what would be written, and write nothing");
}

int run_import(const Invocation& invocation) {
  const auto& program = program_of(invocation);
  setup::ImportRequest request{.program = &program, .file = {}, .reserved_names = command_names()};
  if (invocation.words.size() > 1) request.file = invocation.words[1];
  const auto outcomes = setup::read_all(request, surroundings(invocation));
  const auto drafts = drafts_of(outcomes);
  if (!drafts.empty() && invocation.print_only) check_without_writing(invocation, drafts);
  if (!drafts.empty() && !invocation.print_only) write(invocation, drafts);
  tell_notes(invocation, outcomes);
  if (drafts.empty())
    throw util::Error(util::Kind::config, "there is no account that mailhaul could take over",
                      "the lines above say why; mailhaul fetches over POP3 only");
  if (invocation.print_only && !invocation.json)
    print(setup::profile_lines(
              NewProfiles(invocation, profiles_of(drafts, config_to_write(invocation))).fitted()) +
          "\n");
  print_summary(invocation, program, outcomes);
  return 0;
}

}  // namespace mailhaul::app
