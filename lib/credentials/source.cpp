// SPDX-License-Identifier: MIT
#include "credentials/source.h"

#include <algorithm>
#include <utility>

#include "credentials/command.h"
#include "credentials/keyring.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::credentials {
namespace {

using util::Error;
using util::Kind;
using util::Secret;

constexpr std::size_t largest = 64U << 10U;  // libcurl refuses longer tokens

template <class... Readers>
struct Each : Readers... {
  using Readers::operator()...;
};
template <class... Readers>
Each(Readers...) -> Each<Readers...>;

Secret without_line_ends(std::string_view text) { return Secret(std::string(util::without_line_ends(text))); }

/// A password must fit on one line of the protocol: libcurl sends a CR or LF in it as it is.
Secret usable(Secret secret, const std::string& origin, const char* hint = "put the password there") {
  if (secret.empty()) throw Error(Kind::config, "the password from " + origin + " is empty", hint);
  if (!util::fits_on_a_line(secret.reveal()))
    throw Error(Kind::config, "the password from " + origin + " contains a line end or a NUL",
                "is there a carriage return at its end?");
  return secret;
}

Secret from_command(const Command& command, const util::Cancel& cancel) {
  return usable(secret_from_command("password_command", command.argv, cancel),
                "password_command '" + util::escape(command.argv.front()) + "'");
}

/// The folder that systemd made for the service; empty: there is none.
util::Path credentials_directory(const Environment& environment) {
  const auto folder = environment.variable ? environment.variable("CREDENTIALS_DIRECTORY") : std::nullopt;
  return folder.value_or("");
}

/// Throws Error{config} "KEY: ..." if the file is missing or others may read it.
void require_secret_file(std::string_view key, const util::Path& path, const Environment& environment) {
  try {
    util::require_private(path, key == "netrc" ? "passwords" : "a password",
                          credentials_directory(environment));
  } catch (const Error& error) {
    throw util::prefixed(key, error,
                         key == "netrc" ? "create ~/.netrc, or set NETRC to the file's path"
                                        : "check the path in \"" + std::string(key) + "\"");
  }
}

Secret from_file(const File& file, const Environment& environment) {
  require_secret_file("password_file", file.path, environment);
  const Secret text(util::read_file(file.path, largest, Kind::config));
  return usable(first_line(text), file.path.string());
}

/// systemd sets the modes of the folder and of the files in it.
Secret from_systemd(const SystemdCredential& credential, const Environment& environment) {
  const auto folder = credentials_directory(environment);
  if (folder.empty())
    throw Error(Kind::config,
                "password_credential: the environment variable CREDENTIALS_DIRECTORY is not set",
                "systemd sets it for a service with LoadCredential=" + credential.name + ":FILE in its unit");
  const util::Path path = folder / credential.name;
  try {
    const Secret text(util::read_file(path, largest, Kind::config));
    return usable(first_line(text), path.string());
  } catch (const Error& error) {
    throw util::prefixed("password_credential", error,
                         "is LoadCredential=" + credential.name + ":FILE in the unit of the service?");
  }
}

Secret from_variable(const Variable& variable, const Environment& environment) {
  auto value = environment.variable ? environment.variable(variable.name) : std::nullopt;
  if (!value)
    throw Error(Kind::config, "the environment variable " + util::escape(variable.name) + " is not set",
                "export it, or use another password source than \"password_env\"");
  const Secret text(std::move(*value));
  return usable(without_line_ends(text.reveal()), "the environment variable " + util::escape(variable.name));
}

Secret from_netrc(const Netrc& netrc, const Subject& subject, const Environment& environment) {
  constexpr std::size_t largest_netrc = 1U << 20U;
  require_secret_file("netrc", netrc.path, environment);
  const Secret text(util::read_file(netrc.path, largest_netrc, Kind::config));
  auto password = [&] {
    try {
      return find_in_netrc(text.reveal(), subject.host, subject.user);
    } catch (const Error& error) {
      throw Error(error.kind(), netrc.path.string() + ": " + error.what(), "close the quote on its line");
    }
  }();
  if (!password)
    throw Error(Kind::config,
                netrc.path.string() + " has no password for " + subject.user + " at " + subject.host,
                "add a line: machine " + subject.host + " login " + subject.user + " password ...");
  return usable(Secret(std::move(*password)), netrc.path.string());
}

/// The account's name is left out if it is the same as the user's name or USER@HOST.
std::string question_for(const Subject& subject) {
  const auto mailbox = subject.user + " at " + subject.host;
  const bool says_more =
      subject.account != subject.user && subject.account != subject.user + "@" + subject.host;
  return "password for " + mailbox + (says_more ? " (" + subject.account + "): " : ": ");
}

/// Asks again if nothing was typed, three times in all: an empty password is never sent to a server.
Secret from_person(const Subject& subject, const Environment& environment) {
  constexpr int most_questions = 3;
  std::string question = question_for(subject);
  for (int asked = 1;; ++asked) {
    const auto answer = environment.prompt ? environment.prompt(question) : std::nullopt;
    if (!answer)
      throw Error(Kind::config, "no password is configured, and there is no terminal to ask on",
                  "give \"password_command\", \"password_file\", \"password_credential\", \"keyring\", "
                  "\"password_env\" or \"netrc\"");
    Secret typed = without_line_ends(answer->reveal());
    if (!typed.empty() || asked == most_questions)
      return usable(std::move(typed), "the terminal", "run it again and type the password");
    question = "nothing was typed; " + question_for(subject);
  }
}

}  // namespace

void require_usable(const Source& source, const Environment& environment) {
  if (const auto* file = std::get_if<File>(&source))
    require_secret_file("password_file", file->path, environment);
  if (const auto* netrc = std::get_if<Netrc>(&source)) require_secret_file("netrc", netrc->path, environment);
}

Secret resolve(const Source& source, const Subject& subject, const Environment& environment,
               const util::Cancel& cancel) {
  return std::visit(
      Each{[&](const Ask&) { return from_person(subject, environment); },
           [](const Literal& literal) { return usable(literal.password(), "the configuration"); },
           [&](const Command& command) { return from_command(command, cancel); },
           [&](const File& file) { return from_file(file, environment); },
           [&](const SystemdCredential& credential) { return from_systemd(credential, environment); },
           [&](const Variable& variable) { return from_variable(variable, environment); },
           [&](const Netrc& netrc) { return from_netrc(netrc, subject, environment); },
           [&](const Keyring&) { return usable(password_in_keyring(subject, cancel), "the keyring"); }},
      source);
}

}  // namespace mailhaul::credentials
