// SPDX-License-Identifier: MIT
#include "app/parser.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <initializer_list>

#include "app/arguments.h"
#include "app/commands.h"
#include "app/completion.h"
#include "app/help.h"
#include "app/output.h"
#include "app/report_errors.h"
#include "app/variables.h"
#include "util/escape.h"

namespace mailhaul::app {
namespace {

void add_auto_switch(CLI::App& parser, const char* name, const char* help, AutoSwitch& value) {
  const auto choose = [name, &value](const std::string& text) {
    const auto choice = read_switch(text);
    if (!choice) throw CLI::ValidationError(name, "must be auto, always or never, not '" + text + "'");
    value = *choice;
  };
  parser.add_option_function<std::string>(name, choose, help)->type_name("auto|always|never")->take_last();
}

void add_file(CLI::App& parser, const char* name, const char* help, std::string& file) {
  const auto is_named = [](const std::string& text) {
    return text.empty() ? "the name of the file is empty" : std::string();
  };
  parser.add_option(name, file, help)->type_name("FILE")->check(is_named)->take_last();
}

void add_jobs(CLI::App& parser, std::optional<unsigned>& jobs) {
  const auto read = [&jobs](const std::string& text) {
    jobs = read_jobs(text);
    if (!jobs) throw CLI::ValidationError("--jobs", "must be a whole number from 1 to 1000");
  };
  parser.add_option_function<std::string>("-j,--jobs", read, "fetch N accounts in parallel (default: 8)")
      ->type_name("N")
      ->take_last();
}

void add_global_options(CLI::App& parser, Invocation& invocation) {
  add_file(parser, "-c,--config",
           "configuration file; - is standard input (default: ~/.config/mailhaul/config.json)",
           invocation.config);
  add_file(parser, "--state", "state database (default: ~/.local/state/mailhaul/state.db)", invocation.state);
  parser.add_flag("-q,-s,--quiet", invocation.quiet, "print errors only");
  // A function: since CLI11 2.4 a variable that counts is set to 0 where the flag is not typed.
  const auto count = [&invocation](std::int64_t times) { invocation.verbose = static_cast<int>(times); };
  parser.add_flag_function("-v,--verbose", count, "print more; twice: the conversation with the server");
  parser.add_flag("--json", invocation.json, "print one JSON object per line");
  add_auto_switch(parser, "--progress", "show a live progress line (default: auto)", invocation.progress);
  add_auto_switch(parser, "--color", "use colour (default: auto)", invocation.color);
  add_jobs(parser, invocation.jobs);
}

/// -q and -v contradict each other: the one that was typed overrides the other one from the environment.
void resolve_quiet_and_verbose(const CLI::App& parser, Invocation& invocation) {
  const bool quiet_typed = parser.count("--quiet") > 0, verbose_typed = parser.count("--verbose") > 0;
  if (quiet_typed && !verbose_typed) invocation.verbose = 0;
  if (verbose_typed && !quiet_typed) invocation.quiet = false;
}

/// A command, and its row in the table.
struct Bound {
  CLI::App* parser;
  const CommandRow* row;
};

/// Which commands a parser knows with their options: those that were typed, or all. Describing all of them
/// takes more time than asking the server whether there is mail.
enum class Described { typed, all };

bool is_any_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

/// Whether help, the versions or completions are requested, so that all commands have to be described.
bool explains_itself(const std::vector<std::string>& typed) {
  return std::ranges::any_of(typed, [](const auto& word) {
    return is_any_of(word, {"help", "completion", "-h", "--help", "-V", "--version"});
  });
}

/// Whether no option of fetch was typed, as in most crontabs.
bool has_general_options_only(const std::vector<std::string>& typed) {
  return std::ranges::all_of(typed, [](const auto& word) {
    return is_any_of(word, {"-q", "-s", "--quiet", "-v", "--verbose", "--json"});
  });
}

/// The parser of one command line. Not to be moved: its parts refer to one another, and to the invocation.
class CommandLine {
 public:
  CommandLine(const std::vector<std::string>& typed, Invocation& invocation, Described described)
      : parser("fetch mail over POP3 into a Maildir, an mbox or a program", "mailhaul") {
    parser.formatter(help_formatter());
    parser.fallthrough();
    parser.require_subcommand(1);
    parser.set_help_flag("-h,--help", "print this help");
    add_global_options(parser, invocation);
    // This comes after -c, which is read first: the versions include the path of the configuration.
    parser.set_version_flag("-V,--version", "", "print the versions");
    for (const auto& row : commands()) {
      const bool is_fetch = row.name == "fetch";  // it is meant if no command is typed
      const auto word = row.inside.empty() ? row.name : row.inside;
      const bool is_wanted = described == Described::all || std::ranges::count(typed, word) != 0;
      if (!is_wanted && !is_fetch) continue;
      CLI::App* above = row.inside.empty() ? &parser : parser.get_subcommand(std::string(row.inside));
      CLI::App* command = above->add_subcommand(std::string(row.name), std::string(row.help));
      if (row.describe == nullptr)
        command->require_subcommand(1);
      else if (is_wanted || !has_general_options_only(typed))
        row.describe(*command, invocation);
      if (row.run != nullptr) bound.push_back({command, &row});  // help is read as --help
    }
  }
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App parser;
  std::vector<Bound> bound;
};

}  // namespace

int dispatch(const std::vector<std::string>& typed, Invocation& invocation) {
  // For errors that come before the options are read.
  invocation.json = std::ranges::find(typed, "--json") != typed.end();
  CommandLine line(typed, invocation, explains_itself(typed) ? Described::all : Described::typed);
  auto& parser = line.parser;
  if (typed.size() >= 2 && typed[0] == "completion" && typed[1] == "words") {
    print(completions(parser, std::span(typed).subspan(2)));
    return 0;
  }
  read_variables(invocation);
  Arguments arguments;
  try {
    arguments = normalise(parser, typed);
  } catch (const util::Error&) {
    // This throws the same error, but it names the command whose option was typed.
    normalise(CommandLine(typed, invocation, Described::all).parser, typed);
    throw;
  }
  invocation.names_command = arguments.names_command;
  invocation.words = std::move(arguments.words);
  std::ranges::reverse(arguments.parsed);  // CLI11 takes them from the back
  try {
    parser.parse(arguments.parsed);
  } catch (const CLI::CallForVersion&) {
    return run_version(invocation);
  } catch (const CLI::Success&) {
    print(parser.help());  // of the command that was typed
    return 0;
  } catch (const CLI::ParseError& error) {
    throw util::Error(util::Kind::usage, util::escape(error.what(), 1000),
                      "mailhaul --help lists commands and options");
  }
  resolve_quiet_and_verbose(parser, invocation);
  for (const auto& [command, row] : line.bound) {
    if (command->parsed()) return row->run(invocation);
  }
  return util::exit_status(util::Kind::internal);
}

}  // namespace mailhaul::app
