// SPDX-License-Identifier: MIT
#include "delivery/owner.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "util/users.h"

namespace mailhaul::delivery {

void refuse_owner(const util::Path& path, uid_t owner) {
  const auto name = util::user_name_of(owner);
  const auto who = name.empty() ? "the user " + std::to_string(owner) : name;
  throw util::Error(util::Kind::cannot_create, path.native() + " belongs to another user, " + who,
                    util::run_as_hint(owner));
}

void require_own_as_root(const util::Path& path) {
  if (::geteuid() != 0) return;
  auto place = path;
  struct stat info {};
  while (::stat(place.c_str(), &info) != 0) {
    if (errno != ENOENT || !place.has_relative_path()) return;  // opening it will report the error
    place = place.parent_path();
  }
  if (info.st_uid != 0) refuse_owner(place, info.st_uid);
}

void require_creatable(const util::Path& path) {
  require_own_as_root(path);
  auto place = path.parent_path();
  struct stat info {};
  while (::stat(place.c_str(), &info) != 0) {
    if ((errno != ENOENT && errno != ENOTDIR) || !place.has_relative_path())
      util::throw_errno(util::Kind::cannot_create, "create", path.native());
    place = place.parent_path();
  }
  if (!S_ISDIR(info.st_mode))
    throw util::Error(util::Kind::cannot_create,
                      "cannot create " + path.native() + ": " + place.native() + " is not a directory",
                      "name another path in \"deliver\"");
  if (::faccessat(AT_FDCWD, place.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return;
  const int err = errno;
  throw util::Error(util::Kind::cannot_create,
                    "cannot create " + path.native() + " in " + place.native() + ": " + util::errno_text(err),
                    "let the user that mailhaul runs as write there, or name another path");
}

}  // namespace mailhaul::delivery
