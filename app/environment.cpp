// SPDX-License-Identifier: MIT
#include "app/environment.h"

#include <pwd.h>
#include <unistd.h>

#include <map>

#include "app/asking.h"
#include "app/config_files.h"
#include "app/oauth.h"
#include "app/prompt.h"
#include "app/quiet.h"
#include "app/secret_variables.h"
#include "app/times.h"
#include "credentials/source.h"
#include "setup/providers.h"
#include "util/host.h"

namespace mailhaul::app {

namespace {

/// Connects accounts. Keeps passwords that were typed, because a run may need several sessions. Any thread
/// may use it, but only one thread at a time for each account.
class Connector {
 public:
  Connector(const Invocation& invocation, const account::Config& config,
            const std::vector<account::Account>& accounts)
      : cancel_(*invocation.cancel), screen_(*invocation.screen), state_file_(config.state_file) {
    outside_ = {.variable = [&variables = *invocation.variables](
                                const std::string& name) { return variables.value(name); },
                .prompt = [this](std::string_view question) { return ask(question, cancel_); }};
    for (const auto& account : accounts) resolve_early(account);
  }

  net::LoggedIn open(const account::Account& account, const std::string& login_method,
                     const net::Trace& trace) {
    const auto open_with = [&](const net::Login& login) {
      return net::open_pop3({.endpoint = account.server,
                             .login = login,
                             .remembered_method = login_method,
                             .cancel = cancel_,
                             .trace = trace,
                             .advise = setup::advise});
    };
    if (account.oauth) return open_by_oauth(account, oauth_subject(account, state_file_), cancel_, open_with);
    net::Login login{.user = account.user, .secret = {}, .auth = account.auth};
    const auto failure = failed_.find(account.name);
    if (failure != failed_.end()) throw util::Error(failure->second);  // do not ask again
    const auto known = asked_.find(account.name);
    if (known == asked_.end()) {
      if (needs_secret(account)) login.secret = resolve(account);
      return open_with(login);
    }
    const auto with_password = [&](const util::Secret& password) {
      login.secret = util::Secret(password.reveal());
      return open_with(login);
    };
    if (!std::holds_alternative<credentials::Ask>(account.secret)) return with_password(known->second);
    return PasswordPrompt(account, screen_, cancel_).open_with(known->second, with_password);
  }

 private:
  /// Kerberos, client certificates and OAuth 2 need no password.
  static bool needs_secret(const account::Account& account) {
    if (account.oauth) return false;
    const bool asks = std::holds_alternative<credentials::Ask>(account.secret);
    return !asks || (account.auth != net::Auth::gssapi && account.auth != net::Auth::external);
  }

  /// Gets a password that has to be typed or that is in a variable, before live lines are drawn. An error is
  /// kept, and thrown in the run of the account.
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
  Screen& screen_;
  util::Path state_file_;
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

setup::Surroundings surroundings(const Invocation& invocation) {
  const auto places = user_places();
  return {.home = places.home,
          .config_home = places.config_home,
          .user = user_name(),
          .variable = [&variables = *invocation.variables](const std::string& name) {
            return variables.value(name);
          }};
}

engine::Environment real_environment(const Invocation& invocation, const account::Config& config,
                                     const std::vector<account::Account>& accounts) {
  const auto connector = std::make_shared<Connector>(invocation, config, accounts);
  return {
      .connect = [connector](
                     const account::Account& account, const std::string& login_method,
                     const net::Trace& trace) { return connector->open(account, login_method, trace); },
      .open = delivery::open,
      .clock = [] { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); },
      .local_time =
          [](state::Time time) {
            return time_in_text(time,
                                std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
          },
      .host = host_for_names(),
      .boot = util::boot_id(),
      .user = user_name(),
      .state_file = config.state_file,
      .profile_stamp = util::written_at(config.file),
      .attended = ::isatty(STDERR_FILENO) == 1,
      .quiet = invocation.quiet && !invocation.json,  // a script needs the errors of every run
      .cancel = invocation.cancel,
      .trouble_elsewhere = trouble_beside(config.state_file)};
}

}  // namespace mailhaul::app
