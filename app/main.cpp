// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include "app/asking.h"
#include "app/output.h"
#include "app/parser.h"
#include "app/report_errors.h"
#include "app/secret_variables.h"
#include "app/signals.h"
#include "net/connection.h"

namespace mailhaul::app {
namespace {

/// Prevents core files, in which passwords could end up. Makes new files readable by this user alone. Opens
/// descriptors 0 to 2 if they are closed, so that nothing else gets these numbers; writing to a standard
/// output that was closed still fails.
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
    if (closed) ::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);  // gets the lowest number: fd
  }
}

/// The exit status of a run that ends with `status`. If standard output could not be written, reports that on
/// standard error, with --json too.
int ended(const Invocation& invocation, int status) {
  const auto failure = invocation.output_failure->first();
  if (!failure) return status;
  Invocation for_people = invocation;
  for_people.json = false;
  const int own = report_error(for_people, *failure);
  return status == 0 ? own : status;
}

/// What std::filesystem could not do: mostly, a directory on the way may not be entered.
util::Error told(const std::filesystem::filesystem_error& error) {
  const auto& path = error.path1();
  return {util::Kind::storage,
          "cannot examine " + (path.empty() ? std::string("the current directory") : safe(path.native())) +
              ": " + error.code().message(),
          "namei -l shows each directory and link on the way, and its permissions"};
}

/// The exit status after a signal. `status`: used if SIGTERM is the normal end of the command.
int stopped(const Invocation& invocation, int status) {
  const int signal = invocation.cancel->signal();
  const bool as_asked = *invocation.sigterm_is_success && signal == SIGTERM;
  return as_asked ? ended(invocation, status) : 128 + signal;
}

}  // namespace
}  // namespace mailhaul::app

int main(int argc, char** argv) {
  using namespace mailhaul;
  app::Invocation invocation;
  app::OutputFailure output_failure;
  invocation.output_failure = &output_failure;
  app::Screen screen;
  invocation.screen = &screen;
  std::optional<util::Cancel> cancel;  // a signal may also come while an error is reported
  bool sigterm_is_success = false;
  invocation.sigterm_is_success = &sigterm_is_success;
  app::SecretVariables variables;
  invocation.variables = &variables;
  try {
    app::prepare_process();
    app::catch_signals(cancel.emplace());
    invocation.cancel = &*cancel;
    net::start_library();
    const int status = app::dispatch({argv + 1, argv + argc}, invocation);
    return cancel->requested() ? app::stopped(invocation, status) : app::ended(invocation, status);
  } catch (const util::Error& error) {
    const int status = app::report_error(invocation, error);
    if (!cancel || !cancel->requested()) return app::ended(invocation, status);
    return app::stopped(invocation, error.kind() == util::Kind::cancelled ? 0 : status);
  } catch (const std::filesystem::filesystem_error& error) {
    return app::ended(invocation, app::report_error(invocation, app::told(error)));
  } catch (const std::exception& bug) {
    const util::Error error(util::Kind::internal, std::string("a bug: ") + bug.what(), "please report it");
    return app::ended(invocation, app::report_error(invocation, error));
  }
}
