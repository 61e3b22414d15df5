// SPDX-License-Identifier: MIT
#include "app/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "account/config.h"
#include "app/command_tree.h"
#include "app/config_files.h"
#include "setup/import.h"
#include "util/error.h"

namespace mailhaul::app {
namespace {

using Words = std::vector<std::string>;

/// What is known from the words before the last one.
struct Line {
  const CLI::App* command = nullptr;    ///< the program itself if no command is named
  const CLI::Option* option = nullptr;  ///< the option whose value is the last word; nullptr: none
  bool only_words = false;              ///< "--" was there: no options follow
  Words words;                          ///< neither options nor commands
  std::string config;                   ///< the value of -c
};

/// The command and those above it. If no command is named, the options of fetch count as well.
std::vector<const CLI::App*> with_those_above(const CLI::App& command) {
  std::vector<const CLI::App*> all;
  if (command.get_parent() == nullptr) all.push_back(part_named(command, "fetch"));
  for (const auto* app = &command; app != nullptr; app = app->get_parent()) all.push_back(app);
  return all;
}

const CLI::Option* option_named(const CLI::App& command, const std::string& name) {
  for (const auto* app : with_those_above(command))
    if (const auto* option = app->get_option_no_throw(name)) return option;
  return nullptr;
}

bool is_option(std::string_view word) { return word.starts_with('-') && word != "-"; }

/// An option that was typed, and its value if that is in the same word; otherwise the next word is the value.
struct OptionAndValue {
  const CLI::Option* option = nullptr;
  std::string value;
  bool has_value = false;
};

OptionAndValue option_and_value_in(const CLI::App& command, const std::string& word) {
  if (word.starts_with("--")) {
    const auto equals = word.find('=');
    const bool has_value = equals != std::string::npos;
    return {option_named(command, word.substr(0, equals)), has_value ? word.substr(equals + 1) : "",
            has_value};
  }
  for (std::size_t i = 1; i < word.size(); ++i) {
    const auto* option = option_named(command, {'-', word[i]});
    if (takes_value(option)) return {option, word.substr(i + 1), i + 1 < word.size()};
  }
  return {};
}

void take_word(Line& line, const std::string& word) {
  const auto* part = line.words.empty() ? part_named(*line.command, word) : nullptr;
  if (part != nullptr) {
    line.command = part->get_name() == "help" ? line.command : part;
  } else {
    line.words.push_back(word);
  }
}

Line read(const CLI::App& parser, std::span<const std::string> words) {
  Line line{.command = &parser, .words = {}, .config = {}};
  for (const auto& word : words) {
    const auto* option = std::exchange(line.option, nullptr);
    auto typed = OptionAndValue{option, word, true};
    if (option == nullptr) {
      if (word == "--") line.only_words = true;
      if (line.only_words || !is_option(word)) {
        if (word != "--") take_word(line, word);
        continue;
      }
      typed = option_and_value_in(*line.command, word);
    }
    if (!takes_value(typed.option)) continue;
    if (!typed.has_value) line.option = typed.option;
    if (typed.has_value && typed.option->check_lname("config")) line.config = typed.value;
  }
  return line;
}

std::string files_after(const std::string& prefix) { return ":files " + prefix + "\n"; }

std::string line_of(std::string_view word, std::string_view meaning = {}) {
  return std::string(word) + "\t" + std::string(meaning.substr(0, meaning.find('\n'))) + "\n";
}

/// The values of an option: the words of its "auto|always|never" in the help, or those of an account key.
Words values_of(const CLI::Option& option) {
  Words values;
  const auto type = option.get_type_name();
  if (type.find('|') == std::string::npos) {
    auto key = option.get_lnames().empty() ? "" : option.get_lnames().front();
    std::ranges::replace(key, '-', '_');
    return account::choices_of(key);
  }
  for (std::size_t from = 0; from <= type.size(); from = type.find('|', from) + 1) {
    values.push_back(type.substr(from, type.find('|', from) - from));
    if (type.find('|', from) == std::string::npos) break;
  }
  return values;
}

/// The values of an option; `before` stands before the value in the same word.
std::string values(const CLI::Option& option, const std::string& typed, const std::string& before) {
  const auto type = option.get_type_name();
  if (type == "FILE" || type == "COMMAND") return files_after(before);
  std::string text;
  for (const auto& value : values_of(option)) {
    if (value.ends_with(':') && typed.starts_with(value)) return files_after(before + value);
    text += line_of(before + value);
  }
  return text;
}

/// The options of a command, without the hidden ones, which exist only for better error messages.
std::vector<const CLI::Option*> shown_options(const CLI::App& command) {
  auto options = std::as_const(command).get_options({});
  std::erase_if(options, [](const auto* one) { return one->get_positional() || one->get_group().empty(); });
  return options;
}

std::string options_of(const CLI::App& command, std::string_view typed) {
  std::string text;
  std::set<std::string> names;  // each command has --help
  for (const auto* app : with_those_above(command)) {
    for (const auto* option : shown_options(*app)) {
      for (const auto& name : option->get_lnames()) {
        if (!names.insert(name).second) continue;
        const auto positive = "--" + option->get_lnames().front();
        const bool is_negative = std::ranges::find(option->get_fnames(), name) != option->get_fnames().end();
        text += line_of("--" + name, is_negative ? "the opposite of " + positive : option->get_description());
      }
      if (typed != "-") continue;
      for (const auto& name : option->get_snames())
        if (names.insert("-" + name).second) text += line_of("-" + name, option->get_description());
    }
  }
  return text;
}

/// The names of the accounts. A mistake in the configuration is not reported in the middle of a command line.
Words account_names(const std::string& config_file) {
  Invocation invocation;
  invocation.config = config_file;
  if (config_file == "-") return {};  // the command will read it from standard input later
  try {
    return load_config(invocation).names;
  } catch (const util::Error&) {
    return {};
  }
}

std::string accounts_not_in(const Line& line) {
  std::string text;
  for (const auto& name : account_names(line.config))
    if (std::ranges::find(line.words, name) == line.words.end()) text += line_of(name, "account");
  return text;
}

/// The word that a command expects next: "ACCOUNT"; empty: none.
std::string expected_next(const CLI::App& command, std::size_t words) {
  for (const auto* positional :
       command.get_options([](const CLI::Option* option) { return option->get_positional(); })) {
    const auto most = static_cast<std::size_t>(positional->get_items_expected_max());
    if (words < most) return positional->get_name(true);
    words -= most;
  }
  return {};
}

std::string words_of(const Line& line) {
  const auto& command = *line.command;
  std::string text;
  if (line.words.empty())
    for (const auto* part : command.get_subcommands({}))
      text += line_of(part->get_name(), part->get_description());
  const bool is_program = command.get_parent() == nullptr;
  const auto next = is_program ? "ACCOUNT" : expected_next(command, line.words.size());
  if (next == "ACCOUNT") text += accounts_not_in(line);
  if (next == "FILE") text += files_after({});
  if (next == "PROGRAM")
    for (const auto& program : setup::programs()) text += line_of(program.name);
  if (next == "SHELL")
    for (const auto& shell : shells()) text += line_of(shell.name);
  return text;
}

}  // namespace

std::string completions(const CLI::App& parser, std::span<const std::string> words) {
  if (words.empty()) return {};
  const auto& last = words.back();
  const auto line = read(parser, words.first(words.size() - 1));
  if (line.option != nullptr) return values(*line.option, last, {});
  if (line.only_words || !last.starts_with('-')) return words_of(line);
  const auto typed = option_and_value_in(*line.command, last);
  if (!takes_value(typed.option) || !typed.has_value) return options_of(*line.command, last);
  return values(*typed.option, typed.value, last.substr(0, last.size() - typed.value.size()));
}

}  // namespace mailhaul::app
