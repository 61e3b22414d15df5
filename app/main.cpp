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
#include "util/text.h"

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
  const auto named = [](const std::string& file) {
    return file.empty() ? "no file is named" : std::string();
  };
  parser.add_option("-c,--config", call.config, "configuration file")->type_name("FILE")->check(named);
  parser.add_option("--state", call.state, "state database")->type_name("FILE")->check(named);
  parser.add_flag("-q,-s,--quiet", call.quiet, "silent unless something is wrong");
  parser.add_flag("-v,--verbose", call.verbose, "say more; twice: the conversation with the server");
  parser.add_flag("--json", call.json, "one JSON object a line on standard output");
  add_when(parser, "--progress", "live progress line", call.progress);
  add_when(parser, "--color", "colour on a terminal", call.color);
  parser.add_option("-j,--jobs", call.jobs, "accounts at a time")
      ->check(CLI::Range(1U, 1000U).description(""))
      ->type_name("N");
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

int usage_error(const Call& call, const CLI::ParseError& error, const Arguments& arguments) {
  const bool surprised = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  auto advice = surprised ? advice_for(arguments) : Advice();
  if (advice.sentence.empty()) advice.sentence = util::escape(error.what(), 1000);
  if (advice.hint.empty()) {
    advice.hint = "mailhaul " + (arguments.names_command ? arguments.command + " " : "") + "--help";
  }
  return report_error(call, util::Error(util::Kind::usage, advice.sentence, advice.hint));
}

void refuse_later_commands(const Arguments& arguments) {
  for (const auto& name : later_commands()) {
    if (arguments.command != name && arguments.command + " " + arguments.part != name) continue;
    throw util::Error(util::Kind::usage, "the command " + std::string(name) + " is not built yet",
                      "mailhaul --help lists what is");
  }
}

int dispatch(const std::vector<std::string>& typed, Call& call) {
  CLI::App parser("mailhaul: collects mail over POP3, exactly once", "mailhaul");
  parser.footer("Without a SUBCOMMAND all is for fetch; its options: mailhaul fetch --help");
  parser.fallthrough();
  parser.require_subcommand(1);
  parser.set_help_flag("-h,--help", "print this help");
  // A function: asking libcurl for its versions loads libraries that a poll has no use for.
  const auto version = [] { return "mailhaul " MAILHAUL_VERSION "\n" + net::library_versions(); };
  parser.set_version_flag("-V,--version", std::function<std::string()>(version), "print the versions");
  add_global_options(parser, call);
  const auto bound = add_commands(parser, call);
  call.json = std::ranges::find(typed, "--json") != typed.end();  // for what goes wrong before it is parsed
  auto arguments = arrange(typed);
  refuse_later_commands(arguments);
  call.names_command = arguments.names_command;
  std::ranges::reverse(arguments.args);  // CLI11 takes them from the back
  try {
    parser.parse(arguments.args);
  } catch (const CLI::Success& asked) {
    return parser.exit(asked);  // --help, --version
  } catch (const CLI::ParseError& error) {
    return usage_error(call, error, arguments);
  }
  call.uids.insert(call.uids.end(), arguments.uids.begin(), arguments.uids.end());
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
