// SPDX-License-Identifier: MIT
// What can be checked of an account without the network.
#include <unistd.h>

#include <algorithm>

#include "credentials/access_token.h"
#include "credentials/token_file.h"
#include "credentials/token_life.h"
#include "setup/doctor.h"
#include "setup/endings.h"
#include "util/escape.h"
#include "util/shell.h"
#include "util/units.h"

namespace mailhaul::setup {
namespace {

using util::Error;
using util::Kind;

/// Reports what one check of an account finds.
class Report {
 public:
  Report(const account::Account& account, std::string check, const TellFinding& tell)
      : account_(account), check_(std::move(check)), tell_(tell) {}

  void ok(std::string sentence) const { say({.check = check_, .sentence = std::move(sentence)}); }
  void warn(std::string sentence, std::string advice) const {
    say({.grade = Grade::warning,
         .check = check_,
         .sentence = std::move(sentence),
         .advice = std::move(advice)});
  }
  void fault(const Error& error) const { say(fault_of(check_, error)); }

 private:
  void say(Finding finding) const {
    finding.account = account_.name;
    tell_(finding);
  }

  const account::Account& account_;
  std::string check_;
  const TellFinding& tell_;
};

bool runs_a_shell(const std::vector<std::string>& command) {
  const auto name = util::Path(command.front()).filename().native();
  const bool is_shell =
      std::ranges::any_of(std::initializer_list<std::string_view>{"sh", "bash", "dash", "zsh", "ksh", "ash"},
                          [&](std::string_view shell) { return name == shell; });
  return is_shell && std::ranges::find(command, "-c") != command.end();
}

/// A word that only a shell would understand; empty: there is none.
std::string shell_word_in(const std::vector<std::string>& command) {
  if (runs_a_shell(command)) return {};
  for (const auto& word : command) {
    const bool is_operator = word == "|" || word == "||" || word == "&" || word == "&&" || word == ";" ||
                             word == ">" || word == ">>" || word == "<" || word == "2>&1" ||
                             word.starts_with("2>");
    const bool is_variable = word.starts_with('$') && word.size() > 1;
    if (is_operator || is_variable || word.starts_with("~/") || word.starts_with("`")) return word;
  }
  return {};
}

std::string for_a_shell(const std::vector<std::string>& command) {
  std::string line;
  for (const auto& word : command) line += (line.empty() ? "" : " ") + word;
  return "[\"sh\", \"-c\", \"" + util::escape(line) + "\"]";
}

/// Whether the command can be run as it is; reports what is wrong.
bool check_command(const std::vector<std::string>& command, const Surroundings& around,
                   const Report& report) {
  const auto& program = command.front();
  const bool is_there = !find_program_file(program, around).empty();
  if (!is_there) {
    const bool is_path = program.find('/') != std::string::npos;
    report.fault(
        Error(Kind::config, "there is no program " + util::escape(program) + (is_path ? "" : " in $PATH"),
              program.find(' ') == std::string::npos
                  ? "install it, or write its whole path"
                  : "give the program and its arguments as separate words: [\"program\", \"argument\"]"));
  }
  const auto word = shell_word_in(command);
  if (!word.empty())
    report.warn("the program gets \"" + util::escape(word) + "\" as it is, because no shell runs it",
                "if you need a shell, write " + for_a_shell(command));
  return is_there && word.empty();
}

/// The command with the name of its program as it is run: "%%" means "%".
std::vector<std::string> with_plain_name(std::vector<std::string> command) {
  auto& program = command.front();
  for (auto at = program.find("%%"); at != std::string::npos; at = program.find("%%", at + 1))
    program.erase(at, 1);
  return command;
}

void check_destinations(const account::Account& account, const DoctorOutside& outside,
                        const TellFinding& tell) {
  for (const auto& spec : account.deliver) {
    const Report report(account, "destination", tell);
    bool sound = true;
    try {
      delivery::require_usable(spec);
    } catch (const Error& error) {
      sound = false;
      report.fault(error);
    }
    const auto* command = delivery::find_field(*spec.kind, "command");
    if (command != nullptr)
      sound &= check_command(with_plain_name(delivery::value_of(spec, command->name).words), outside.around,
                             report);
    if (sound) report.ok(delivery::describe(spec) + " can be used");
  }
}

/// Checks the program that a key names; if `command` is empty, the key is not set.
void check_program(const std::vector<std::string>& command, const Surroundings& around,
                   const Report& report) {
  if (command.empty() || !check_command(command, around, report)) return;
  report.ok("the program " + util::escape(command.front()) + " can be run");
}

void check_programs(const account::Account& account, const DoctorOutside& outside, const TellFinding& tell) {
  const TellFinding warn = [&](Finding finding) {
    if (finding.grade == Grade::fault) finding.grade = Grade::warning;  // mail is fetched all the same
    tell(finding);
  };
  check_program(account.server.tunnel, outside.around, Report(account, "tunnel", tell));
  check_program(account.hooks.after_fetch, outside.around, Report(account, "after_fetch", warn));
  check_program(account.hooks.on_trouble, outside.around, Report(account, "on_trouble", warn));
}

/// False for providers that are not named: mailhaul may register a client with them by itself (RFC 7591).
bool needs_client(const account::Account& account) {
  return account.oauth->client_id.empty() && !account.oauth->provider.empty();
}

void check_oauth(const account::Account& account, const DoctorOutside& outside, const Report& report) {
  const auto path = credentials::token_path(outside.state_file, account.name);
  std::error_code ignored;
  const bool is_there = std::filesystem::exists(path, ignored);
  if (!is_there && needs_client(account))
    return report.fault(Error(Kind::config, "nobody has logged in yet, and \"oauth\" has no \"client_id\"",
                              "mailhaul login " + account.name + " says how to get one"));
  if (!is_there)
    return report.fault(
        Error(Kind::login, "nobody has logged in yet", "run: mailhaul login " + account.name));
  util::require_private(path, "a token");
  const util::Secret text(util::read_file(path, 1U << 20U));
  const auto tokens = credentials::read_tokens(text.reveal());
  if (!tokens)
    return report.fault(Error(Kind::storage, "cannot read " + path.native() + ": it is damaged",
                              "remove it and log in again: mailhaul login " + account.name));
  if (tokens->refresh.empty())
    return report.warn("the login cannot be renewed: the provider gave no refresh token",
                       "log in again when it expires: mailhaul login " + account.name);
  const auto end = credentials::forgotten_at(*account.oauth, *tokens);
  if (!end) return report.ok("a login is kept");
  const auto day = outside.local_time(*end);
  if (*end <= outside.now)
    return report.warn("the login has probably expired at " + day + ", because no run renewed it",
                       "log in again: mailhaul login " + account.name);
  if (credentials::is_soon_forgotten(*account.oauth, *tokens, outside.now))
    return report.warn("the login was not renewed for a long time, and expires at " + day,
                       "fetch more often; a run renews it");
  report.ok("a login is kept; if no run renews it, it expires at " + day);
}

struct SecretCheck {
  const account::Account& account;
  const DoctorOutside& outside;
  const Report& report;

