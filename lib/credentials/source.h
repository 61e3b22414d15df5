// SPDX-License-Identifier: MIT
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "util/cancel.h"
#include "util/file.h"
#include "util/secret.h"

namespace mailhaul::credentials {

struct Literal {
  std::shared_ptr<const util::Secret> password;
};
struct Command {
  std::vector<std::string> argv;  ///< no shell; first line of its output, 60 s
};
struct File {
  util::Path path;  ///< first line
};
struct Variable {
  std::string name;  ///< of the environment variable
};
struct Netrc {
  util::Path path;
};
struct Ask {};  ///< prompt at the terminal
using Source = std::variant<Ask, Literal, Command, File, Variable, Netrc>;

/// What a source may use from outside; `app` provides it.
struct Environment {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  /// Asks the user; returns nullopt if there is no terminal.
  std::function<std::optional<util::Secret>(std::string_view question)> prompt;
};

/// The user and the host: netrc looks up the host, the prompt names both.
struct Subject {
  std::string account, user, host;
};

/// The password or token. Throws Error{config | temporary (the command failed) | cancelled} with a hint about
/// how to correct it.
util::Secret resolve(const Source& source, const Subject& subject, const Environment& environment,
                     const util::Cancel& cancel);

/// Throws Error{config} if a file with the password is missing or not private. Runs no program.
void require_usable(const Source& source);

/// The password for machine and login in a netrc text (the curl and ftp grammar: machine, login, password,
/// account, default, macdef, quotes, comments), of the first entry that matches; one without a login matches
/// any. nullopt if there is none. Throws Error{config} "netrc line 4: a quote is not closed".
std::optional<std::string> find_in_netrc(std::string_view netrc, std::string_view machine,
                                         std::string_view login);

}  // namespace mailhaul::credentials
