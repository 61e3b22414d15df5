// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "app/arguments.h"
#include "app/commands.h"
#include "app/signals.h"
#include "net/connection.h"
#include "util/escape.h"

namespace mailhaul::app {
namespace {

/// Passwords must not end up in a core file, what is written is nobody else's and always our own to open
/// again, and descriptors 0 to 2 must be what everybody takes them for. A standard output that was closed
/// stays one that cannot be written.
void prepare_process() {
  ::prctl(PR_SET_DUMPABLE, 0);
  ::umask(077);
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

void add_auto_switch(CLI::App& parser, const char* name, const char* help, AutoSwitch& value) {
  const auto choose = [name, &value](const std::string& text) {
    static const std::map<std::string, AutoSwitch> choices{
        {"auto", AutoSwitch::automatic}, {"always", AutoSwitch::always}, {"never", AutoSwitch::never}};
    const auto choice = choices.find(text);
    if (choice == choices.end()) throw CLI::ValidationError(name, "it is auto, always or never, not " + text);
    value = choice->second;
  };
  parser.add_option_function<std::string>(name, choose, help)->type_name("auto|always|never");
}

void add_global_options(CLI::App& parser, Invocation& invocation) {
  const auto named = [](const std::string& file) {
    return file.empty() ? "no file is named" : std::string();
  };
  parser.add_option("-c,--config", invocation.config, "configuration file")->type_name("FILE")->check(named);
  parser.add_option("--state", invocation.state, "state database")->type_name("FILE")->check(named);
  parser.add_flag("-q,-s,--quiet", invocation.quiet, "silent unless something is wrong");
  parser.add_flag("-v,--verbose", invocation.verbose, "say more; twice: the conversation with the server");
  parser.add_flag("--json", invocation.json, "one JSON object a line on standard output");
  add_auto_switch(parser, "--progress", "live progress line", invocation.progress);
  add_auto_switch(parser, "--color", "colour on a terminal", invocation.color);
  parser.add_option("-j,--jobs", invocation.jobs, "accounts at a time")
      ->check(CLI::Range(1U, 1000U).description(""))
      ->type_name("N");
}

struct Bound {
  CLI::App* parser;
  const CommandRow* row;
};

std::vector<Bound> add_commands(CLI::App& parser, Invocation& invocation) {
  std::vector<Bound> bound;
  for (const auto& row : commands()) {
    CLI::App* above = row.inside.empty() ? &parser : parser.get_subcommand(std::string(row.inside));
    CLI::App* command = above->add_subcommand(std::string(row.name), std::string(row.help));
    if (row.describe == nullptr) {
      command->require_subcommand(1);
      continue;
    }
    row.describe(*command, invocation);
    bound.push_back({command, &row});
  }
  return bound;
}

int usage_error(const Invocation& invocation, const CLI::ParseError& error, const Arguments& arguments) {
  const bool has_extras = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  auto advice = has_extras ? advice_for(arguments) : Advice();
  if (advice.sentence.empty()) advice.sentence = util::escape(error.what(), 1000);
  if (advice.hint.empty()) {
    advice.hint = "mailhaul " + (arguments.names_command ? arguments.command + " " : "") + "--help";
  }
  return report_error(invocation, util::Error(util::Kind::usage, advice.sentence, advice.hint));
}

void refuse_planned_commands(const Arguments& arguments) {
  for (const auto& name : planned_commands()) {
    if (arguments.command != name && arguments.command + " " + arguments.part != name) continue;
    throw util::Error(util::Kind::usage, "the command " + std::string(name) + " is not built yet",
                      "mailhaul --help lists what is");
  }
}

int dispatch(const std::vector<std::string>& typed, Invocation& invocation) {
  CLI::App parser("mailhaul: collects mail over POP3, exactly once", "mailhaul");
  parser.footer("Without a SUBCOMMAND all is for fetch; its options: mailhaul fetch --help");
  parser.fallthrough();
  parser.require_subcommand(1);
  parser.set_help_flag("-h,--help", "print this help");
  // A function: asking libcurl for its versions loads libraries that a poll has no use for.
  const auto version = [] { return "mailhaul " MAILHAUL_VERSION "\n" + net::library_versions(); };
  parser.set_version_flag("-V,--version", std::function<std::string()>(version), "print the versions");
  add_global_options(parser, invocation);
  const auto bound = add_commands(parser, invocation);
  invocation.json =
      std::ranges::find(typed, "--json") != typed.end();  // for what goes wrong before it is parsed
  auto arguments = normalise(typed);
  refuse_planned_commands(arguments);
  invocation.names_command = arguments.names_command;
  std::ranges::reverse(arguments.args);  // CLI11 takes them from the back
  try {
    parser.parse(arguments.args);
  } catch (const CLI::Success& asked) {
    return parser.exit(asked);  // --help, --version
  } catch (const CLI::ParseError& error) {
    return usage_error(invocation, error, arguments);
  }
  invocation.uids.insert(invocation.uids.end(), arguments.uids.begin(), arguments.uids.end());
  for (const auto& [command, row] : bound) {
    if (command->parsed()) return row->run(invocation);
  }
  return util::exit_status(util::Kind::internal);
}

}  // namespace
}  // namespace mailhaul::app

int main(int argc, char** argv) {
  using namespace mailhaul;
  app::Invocation invocation;
  try {
    app::prepare_process();
    util::Cancel cancel;
    app::catch_signals(cancel);
    invocation.cancel = &cancel;
    net::start_library();
    const int status = app::dispatch({argv + 1, argv + argc}, invocation);
    return cancel.requested() ? 128 + cancel.signal() : status;
  } catch (const util::Error& error) {
    return app::report_error(invocation, error);
  } catch (const std::exception& bug) {
    return app::report_error(
        invocation,
        util::Error(util::Kind::internal, std::string("a bug: ") + bug.what(), "please report it"));
  }
}
