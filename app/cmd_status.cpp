// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "app/columns.h"
#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/json_lines.h"
#include "app/output.h"
#include "app/report_errors.h"
#include "app/times.h"
#include "credentials/token_life.h"
#include "engine/status.h"
#include "net/connection.h"
#include "setup/endings.h"
#include "util/units.h"

namespace mailhaul::app {

namespace {

std::string when(std::chrono::sys_seconds time, std::chrono::sys_seconds now) {
  return time_in_text(time, now) + " (" + ago(time, now) + ")";
}

/// "ok" or what is wrong, and since when.
std::string state_of(const engine::AccountStatus& status, std::chrono::sys_seconds now) {
  if (!status.run) return "no run so far\n";
  const auto& run = *status.run;
  if (!run.failing_since) return "ok, last run " + when(run.ended, now) + "\n";
  std::string text = "failing since " + when(*run.failing_since, now) + "\n";
  if (!run.error.empty()) text += "  error: " + safe(run.error) + "\n";
  if (!run.hint.empty()) text += "  hint: " + safe(run.hint) + "\n";
  return text + "  last success: " + (run.succeeded ? when(*run.succeeded, now) : "never") + "\n";
}

std::string text_of(const std::string& account, const engine::AccountStatus& status,
                    std::chrono::sys_seconds now) {
  std::string text = safe(account) + ": " + state_of(status, now);
  if (status.not_before) text += "  no login before " + shown_time(*status.not_before, now) + "\n";
  if (!status.run) return text;
  const auto& run = *status.run;
  if (run.mail) text += "  last mail: " + when(*run.mail, now) + "\n";
  if (run.waiting != 0)
    text += "  on the server: " + util::counted(run.waiting, "message") + " not delivered (" +
            util::format_size(run.waiting_bytes) + "), " + std::to_string(run.listed) + " in total\n";
  else if (run.listed != 0)
    text += "  on the server: " + util::counted(run.listed, "message") + ", all delivered or marked\n";
  if (run.certificate_until && *run.certificate_until - now <= net::certificate_notice)
    text += "  server certificate: " + std::string(*run.certificate_until > now ? "expires" : "expired") +
            " at " + time_in_text(*run.certificate_until, now) +
            "; unless the server's administrator renews it, logins fail\n";
  return text;
}

std::string text_of_endings(const account::Account& account, std::chrono::sys_seconds now) {
  std::string text;
  setup::tell_endings(
      account, now, [now](std::chrono::sys_seconds time) { return time_in_text(time, now); },
      [&text](const setup::Ending& ending) {
        text += "  warning: " + ending.sentence + "\n  hint: " + std::string(ending.cure) + "\n";
      });
  return text;
}

/// When the stored OAuth 2 login ends, unless a run renews it before then.
struct LoginEnd {
  std::chrono::sys_seconds at;
  bool is_near = false;  ///< the end is soon, or has passed
};

/// Empty: there is no login, or it is not known when it ends. fetch reports what is wrong with the token
/// file.
std::optional<LoginEnd> login_end_of(const account::Account& account, const util::Path& state_file,
                                     std::chrono::sys_seconds now) {
  const auto path = credentials::token_path(state_file, account.name);
  if (!account.oauth || ::access(path.c_str(), R_OK) != 0) return std::nullopt;
  constexpr std::size_t largest = 1U << 20U;
  const util::Secret text(util::read_file(path, largest));
  const auto tokens = credentials::read_tokens(text.reveal());
  const auto at = tokens ? credentials::forgotten_at(*account.oauth, *tokens) : std::nullopt;
  if (!at) return std::nullopt;
  return LoginEnd{.at = *at, .is_near = credentials::is_soon_forgotten(*account.oauth, *tokens, now)};
}

std::string text_of(const std::string& account, const std::optional<LoginEnd>& login,
                    std::chrono::sys_seconds now) {
  if (!login || !login->is_near) return {};
  const auto time = time_in_text(login->at, now);
  if (login->at > now) return "  login: expires at " + time + " unless a run renews it\n";
  return "  login: probably expired at " + time + ", because no run renewed it\n" +
         "  hint: log in again: mailhaul login " + account + "\n";
}

/// Throws Error{temporary} if the last success is more than `most` ago, or if there is none.
void require_age(const engine::AccountStatus& status, std::chrono::seconds most,
                 std::chrono::sys_seconds now) {
  const auto succeeded = status.run ? status.run->succeeded : std::nullopt;
  if (succeeded && now - *succeeded <= most) return;
  throw util::Error(util::Kind::temporary, succeeded ? "the last success was " + ago(*succeeded, now) +
                                                           ", more than " + util::format_duration(most)
                                                     : "no run has succeeded so far");
}

}  // namespace

void describe_status(CLI::App& parser, Invocation& invocation) {
  add_accounts(parser);
  const auto read = [&invocation](const std::string& text) {
    invocation.max_age = util::parse_duration(text);
    if (!invocation.max_age) throw CLI::ValidationError("--max-age", "must be a time such as 90s, 15m or 2h");
  };
  parser
      .add_option_function<std::string>("--max-age", read,
                                        "status 75 when an account's last success is older")
      ->type_name("TIME")
      ->take_last();
}

int run_status(const Invocation& invocation) {
  const auto config = load_config(invocation);
  const auto environment = real_environment(invocation, config, {});
  auto statuses = tell_mistakes(invocation, config, *make_listener(invocation));
  const auto now = environment.now();
  for (const auto& account : account::select(config, invocation.words)) {
    statuses.push_back(with_account(invocation, account, [&] {
      const auto status = engine::status(account, environment);
      const auto login = login_end_of(account, config.state_file, now);
      const AccountEnds ends{.login = login ? std::optional(login->at) : std::nullopt,
                             .password = setup::password_end(account),
                             .client_certificate = net::client_certificate_end(account.server)};
      if (invocation.json) {
        print(json_line(account.name, status, ends));
      } else if (!invocation.quiet) {
        constexpr std::size_t indent = 4;
        print(wrapped_lines(text_of(account.name, status, now) + text_of(account.name, login, now) +
                                text_of_endings(account, now),
                            window_columns(STDOUT_FILENO), indent));
      }
      if (invocation.max_age) require_age(status, *invocation.max_age, now);
    }));
  }
  return util::most_serious(statuses);
}

}  // namespace mailhaul::app