  void operator()(const credentials::Ask& /*source*/) const {
    if (account.auth == net::Auth::gssapi || account.auth == net::Auth::external) return;
    report.warn("no password is configured, so that only a run at a terminal can ask for it",
                "for cron or systemd, add password_command or password_file to the account");
  }
  void operator()(const credentials::Literal& /*source*/) const { report.ok("is in the configuration"); }
  void operator()(const credentials::Command& source) const {
    if (check_command(source.argv, outside.around, report))
      report.ok("comes from the program " + util::escape(source.argv.front()));
  }
  void operator()(const credentials::File& source) const {
    report.ok("comes from the file " + source.path.native());
  }
  void operator()(const credentials::SystemdCredential& source) const {
    const auto folder = outside.around.variable("CREDENTIALS_DIRECTORY");
    if (!folder)
      return report.warn("the credential " + util::escape(source.name) +
                             " is only available in a systemd service: $CREDENTIALS_DIRECTORY is not set",
                         "in its unit: LoadCredential=" + util::escape(source.name) + ":PATH");
    report.ok("is a credential of systemd");
  }
  void operator()(const credentials::Variable& source) const {
    const auto value = outside.around.variable(source.name);
    if (!value || value->empty())
      return report.warn(
          "the variable " + util::escape(source.name) + " is " + (value ? "empty" : "not set") + " here",
          "set it where mailhaul is started");
    report.ok("comes from the variable " + util::escape(source.name));
  }
  void operator()(const credentials::Netrc& source) const { report.ok("comes from " + source.path.native()); }
  void operator()(const credentials::Keyring& /*source*/) const {
    // Only secret-tool reaches the keyring.
    if (find_program_file("secret-tool", outside.around).empty())
      return report.fault(
          Error(Kind::config, "there is no program secret-tool in $PATH",
                "install it (Debian: libsecret-tools), or use another password source than \"keyring\""));
    report.ok("comes from the program secret-tool");
  }
};

void check_ends(const account::Account& account, const DoctorOutside& outside, const TellFinding& tell) {
  if (account.password_valid && !account.password_set && !account.oauth)
    Report(account, "password", tell)
        .warn("\"password_valid\" has no effect without \"password_set\"",
              "set \"password_set\" to the day on which the password was set");
  tell_endings(account, outside.now, outside.local_time, [&](const Ending& ending) {
    Report(account, std::string(ending.key), tell).warn(ending.sentence, std::string(ending.cure));
  });
}

void check_secret(const account::Account& account, const DoctorOutside& outside, const TellFinding& tell) {
  const Report report(account, account.oauth ? "oauth" : "password", tell);
  try {
    if (account.oauth) return check_oauth(account, outside, report);
    credentials::require_usable(account.secret, {.variable = outside.around.variable, .prompt = {}});
    std::visit(SecretCheck{account, outside, report}, account.secret);
  } catch (const Error& error) {
    report.fault(error);
  }
}

bool can_be_run(const util::Path& file) {
  std::error_code ignored;
  return ::access(file.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(file, ignored);
}

}  // namespace

util::Path find_program_file(std::string_view name, const Surroundings& around) {
  if (name.find('/') != std::string_view::npos)
    return can_be_run(util::Path(name)) ? util::Path(name) : util::Path();
  const std::string list = around.variable("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  for (std::size_t at = 0; at <= list.size();) {
    const auto end = std::min(list.find(':', at), list.size());
    const auto file = util::Path(list.substr(at, end - at)) / name;
    if (can_be_run(file)) return file;
    at = end + 1;
  }
  return {};
}

void check_offline(const account::Account& account, const DoctorOutside& outside, const TellFinding& tell) {
  try {
    net::require_usable(account.server, account.auth);
  } catch (const Error& error) {
    Report(account, "server", tell).fault(error);
  }
  check_secret(account, outside, tell);
  check_ends(account, outside, tell);
  check_destinations(account, outside, tell);
  check_programs(account, outside, tell);
}

}  // namespace mailhaul::setup
