// SPDX-License-Identifier: MIT
#include "app/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "account/config.h"
#include "app/command_tree.h"
#include "app/commands.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/join.h"
#include "util/nearest.h"

namespace mailhaul::app {
namespace {

using Words = std::vector<std::string>;
using util::Error;
using util::Kind;

std::vector<const CLI::App*> parts_of(const CLI::App& command) { return command.get_subcommands({}); }

/// Adds the command and all commands below it to `all`, each command before its parts.
void collect(const CLI::App& command, std::vector<const CLI::App*>& all) {
  all.push_back(&command);
  for (const auto* part : parts_of(command)) collect(*part, all);
}

std::string help_of(const CLI::App& command) {
  const auto name = full_name(command);
  return "mailhaul " + name + (name.empty() ? "" : " ") + "--help";
}

/// Whether the command, or a command above it, takes the option.
bool takes(const CLI::App& command, const std::string& option) {
  if (command.get_option_no_throw(option) != nullptr) return true;
  return command.get_parent() != nullptr && takes(*command.get_parent(), option);
}

std::vector<const CLI::Option*> positionals_of(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

/// An option as it was typed.
struct TypedOption {
  std::string name;  ///< "-q", "--server"
  std::string word;  ///< the word that it is part of: "-qv", "--server=URL"
};

/// Separates options, their values and all other words, in the same way as the parser does afterwards.
class Scan {
 public:
  Scan(const CLI::App& parser, const Words& typed) : typed_(typed) {
    collect(parser, commands_);
    while (at_ < typed.size() && typed[at_] != "--") {
      const std::string& word = typed[at_++];
      if (!word.starts_with('-') || word == "-") {
        words.push_back(word);
      } else if (word.starts_with("--")) {
        long_option(word);
      } else {
        bundle(word);
      }
    }
    for (++at_; at_ < typed.size(); ++at_) words.push_back(typed[at_]);
  }

  std::vector<TypedOption> options;
  Words with_values;  ///< the options, each followed by its value
  Words words;        ///< neither options nor values

  /// The commands that have an option of this name.
  std::vector<const CLI::App*> owners(const std::string& name) const {
    auto found = commands_;
    std::erase_if(found, [&](const auto* command) { return command->get_option_no_throw(name) == nullptr; });
    return found;
  }

  bool asks_for_help() const {
    return std::ranges::any_of(options, [](const TypedOption& option) {
      return option.word == "-h" || option.word == "--help" || option.word == "-V" ||
             option.word == "--version";
    });
  }

 private:
  /// The first option of this name, or nullptr. Options with the same name agree on whether they take a
  /// value.
  const CLI::Option* find(const std::string& name) const {
    const auto commands = owners(name);
    return commands.empty() ? nullptr : commands.front()->get_option_no_throw(name);
  }

  void long_option(const std::string& word) {
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const auto* option = find(name);
    options.push_back({name, word});
    with_values.push_back(word);
    if (equals == std::string::npos) {
      if (takes_value(option)) take_value(name, *option);
    } else if (option != nullptr && !takes_value(option)) {
      const auto plain = "--" + name.substr(name.starts_with("--no-") ? 5 : 2);
      throw Error(Kind::usage, name + " takes no value",
                  option->get_fnames().empty() ? "use " + name + " alone"
                                               : "use " + plain + " or --no-" + plain.substr(2));
    }
  }

  void bundle(const std::string& word) {
    with_values.push_back(word);
    for (std::size_t i = 1; i < word.size(); ++i) {
      const std::string name{'-', word[i]};
      options.push_back({name, word});
      const auto* option = find(name);
      if (!takes_value(option)) continue;
      if (i + 1 == word.size()) take_value(name, *option);
      return;
    }
  }

  void take_value(const std::string& name, const CLI::Option& option) {
    if (at_ == typed_.size())
      throw Error(Kind::usage, name + " needs a value", "write " + name + " " + option.get_type_name());
    with_values.push_back(typed_[at_++]);
  }

  const Words& typed_;
  std::size_t at_ = 0;
  std::vector<const CLI::App*> commands_;
};

[[noreturn]] void refuse_part(const CLI::App& command, const Words& rest) {
  Words names;
  for (const auto* part : parts_of(command)) names.push_back(part->get_name());
  const auto name = full_name(command);
  const auto hint = "the commands of " + name + ": " + util::joined(names);
  if (rest.empty()) throw Error(Kind::usage, name + ": the subcommand is missing", hint);
  const auto near = util::nearest(rest.front(), std::vector<std::string_view>(names.begin(), names.end()));
  throw Error(Kind::usage,
              name + " has no command '" + util::escape(rest.front()) + "'" +
                  (near.empty() ? "" : "; did you mean '" + near + "'?"),
              hint);
}

/// A suggestion for a mistyped option: "; did you mean --server?". Empty if no option has a similar name.
std::string guess(const CLI::App& command, const TypedOption& typed) {
  const auto typed_name = typed.name.starts_with("--") ? typed.name : typed.word;
  const auto word = typed_name.substr(std::min(typed_name.find_first_not_of('-'), typed_name.size()));
  if (word.empty()) return {};
  auto key = word;
  std::ranges::replace(key, '-', '_');
  if (const auto other = account::key_elsewhere_called(key);
      !other.empty() && takes(command, account::option_name(other)))
    return "; did you mean " + account::option_name(other) + "?";
  std::vector<std::string_view> names;
  for (const auto* app = &command; app != nullptr; app = app->get_parent())
    for (const auto* option : app->get_options({}))
      if (!option->get_group().empty())
        names.insert(names.end(), option->get_lnames().begin(), option->get_lnames().end());
  const auto near = util::nearest(word, names);
  return near.empty() ? near : "; did you mean --" + near + "?";
}

[[noreturn]] void refuse_option(const Scan& scan, const CLI::App& command, const TypedOption& option) {
  const auto owners = scan.owners(option.name);
  if (!owners.empty()) {
    Words names;
    for (const auto* owner : owners) names.push_back(full_name(*owner));
    throw Error(Kind::usage,
                option.name + " is an option of " + util::joined(names) + ", not of " + full_name(command),
                "leave it out; " + help_of(*owners.front()) + " explains it, " + help_of(command) +
                    " lists the options of " + full_name(command));
  }
  const auto shown = util::escape(option.name);
  const auto positionals = positionals_of(command);
  const bool takes_uids =
      std::ranges::any_of(positionals, [](const auto* one) { return one->get_name(true) == "UID"; });
  throw Error(
      Kind::usage,
      "unknown option " + shown +
          (option.name.starts_with("--") || option.word.size() == 2 ? ""
                                                                    : " in " + util::escape(option.word)) +
          guess(command, option),
      takes_uids
          ? "a UID that begins with - must follow --: mailhaul " + full_name(command) + " ACCOUNT -- -UID"
          : help_of(command) + " lists the options");
}

void check_words(const CLI::App& command, const Words& words) {
  std::size_t most = 0;
  for (const auto* positional : positionals_of(command))
    most += static_cast<std::size_t>(positional->get_items_expected_max());
  if (words.size() > most)
    throw Error(Kind::usage, full_name(command) + ": unexpected word '" + util::escape(words[most]) + "'",
                help_of(command));
}

/// Throws if `rest` begins with a word that is not a command, so that the help of the wrong command is not
/// shown. Without "help" in front, such a word may be an account.
void check_help(const CLI::App& command, const Words& rest, bool is_help) {
  if (rest.empty() || parts_of(command).empty()) return;
  if (command.get_parent() != nullptr) refuse_part(command, rest);
  if (is_help) throw unknown_command(rest.front());
}

}  // namespace

Arguments normalise(const CLI::App& parser, const Words& typed) {
  const Scan scan(parser, typed);
  Words words = scan.words;
  const bool is_help = !words.empty() && words.front() == "help";
  if (is_help) words.erase(words.begin());
  const bool asks_for_help = is_help || scan.asks_for_help();
  Arguments arguments;
  const CLI::App* command = &parser;
  for (const CLI::App* part = nullptr;
       !words.empty() && (part = part_named(*command, words.front())) != nullptr; command = part) {
    arguments.parsed.push_back(words.front());
    words.erase(words.begin());
  }
  arguments.names_command = command != &parser;
  if (asks_for_help) check_help(*command, words, is_help);
  if (!arguments.names_command && !(words.empty() && asks_for_help)) {
    command = part_named(parser, "fetch");
    arguments.parsed.emplace_back("fetch");
  }
  if (is_help) arguments.parsed.emplace_back("--help");
  if (!asks_for_help) {
    if (!parts_of(*command).empty()) refuse_part(*command, words);
    for (const auto& option : scan.options)
      if (!takes(*command, option.name)) refuse_option(scan, *command, option);
    check_words(*command, words);
  }
  arguments.parsed.insert(arguments.parsed.end(), scan.with_values.begin(), scan.with_values.end());
  arguments.words = std::move(words);
  return arguments;
}

}  // namespace mailhaul::app
