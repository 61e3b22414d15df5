// SPDX-License-Identifier: MIT
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "app/asking.h"
#include "app/browser.h"
#include "app/commands.h"
#include "app/config_files.h"
#include "app/json_lines.h"
#include "app/oauth.h"
#include "app/output.h"
#include "app/prompt.h"
#include "app/report_errors.h"
#include "app/standard_input.h"
#include "credentials/keyring.h"
#include "credentials/oauth_login.h"
#include "setup/providers.h"

namespace mailhaul::app {
namespace {

using util::Error;
using util::Kind;

/// Prints several lines to standard error, because the token may go to standard output.
void tell(const std::string& paragraph) {
  std::string text;
  for (std::size_t at = 0; at < paragraph.size();) {
    const auto end = std::min(paragraph.find('\n', at), paragraph.size());
    text += safe(std::string_view(paragraph).substr(at, end - at)) + "\n";
    at = end + 1;
  }
  util::write_all(STDERR_FILENO, text, "standard error");
}

void wait_unless_cancelled(std::chrono::seconds time, const util::Cancel& cancel) {
  struct pollfd stop {
    cancel.fd(), POLLIN, 0
  };
  const auto end = std::chrono::steady_clock::now() + time;
  for (auto left = time + std::chrono::milliseconds(0); left.count() > 0 && !cancel.requested();
       left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()))
    ::poll(&stop, 1, static_cast<int>(left.count()));
  if (cancel.requested()) throw Error(Kind::cancelled, "stopped while waiting for the login");
}

/// Reads from standard input a token that was made elsewhere.
util::Secret read_token(const Invocation& invocation) {
  if (invocation.token != "-")
    throw Error(Kind::usage, "--token accepts only -: the token is read from standard input",
                "a token on the command line can be seen by others");
  constexpr std::size_t largest = 256U << 10U;
  if (::isatty(STDIN_FILENO) == 1) {
    if (auto typed = ask_long("Paste the token and press Enter. It is not shown. ", *invocation.cancel))
      return std::move(*typed);
  }
  return read_standard_input(largest,
                             {Kind::usage, "standard input has more than 256 KiB, which is no token", ""},
                             *invocation.cancel);
}

credentials::Tokens fetch_tokens(const Invocation& invocation, const credentials::OAuthSubject& subject,
                                 const credentials::OAuthOutside& outside) {
  if (subject.oauth.client_id.empty()) tell(setup::advice_before_oauth(subject.oauth.provider));
  const auto terminal = open_terminal();
  std::optional<NoEcho> no_echo;
  if (terminal) no_echo.emplace(terminal.get());
  const auto& cancel = *invocation.cancel;
  return log_in(subject, outside,
                {.tell = tell,
                 .show_page = open_browser,
                 .wait = [&cancel](std::chrono::seconds time) { wait_unless_cancelled(time, cancel); },
                 .terminal = terminal.get()});
}

/// Prints the only copy of a token. If nobody reads it, it is lost.
void print_only_copy(const credentials::Tokens& tokens, const std::string& account) {
  const auto line = credentials::write_tokens(tokens);
  try {
    util::write_all(STDOUT_FILENO, line.reveal(), "standard output");
  } catch (const Error& error) {
    throw Error(Kind::storage, std::string(error.what()) + "; the token is lost",
                "make another one: mailhaul login --print-token " + account);
  }
}

/// Puts `again` in place of the command at the end of a hint, which does not know the account.
Error with_command(const Error& error, const std::string& again) {
  constexpr std::string_view command = "mailhaul login";
  auto hint = error.hint();
  if (hint.ends_with(command)) hint.replace(hint.size() - command.size(), command.size(), again);
  return {error.kind(), error.what(), hint};
}

credentials::Tokens new_tokens(const Invocation& invocation, const credentials::OAuthSubject& subject,
                               const credentials::OAuthOutside& outside, const std::string& again) {
  if (!invocation.token.empty()) return take_token(subject, outside, read_token(invocation).reveal());
  try {
    return fetch_tokens(invocation, subject, outside);
  } catch (const Error& error) {
    throw with_command(error, again);
  }
}

}  // namespace

