// SPDX-License-Identifier: MIT
#include "util/error.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "util/shell.h"

namespace mailhaul::util {

Error::Error(Kind kind, const std::string& sentence, std::string hint)
    : std::runtime_error(sentence), kind_(kind), hint_(std::move(hint)) {}

int exit_status(Kind kind) noexcept {
  switch (kind) {
    case Kind::usage:
      return 64;
    case Kind::content:
      return 65;
    case Kind::no_config:
      return 66;
    case Kind::no_host:
      return 68;
    case Kind::unavailable:
      return 69;
    case Kind::internal:
      return 70;
    case Kind::os:
      return 71;
    case Kind::cannot_create:
      return 73;
    case Kind::storage:
      return 74;
    case Kind::temporary:
      return 75;
    case Kind::protocol:
      return 76;
    case Kind::login:
      return 77;
    case Kind::config:
      return 78;
    case Kind::cancelled:
      return 130;
  }
  return 70;
}

int most_serious(std::span<const int> statuses) noexcept {
  // First come errors that make everything else doubtful, then those that need a change on this machine, then
  // those that need a change at the server, and last those that may pass by themselves.
  constexpr std::array order{Kind::internal,  Kind::os,       Kind::config,      Kind::usage,
                             Kind::no_config, Kind::login,    Kind::storage,     Kind::cannot_create,
                             Kind::content,   Kind::protocol, Kind::unavailable, Kind::no_host,
                             Kind::temporary, Kind::cancelled};
  for (const Kind kind : order) {
    if (std::ranges::find(statuses, exit_status(kind)) != statuses.end()) return exit_status(kind);
  }
  return 0;
}

Error prefixed(std::string_view subject, const Error& error, const std::string& hint) {
  return {error.kind(), std::string(subject) + ": " + error.what(),
          error.hint().empty() ? hint : error.hint()};
}

std::string errno_text(int err) { return std::generic_category().message(err); }

namespace {

std::string hint_for(int err, std::string_view path) {
  switch (err) {
    case ENOSPC:
    case EDQUOT:
      return "free some space on that disk and run mailhaul again; nothing is lost";
    case EACCES:
    case EPERM:
      return "you have no permission; namei -l " + shell_word(path) +
             " shows the owner and the mode of each part of the path";
    case EROFS:
      return "its file system is mounted read-only";
    default:
      return {};
  }
}

}  // namespace

void throw_errno(Kind kind, std::string_view doing, std::string_view path, int err) {
  std::string sentence = "cannot ";
  sentence.append(doing).append(" ").append(path).append(": ").append(errno_text(err));
  throw Error(kind, sentence, hint_for(err, path));
}

}  // namespace mailhaul::util
