// SPDX-License-Identifier: MIT
#include "app/help.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>
#include <vector>

#include "app/columns.h"
#include "app/command_tree.h"

namespace mailhaul::app {
namespace {

constexpr std::size_t width = 79, names_width = 30;

using Options = std::vector<const CLI::Option*>;

struct ExampleRow {
  std::string_view command, lines;
};

constexpr auto examples = std::to_array<ExampleRow>({
    {"",
     "mailhaul                     fetch from all accounts\n"
     "mailhaul -n home             show what would happen, and do nothing\n"
     "mailhaul --server pop3s://HOST --user NAME --deliver maildir:~/Mail/home"},
    {"fetch",
     "mailhaul fetch -k home       leave the fetched mail on the server\n"
     "mailhaul --server pop3s://HOST --user NAME --deliver maildir:~/Mail/home"},
    {"watch", "mailhaul watch --interval 2m"},
    {"check", "mailhaul check home work"},
    {"status",
     "mailhaul status              show how each account is doing\n"
     "mailhaul -q status --max-age 30m"},
    {"list", "mailhaul list home --last 20"},
    {"get", "mailhaul get home '#12' | less"},
    {"delete", "mailhaul delete home '#12'"},
    {"login", "mailhaul login work"},
    {"logout", "mailhaul logout work"},
    {"doctor", "mailhaul doctor home"},
    {"state show", "mailhaul state show home"},
    {"state mark-seen", "mailhaul state mark-seen home --all"},
    {"state mark-delivered", "mailhaul state mark-delivered home - <uids"},
    {"state forget", "mailhaul state forget home UID4711-2"},
    {"state move", "mailhaul state move pop.example.net home"},
    {"state export", "mailhaul state export >mailhaul-state.json"},
    {"state import", "mailhaul state import mailhaul-state.json"},
    {"state rebuild", "mailhaul state rebuild home"},
    {"state verify", "mailhaul state verify"},
    {"init", "mailhaul init anna@example.org"},
    {"import", "mailhaul import fetchmail --print"},
    {"config check", "mailhaul config check"},
    {"config show", "mailhaul config show"},
    {"config schema",
     "mailhaul config schema >mailhaul.schema.json\n"
     "mailhaul config schema --output"},
    {"completion", "source <(mailhaul completion bash)"},
    {"help", "mailhaul help fetch"},
    {"version", "mailhaul version"},
});

/// "-k, --keep", "--[no-]netrc", "--server URL".
std::string names_of(const CLI::Option& option) {
  std::string text;
  for (const auto& name : option.get_snames()) text += (text.empty() ? "-" : ", -") + name;
  const auto& negative = option.get_fnames();
  for (const auto& name : option.get_lnames()) {
    const bool is_negative = std::ranges::find(negative, name) != negative.end();
    if (is_negative) continue;
    const bool has_opposite = std::ranges::find(negative, "no-" + name) != negative.end();
    text += (text.empty() ? "--" : ", --") + std::string(has_opposite ? "[no-]" : "") + name;
  }
  const auto value = option.get_type_name();
  return option.get_items_expected_max() == 0 || value.empty() ? text : text + " " + value;
}

std::string entry(const std::string& names, const std::string& meaning) {
  std::string line = "  " + names;
  if (line.size() + 2 > names_width) {
    line += "\n" + std::string(names_width, ' ');
  } else {
    line.resize(names_width, ' ');
  }
  return line + wrapped(meaning, {.columns = width, .first = names_width, .indent = names_width}) + "\n";
}

Options options_of(const CLI::App& command, bool positional) {
  auto options = command.get_options({});
  std::erase_if(options, [&](const auto* option) {
    return option->get_positional() != positional || option->get_group().empty();
  });
  return options;
}

std::string word_name(const CLI::Option& positional) {
  return positional.get_name(true) + (positional.get_items_expected_max() > 1 ? "..." : "");
}

std::string usage(const CLI::App& command) {
  const auto words = full_name(command);
  std::string text = "Usage: mailhaul " + words + (words.empty() ? "" : " ") + "[OPTIONS]";
  if (!command.get_subcommands({}).empty())
    text += words.empty() ? " [COMMAND] [ARGUMENTS]" : " COMMAND [ARGUMENTS]";
  for (const auto* positional : options_of(command, true)) text += " [" + word_name(*positional) + "]";
  return text + "\n";
}

std::string sentence(std::string text) {
  if (text.empty()) return text;
  if (!text.starts_with("mailhaul")) text.front() = static_cast<char>(std::toupper(text.front()));
  return wrapped(text + ".", {.columns = width}) + "\n";
}

/// The options by group. The groups are in the order in which they first occur.
std::vector<std::pair<std::string, Options>> grouped(const Options& options) {
  std::vector<std::pair<std::string, Options>> groups;
  for (const auto* option : options) {
    auto found =
        std::ranges::find(groups, option->get_group(), [](const auto& group) { return group.first; });
    if (found == groups.end()) found = groups.insert(found, {option->get_group(), {}});
    found->second.push_back(option);
  }
  return groups;
}

std::string all_options(const CLI::App& command) {
  std::string text;
  for (const auto& [name, options] : grouped(options_of(command, false))) {
    text += "\n" + name + ":\n";
    for (const auto* option : options) text += entry(names_of(*option), option->get_description());
  }
  if (command.get_parent() == nullptr) return text;
  const auto* program = &command;
  while (program->get_parent() != nullptr) program = program->get_parent();
  std::string names;
  for (const auto* option : options_of(*program, false)) {
    if (option->check_lname("help") || option->check_lname("version")) continue;
    names += (names.empty() ? "" : ", ") + names_of(*option);
  }
  return text + "\nOptions of every command (mailhaul --help explains them):\n  " +
         wrapped(names, {.columns = width, .first = 2, .indent = 2}) + "\n";
}

std::string example_of(std::string_view command) {
  const auto* row = std::ranges::find(examples, command, &ExampleRow::command);
  if (row == examples.end()) return {};
  std::string text = row->lines.find('\n') == std::string_view::npos ? "\nExample:\n  " : "\nExamples:\n  ";
  for (const char c : row->lines) text += c == '\n' ? std::string("\n  ") : std::string(1, c);
  return text + "\n";
}

/// "state show" is described in mailhaul-state(1).
std::string page_of(std::string_view command) {
  if (command.empty() || command == "help" || command == "version") return "mailhaul";
  return "mailhaul-" + std::string(command.substr(0, command.find(' ')));
}

class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string /*name*/,
                        CLI::AppFormatMode /*mode*/) const override {
    const CLI::App& command = *app;
    const auto words = full_name(command);
    std::string text = usage(command) + "\n" + sentence(command.get_description());
    const auto parts = command.get_subcommands({});
    if (!parts.empty()) text += "\nCommands:\n";
    for (const auto* part : parts) text += entry(part->get_name(), part->get_description());
    const auto positionals = options_of(command, true);
    if (!positionals.empty()) text += "\nArguments:\n";
    for (const auto* word : positionals) text += entry(word_name(*word), word->get_description());
    text += all_options(command);
    if (words.empty())
      text += "\nWith no command, mailhaul runs fetch; for its options see mailhaul fetch --help\n";
    return text + example_of(words) + "\nManual: man " + page_of(words) + "\n";
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_formatter() { return std::make_shared<HelpFormatter>(); }

}  // namespace mailhaul::app