void log_in_by_oauth(const Invocation& invocation, const account::Account& account,
                     const util::Path& state_file, const std::string& again) {
  const auto subject = oauth_subject(account, state_file);
  const auto outside = oauth_outside(*invocation.cancel);
  const bool prints = invocation.print_token;
  if (prints &&
      !agrees("Anyone who has the token can read the mail of " + account.user + ". Print a token? [y/N] ",
              *invocation.cancel))
    throw Error(Kind::usage, "no token was made");
  const bool takes = !invocation.token.empty();
  if (takes && !prints) {
    keep_token(subject, outside, read_token(invocation).reveal());
  } else {
    if (!prints) make_room(subject, outside);
    const auto tokens = new_tokens(invocation, subject, outside, again);
    if (prints) return print_only_copy(tokens, account.name);
    keep_login(subject, outside, tokens);
  }
  if (invocation.json) return print(json_line_of_login(account.name, account.user));
  if (!invocation.quiet) print(safe(account.name) + ": logged in as " + safe(account.user) + "\n");
}

namespace {

credentials::Subject subject_of(const account::Account& account) {
  return {.account = account.name, .user = account.user, .host = account.server.host};
}

/// Asks for the password, and stores it in the keyring only if the server accepts it.
void log_in_to_keyring(const Invocation& invocation, const account::Account& account) {
  if (!invocation.token.empty() || invocation.print_token)
    throw Error(Kind::usage, "this account has no token: its password is in the keyring",
                "leave out --token and --print-token");
  const auto& cancel = *invocation.cancel;
  const PasswordPrompt prompt(account, *invocation.screen, cancel);
  auto password = prompt.ask();
  const auto opened = prompt.open_with(password, [&](const util::Secret& typed) {
    const net::Login login{
        .user = account.user, .secret = util::Secret(typed.reveal()), .auth = account.auth};
    return net::open_pop3({.endpoint = account.server,
                           .login = login,
                           .remembered_method = {},
                           .cancel = cancel,
                           .trace = {},
                           .advise = setup::advise});
  });
  credentials::keep_in_keyring(subject_of(account), password, cancel);
  if (invocation.json) return print(json_line_of_login(account.name, account.user));
  if (!invocation.quiet)
    print(safe(account.name) + ": the password of " + safe(account.user) + " is in the keyring\n");
}

bool has_keyring(const account::Account& account) {
  return !account.oauth && std::holds_alternative<credentials::Keyring>(account.secret);
}

}  // namespace

void describe_login(CLI::App& parser, Invocation& invocation) {
  add_account(parser);
  parser.add_option("--token", invocation.token, "read a token that was made elsewhere from standard input")
      ->type_name("-");
  parser.add_flag("--print-token", invocation.print_token, "make a token for another machine and print it");
}

int run_login(const Invocation& invocation) {
  const auto config = load_config(invocation);
  const auto account = the_account(invocation, config);
  return with_account(invocation, account, [&] {
    if (account.oauth)
      return log_in_by_oauth(invocation, account, config.state_file, "mailhaul login " + account.name);
    if (has_keyring(account)) return log_in_to_keyring(invocation, account);
    throw Error(
        Kind::usage, "this account has no login to store: it uses a password",
        "set \"oauth\" in the configuration to log in by OAuth 2, or \"keyring\" to keep the password in the "
        "desktop's keyring");
  });
}

void describe_logout(CLI::App& parser, Invocation& /*invocation*/) { add_account(parser); }

int run_logout(const Invocation& invocation) {
  const auto config = load_config(invocation);
  const auto account = the_account(invocation, config);
  return with_account(invocation, account, [&] {
    const auto& cancel = *invocation.cancel;
    const bool was_there =
        has_keyring(account)
            ? credentials::remove_from_keyring(subject_of(account), cancel)
            : credentials::forget_login(credentials::token_path(config.state_file, account.name), cancel);
    if (invocation.json)
      return print(json_line_of_logout(account.name, was_there ? WasLoggedIn::yes : WasLoggedIn::no));
    if (!invocation.quiet)
      print(safe(account.name) + (was_there ? ": logged out\n" : ": there was no login\n"));
  });
}

}  // namespace mailhaul::app
