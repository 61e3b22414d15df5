// SPDX-License-Identifier: MIT
#include "engine/hooks.h"

#include <fcntl.h>

#include <string>
#include <vector>

#include "util/escape.h"
#include "util/file.h"
#include "util/process.h"

namespace mailhaul::engine {

namespace {

constexpr std::chrono::seconds longest_hook = std::chrono::minutes(5);

/// One command of an account, and the key that names it.
struct Hook {
  const char* key;
  const std::vector<std::string>& argv;
  std::vector<std::string> environment;
};

struct Failure {
  std::string what;  ///< empty: it succeeded
  bool stopped = false;
};

/// Runs the command; drops what it writes to standard output.
Failure run_command(const Hook& hook, const Environment& environment) {
  try {
    const auto nowhere = util::open_file("/dev/null", O_WRONLY);
    const auto said = util::nameless_file(environment.state_file.parent_path());
    util::Child child(
        {.argv = hook.argv, .environment = hook.environment, .output = nowhere.get(), .error = said.get()});
    const auto exit = child.wait(longest_hook, *environment.cancel);
    if (exit.ok()) return {};
    const auto words = util::last_words(said);
    return {util::describe(exit, longest_hook) + (words.empty() ? "" : ": " + words), exit.stopped};
  } catch (const util::Error& error) {
    return {error.what()};
  }
}

void run_hook(const std::string& account, const Hook& hook, const Environment& environment,
              report::Listener& listener) {
  if (hook.argv.empty() || environment.cancel->requested()) return;
  const auto failure = run_command(hook, environment);
  if (failure.what.empty()) return;
  const std::string sentence =
      std::string(hook.key) + ": " + util::escape(hook.argv.front()) + ": " + failure.what;
  listener.warned(account, {.sentence = sentence,
                            .hint = failure.stopped ? "" : "the mail is safe; try the command by hand"});
}

}  // namespace

void run_hooks(const account::Account& account, const AccountOutcome& outcome, const Environment& environment,
               report::Listener& listener) {
  const auto& hooks = account.hooks;
  const std::vector<std::string> common{"MAILHAUL_ACCOUNT=" + account.name,
                                        "MAILHAUL_FETCHED=" + std::to_string(outcome.totals.fetched),
                                        "MAILHAUL_BYTES=" + std::to_string(outcome.totals.bytes),
                                        "MAILHAUL_STATUS=" + std::to_string(status_of(outcome))};
  if (outcome.totals.fetched != 0)
    run_hook(account.name, {"after_fetch", hooks.after_fetch, common}, environment, listener);
  if (outcome.trouble == TroubleChange::none) return;
  auto about_trouble = common;
  const bool begins = outcome.trouble == TroubleChange::begins;
  about_trouble.push_back(std::string("MAILHAUL_TROUBLE=") + (begins ? "begins" : "ends"));
  about_trouble.push_back("MAILHAUL_ERROR=" + outcome.trouble_error);
  run_hook(account.name, {"on_trouble", hooks.on_trouble, about_trouble}, environment, listener);
}

}  // namespace mailhaul::engine
