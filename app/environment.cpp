// SPDX-License-Identifier: MIT
#include "app/environment.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <map>

#include "app/output.h"
#include "credentials/source.h"
#include "util/host.h"

namespace mailhaul::app {

namespace {

/// Switches off the echo of a terminal while it lives.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd) {
    known_ = ::tcgetattr(fd, &before_) == 0;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;
    if (known_) ::tcsetattr(fd, TCSAFLUSH, &quiet);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() {
    if (known_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }

 private:
  int fd_;
  bool known_ = false;
  termios before_{};
};

/// Asks a question at the controlling terminal, without echo. Empty: there is no terminal. Throws
/// Error{cancelled}.
std::optional<util::Secret> ask(std::string_view question, const util::Cancel& cancel) {
  const util::Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal) return std::nullopt;
  const NoEcho no_echo(terminal.get());
  util::write_all(terminal.get(), safe(question), "/dev/tty");
  std::string answer;
  for (char c = 0; c != '\n';) {
    std::array<struct pollfd, 2> waits{{{terminal.get(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}}};
    ::poll(waits.data(), waits.size(), -1);
    if (cancel.requested()) {
      util::write_all(terminal.get(), "\n", "/dev/tty");
      throw util::Error(util::Kind::cancelled, "stopped while asking for a password");
    }
    if (waits[0].revents == 0) continue;
    if (::read(terminal.get(), &c, 1) != 1) break;
    if (c != '\n') answer += c;
  }
  return util::Secret(std::move(answer));
}

/// Connects accounts. Keeps passwords that were typed, since a run may need several sessions.
class Connector {
 public:
  Connector(const util::Cancel& cancel, const account::Config& config,
            const std::vector<account::Account>& accounts)
      : cancel_(cancel) {
    outside_ = {.variable = [](const std::string& name) -> std::optional<std::string> {
                  const char* value =
                      std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody writes it
                  if (value == nullptr) return std::nullopt;
                  return value;
                },
                .prompt = [&cancel](std::string_view question) { return ask(question, cancel); }};
    for (const auto& account : accounts) resolve_early(account);
    for (const auto& name : config.secret_variables)
      ::unsetenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): no thread yet
  }

  net::LoggedIn open(const account::Account& account, const std::string& login_method,
                     const net::Trace& trace) const {
    net::Login login{.user = account.user, .secret = {}, .auth = account.auth};
    const auto failure = failed_.find(account.name);
    if (failure != failed_.end()) throw util::Error(failure->second);  // do not ask again
    const auto known = asked_.find(account.name);
    if (known != asked_.end()) {
      login.secret = util::Secret(known->second.reveal());
    } else if (needs_secret(account)) {
      login.secret = resolve(account);
    }
    return net::open_pop3({.endpoint = account.server,
                           .login = login,
                           .remembered_method = login_method,
                           .cancel = cancel_,
                           .trace = trace});
  }

 private:
  /// Kerberos and client certificates need no password.
  static bool needs_secret(const account::Account& account) {
    const bool asks = std::holds_alternative<credentials::Ask>(account.secret);
    return !asks || (account.auth != net::Auth::gssapi && account.auth != net::Auth::external);
  }

  /// Asks questions one after the other, before live lines are drawn. Reads variables before all that contain
  /// a password are removed from the environment, so that no child process sees them. No thread runs yet. An
  /// error is kept for the account's own run.
  void resolve_early(const account::Account& account) {
    if (!std::holds_alternative<credentials::Variable>(account.secret) &&
        !std::holds_alternative<credentials::Ask>(account.secret))
      return;
    if (!needs_secret(account)) return;
    try {
      asked_.emplace(account.name, resolve(account));
    } catch (const util::Error& error) {
      if (error.kind() == util::Kind::cancelled) throw;
      failed_.emplace(account.name, error);
    }
  }

  util::Secret resolve(const account::Account& account) const {
    return credentials::resolve(account.secret,
                                {.account = account.name, .user = account.user, .host = account.server.host},
                                outside_, cancel_);
  }

  const util::Cancel& cancel_;
  credentials::Environment outside_;
  std::map<std::string, util::Secret> asked_;
  std::map<std::string, util::Error> failed_;
};

/// The host for file names: "/" and ":" are replaced as in maildir(5).
std::string host_for_names() {
  std::string name;
  for (const char c : util::host_name()) name += c == '/' ? "\\057" : c == ':' ? "\\072" : std::string(1, c);
  return name;
}

}  // namespace

std::string user_name() {
  const passwd* entry = ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): before any thread
  return entry != nullptr ? entry->pw_name : std::to_string(::geteuid());
}

engine::Environment real_environment(const Invocation& invocation, const account::Config& config,
                                     const std::vector<account::Account>& accounts) {
  const auto connector = std::make_shared<const Connector>(*invocation.cancel, config, accounts);
  return {
      .connect = [connector](
                     const account::Account& account, const std::string& login_method,
                     const net::Trace& trace) { return connector->open(account, login_method, trace); },
      .open = delivery::open,
      .clock = [] { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); },
      .host = host_for_names(),
      .boot = util::boot_id(),
      .user = user_name(),
      .state_file = config.state_file,
      .profile_stamp = util::written_at(config.file),
      .attended = ::isatty(STDERR_FILENO) == 1,
      .quiet = invocation.quiet && !invocation.json,  // a script needs the errors of every run
      .cancel = invocation.cancel};
}

}  // namespace mailhaul::app
