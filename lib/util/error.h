// SPDX-License-Identifier: MIT
#pragma once
#include <cerrno>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace mailhaul::util {

/// What went wrong. The kind decides who catches the error, and each kind is one exit status (sysexits.h).
enum class Kind {
  usage,          ///< 64: the command line
  content,        ///< 65: one message could not be understood, or was refused for its content
  no_config,      ///< 66: the file named with -c is missing
  no_host,        ///< 68: the host name does not exist
  unavailable,    ///< 69: somebody has to change something first: no STLS, bad certificate
  internal,       ///< 70: a bug
  os,             ///< 71: the operating system refused something basic
  cannot_create,  ///< 73: a file or directory cannot be created
  storage,        ///< 74: input/output, disk full, delivery failed, state damaged
  temporary,      ///< 75: try again later
  protocol,       ///< 76: the server violated POP3
  login,          ///< 77: login refused
  config,         ///< 78: configuration
  cancelled,      ///< 128 + signal: asked to stop
};

/// The status that sysexits.h has for this kind; 130 for `cancelled`.
[[nodiscard]] int exit_status(Kind kind) noexcept;

/// The most serious of several statuses, each 0 or the exit_status() of a Kind; 0 if there is no other. The
/// order is the one in mailhaul(1).
[[nodiscard]] int most_serious(std::span<const int> statuses) noexcept;

/// Thrown when the work cannot go on. what() is one sentence in lower case without a full stop: what was
/// tried, on what, and the answer.
class Error : public std::runtime_error {
 public:
  Error(Kind kind, const std::string& sentence, std::string hint = {});
  Kind kind() const noexcept { return kind_; }
  const std::string& hint() const noexcept { return hint_; }  ///< what the user can do; may be empty

 private:
  Kind kind_;
  std::string hint_;
};

/// The same error with "SUBJECT: " before its sentence, and with `hint` if it has none of its own.
[[nodiscard]] Error prefixed(std::string_view subject, const Error& error, const std::string& hint = {});

/// The system's text for an errno value; safe in any thread.
[[nodiscard]] std::string errno_text(int err);

/// Throws Error{kind, "cannot <doing> <path>: <text of err>"}.
[[noreturn]] void throw_errno(Kind kind, std::string_view doing, std::string_view path, int err = errno);

}  // namespace mailhaul::util
