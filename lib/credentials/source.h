// SPDX-License-Identifier: MIT
// Where a password or token comes from, and how it is read.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "util/cancel.h"
#include "util/file.h"
#include "util/secret.h"

namespace mailhaul::credentials {

/// The password itself. Each copy of a Literal has its own copy of the secret, and wipes it.
class Literal {
 public:
  explicit Literal(util::Secret password) : password_(std::move(password)) {}
  Literal(const Literal& other) : password_(other.password()) {}
  Literal& operator=(const Literal& other) {
    password_ = other.password();
    return *this;
  }
  Literal(Literal&&) noexcept = default;
  Literal& operator=(Literal&&) noexcept = default;
  ~Literal() = default;
  util::Secret password() const { return util::Secret(password_.reveal()); }

 private:
  util::Secret password_;
};
/// A program, started without a shell, that prints the password on the first line of its output within 60 s.
struct Command {
  std::vector<std::string> argv;
};
/// A file that has the password on its first line.
struct File {
  util::Path path;
};
/// A file of this name in the folder that systemd made for the service (LoadCredential= in systemd.exec(5)).
struct SystemdCredential {
  std::string name;
};
/// A variable of the environment.
struct Variable {
  std::string name;
};
/// An entry in a netrc file.
struct Netrc {
  util::Path path;
};
/// The keyring of the desktop (keyring.h).
struct Keyring {};
/// The user, if there is a terminal.
struct Ask {};
using Source = std::variant<Ask, Literal, Command, File, SystemdCredential, Variable, Netrc, Keyring>;

/// What a source needs from outside of lib; `app` provides it.
struct Environment {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  /// Empty: there is nobody to ask.
  std::function<std::optional<util::Secret>(std::string_view question)> prompt;
};

/// Whose password it is, and where: netrc looks up the host, and the prompt names both.
struct Subject {
  std::string account, user, host;
};

/// The password or token. Throws Error{config | temporary (a program failed) | cancelled}, or LoginNeeded,
/// with a hint that says what fixes it.
[[nodiscard]] util::Secret resolve(const Source& source, const Subject& subject,
                                   const Environment& environment, const util::Cancel& cancel);

/// Throws Error{config} if a file that contains the password is missing or not private. Runs no program.
void require_usable(const Source& source, const Environment& environment);

/// The password for a machine and a login in the text of a netrc file (netrc.cpp has the format). The first
/// entry that matches counts, and an entry without a login matches any. Empty: there is none. Throws
/// Error{config} "netrc line 4: a quote is not closed".
[[nodiscard]] std::optional<std::string> find_in_netrc(std::string_view netrc, std::string_view machine,
                                                       std::string_view login);

}  // namespace mailhaul::credentials
