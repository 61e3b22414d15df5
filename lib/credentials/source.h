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
  std::string name;  ///< of the environment
};
struct Netrc {
  util::Path path;
};
struct Ask {};  ///< prompt, when a person is there
using Source = std::variant<Ask, Literal, Command, File, Variable, Netrc>;

/// What a source may ask of the world environment, handed in by app.
struct Environment {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<std::optional<util::Secret>(std::string_view question)>
      prompt;  ///< empty optional: nobody is there
};

/// For whom, and where: netrc looks the host up, the prompt names both.
struct Subject {
  std::string account, user, host;
};

/// The password or token. Throws Error{config | temporary (the command failed) | cancelled} with a hint that
/// names what repairs it.
util::Secret resolve(const Source& source, const Subject& subject, const Environment& environment,
                     const util::Cancel& cancel);

/// Throws Error{config} where a file that holds the password is missing or not private. Runs no program.
void require_usable(const Source& source);

/// The password for machine and login in a netrc text (the curl and ftp grammar: machine, login, password,
/// account, default, macdef, quotes, comments), of the first entry that fits; one without a login fits any.
/// Empty optional: none. Throws Error{config} "netrc line 4: a quote is not closed".
std::optional<std::string> find_in_netrc(std::string_view netrc, std::string_view machine,
                                         std::string_view login);

}  // namespace mailhaul::credentials
