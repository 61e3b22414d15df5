// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <set>

#include "app/commands.h"
#include "app/signals.h"
#include "net/connection.h"
#include "util/text.h"

namespace mailhaul::app {
namespace {

/// Passwords must not end up in a core file, and descriptors 0 to 2 must be what everybody takes them for. A
/// standard output that was closed stays one that cannot be written.
void prepare_process() {
  ::prctl(PR_SET_DUMPABLE, 0);
  struct rlimit core {};
  if (::getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = 0;
    ::setrlimit(RLIMIT_CORE, &core);
  }
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const bool closed = ::fcntl(fd, F_GETFD) < 0;
    if (closed) ::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);  // the lowest free one: fd
  }
}

void add_when(CLI::App& parser, const char* name, const char* help, When& when) {
  const auto choose = [name, &when](const std::string& text) {
    static const std::map<std::string, When> choices{
        {"auto", When::automatic}, {"always", When::always}, {"never", When::never}};
    const auto choice = choices.find(text);
    if (choice == choices.end()) throw CLI::ValidationError(name, "it is auto, always or never, not " + text);
    when = choice->second;
  };
  parser.add_option_function<std::string>(name, choose, help)->type_name("auto|always|never");
}

void add_global_options(CLI::App& parser, Call& call) {
  parser.add_option("-c,--config", call.config, "configuration file")->type_name("FILE");
  parser.add_option("--state", call.state, "state database")->type_name("FILE");
  parser.add_flag("-q,-s,--quiet", call.quiet, "silent unless something is wrong");
  parser.add_flag("-v,--verbose", call.verbose, "say more; twice: the conversation with the server");
  parser.add_flag("--json", call.json, "one JSON object a line on standard output");
  add_when(parser, "--progress", "live progress line", call.progress);
  add_when(parser, "--color", "colour on a terminal", call.color);
  parser.add_option("-j,--jobs", call.jobs, "accounts at a time")
      ->check(CLI::Range(1U, 1000U).description(""))
      ->type_name("N");
}

/// Names of options that take a value in the word after them.
std::set<std::string> valued_options() {
  std::set<std::string> names{"-c", "--config", "--state", "--progress", "--color", "-j", "--jobs"};
  for (const auto& key : account::keys()) {
    if (!key.on_command_line || key.value.empty()) continue;
    std::string name = "--" + std::string(key.name);
    std::ranges::replace(name, '_', '-');
    names.insert(name);
  }
  return names;
}

/// The words before any "--" that are neither options nor an option's value; at least two, empty where there
/// are none.
std::vector<std::string> plain_words(const std::vector<std::string>& args) {
  const auto valued = valued_options();
  std::vector<std::string> words;
  for (std::size_t i = 0; i < args.size() && args[i] != "--"; ++i) {
    if (!args[i].starts_with('-') || args[i] == "-") {
      words.push_back(args[i]);
    } else if (valued.contains(args[i])) {
      ++i;
    }
  }
  words.resize(std::max<std::size_t>(words.size(), 2));
  return words;
}

/// UIDs behind "--" that begin with "-": the option parser loses them after a command of two words.
std::vector<std::string> take_dashed_uids(std::vector<std::string>& args,
                                          const std::vector<std::string>& words) {
  const std::size_t before = words[0] == "get" ? 2 : words[0] == "state" ? 3 : words.size() + 1;
  const auto dashes = std::ranges::find(args, "--");
  if (dashes == args.end() || words.size() < before) return {};
  std::vector<std::string> uids(dashes + 1, args.end());
  args.erase(dashes, args.end());
  return uids;
}

bool is_command(const std::string& word) {
  return std::ranges::any_of(commands(),
                             [&](const auto& row) { return row.inside.empty() && row.name == word; });
}

struct Bound {
  CLI::App* parser;
  const CommandRow* row;
};

std::vector<Bound> add_commands(CLI::App& parser, Call& call) {
  std::vector<Bound> bound;
  for (const auto& row : commands()) {
    CLI::App* above = row.inside.empty() ? &parser : parser.get_subcommand(std::string(row.inside));
    CLI::App* command = above->add_subcommand(std::string(row.name), std::string(row.help));
    if (row.describe == nullptr) {
      command->require_subcommand(1);
      continue;
    }
    row.describe(*command, call);
    bound.push_back({command, &row});
  }
  return bound;
}

int usage_error(const Call& call, const CLI::ParseError& error, const std::string& command) {
  return report_error(call, util::Error(util::Kind::usage, util::escape(error.what(), 1000),
                                        "mailhaul " + (is_command(command) ? command + " " : "") + "--help"));
}

int dispatch(std::vector<std::string> args, Call& call) {
  CLI::App parser("mailhaul: collects mail over POP3, exactly once", "mailhaul");
  parser.fallthrough();
  parser.require_subcommand(1);
  parser.set_help_flag("-h,--help", "print this help");
  // A function: asking libcurl for its versions loads libraries that a poll has no use for.
  const auto version = [] { return "mailhaul " MAILHAUL_VERSION "\n" + net::library_versions(); };
  parser.set_version_flag("-V,--version", std::function<std::string()>(version), "print the versions");
  add_global_options(parser, call);
  const auto bound = add_commands(parser, call);
  const auto words = plain_words(args);
  const auto dashed = take_dashed_uids(args, words);
  const std::string& word = words[0];
  for (const auto& name : later_commands()) {
    if (word != name && word + " " + words[1] != name) continue;
    throw util::Error(util::Kind::usage, "the command " + std::string(name) + " is not built yet",
                      "mailhaul --help lists what is");
  }
  const bool for_all = std::ranges::any_of(args, [](const std::string& arg) {
    return arg == "-h" || arg == "--help" || arg == "-V" || arg == "--version";
  });
  if (!is_command(word) && !(word.empty() && for_all)) args.insert(args.begin(), "fetch");
  std::ranges::reverse(args);  // CLI11 takes them from the back
  try {
    parser.parse(args);
  } catch (const CLI::Success& asked) {
    return parser.exit(asked);  // --help, --version
  } catch (const CLI::ParseError& error) {
    call.json = call.json || std::ranges::find(args, "--json") != args.end();
    return usage_error(call, error, word);
  }
  call.uids.insert(call.uids.end(), dashed.begin(), dashed.end());
  for (const auto& [command, row] : bound) {
    if (command->parsed()) return row->run(call);
  }
  return util::exit_status(util::Kind::internal);
}

}  // namespace
}  // namespace mailhaul::app

int main(int argc, char** argv) {
  using namespace mailhaul;
  app::Call call;
  try {
    app::prepare_process();
    util::Cancel cancel;
    app::catch_signals(cancel);
    call.cancel = &cancel;
    net::start_library();
    const int status = app::dispatch({argv + 1, argv + argc}, call);
    return cancel.requested() ? 128 + cancel.signal() : status;
  } catch (const util::Error& error) {
    return app::report_error(call, error);
  } catch (const std::exception& bug) {
    return app::report_error(
        call, util::Error(util::Kind::internal, std::string("a bug: ") + bug.what(), "please report it"));
  }
}
