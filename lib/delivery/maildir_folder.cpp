// SPDX-License-Identifier: MIT
#include "delivery/maildir_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>

#include "delivery/owner.h"

namespace mailhaul::delivery {

namespace {

using util::Error;
using util::Kind;
using util::Path;

constexpr std::array<const char*, 3> parts{"tmp", "new", "cur"};

bool is_part(const Path& name) {
  return std::ranges::any_of(parts, [&](const char* part) { return name == part; });
}

/// True if the directory is empty, or if a killed run left it half created.
bool may_be_completed(const Path& path) {
  std::error_code failed;
  std::filesystem::directory_iterator entries(path, failed);
  for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
    if (!is_part(entries->path().filename())) return false;
  }
  if (failed) throw Error(Kind::cannot_create, "cannot read " + path.native() + ": " + failed.message());
  return true;
}

bool has_all_parts(const Path& path) {
  return std::ranges::all_of(parts, [&](const char* part) {
    struct stat info {};
    return ::lstat((path / part).c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  });
}

void require_completable(const Path& path) {
  if (may_be_completed(path)) return;
  throw Error(Kind::cannot_create, path.native() + " is neither a Maildir nor empty",
              "name a directory that does not exist yet, for example " + (path / "new-mail").native());
}

void make_parts(const Path& path) {
  require_completable(path);
  for (const char* part : parts) {
    if (::mkdir((path / part).c_str(), 0700) != 0 && errno != EEXIST) {
      util::throw_errno(Kind::cannot_create, "create directory", (path / part).native());
    }
  }
  util::sync_directory(path);
}

void require_directory(const Path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return;
  throw Error(Kind::cannot_create, path.native() + " is not a directory",
              "for a file of messages: mbox:" + path.native());
}

void require_writable(const Path& path) {
  for (const char* part : {"tmp", "new"}) {
    if (::faccessat(AT_FDCWD, (path / part).c_str(), W_OK | X_OK, AT_EACCESS) == 0) continue;
    const int err = errno;
    throw Error(Kind::cannot_create,
                "cannot write to " + (path / part).native() + ": " + util::errno_text(err),
                "it must belong to the user that mailhaul runs as: ls -ld " + (path / part).native());
  }
}

}  // namespace

MaildirFolder::MaildirFolder(const Path& path, Kind kind) : path_(path) {
  const auto open_part = [&](const char* part) {
    return util::open_file(path / part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, kind);
  };
  tmp_ = open_part("tmp");
  new_ = open_part("new");
  cur_ = open_part("cur");
  tmp_inode_ = util::status_of(tmp_.get(), path / "tmp").st_ino;
  new_inode_ = util::status_of(new_.get(), path / "new").st_ino;
}

MaildirFolder MaildirFolder::make(const Path& path) {
  require_own_as_root(path);
  util::make_directories(path);
  require_directory(path);
  if (!has_all_parts(path)) make_parts(path);
  for (const char* part : parts) require_own_as_root(path / part);
  require_writable(path);
  return MaildirFolder(path, Kind::cannot_create);
}

void MaildirFolder::require_usable(const Path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return require_creatable(path);
  require_own_as_root(path);
  require_directory(path);
  if (!has_all_parts(path)) return require_completable(path);
  for (const char* part : parts) require_own_as_root(path / part);
  require_writable(path);
}

MaildirFolder MaildirFolder::find(const Path& path) {
  if (!has_all_parts(path)) {
    throw Error(
        Kind::storage, "the Maildir " + path.native() + " is gone, and a delivery to it is unfinished",
        "restore it (is its disk mounted?), or deliver elsewhere: the messages are still on the server");
  }
  return MaildirFolder(path, Kind::storage);
}

bool MaildirFolder::move_to_new(const std::string& name, const std::string& final) {
  if (renames_) {
    if (::renameat2(tmp_fd(), name.c_str(), new_fd(), final.c_str(), RENAME_NOREPLACE) == 0) return true;
    if (errno == ENOENT) return false;
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) {
      util::throw_errno(Kind::storage, "move to new/", (path_ / "tmp" / name).native());
    }
    renames_ = false;
  }
  return link_and_unlink(name, final);
}

/// Moves the file as maildir(5) describes it, for network file systems: link(2) never replaces a file.
bool MaildirFolder::link_and_unlink(const std::string& name, const std::string& final) {
  const auto path = path_ / "tmp" / name;
  if (::linkat(tmp_fd(), name.c_str(), new_fd(), final.c_str(), 0) == 0) {
    if (::unlinkat(tmp_fd(), name.c_str(), 0) != 0) util::throw_errno(Kind::storage, "remove", path.native());
    return true;
  }
  if (errno == ENOENT) return false;
  const bool no_links = errno == EPERM || errno == ENOTSUP || errno == ENOSYS;
  if (!no_links || ::renameat(tmp_fd(), name.c_str(), new_fd(), final.c_str()) != 0) {
    util::throw_errno(Kind::storage, "move to new/", path.native());
  }
  return true;
}

void MaildirFolder::sync_both() {
  util::sync_fd(new_fd(), path_ / "new");
  util::sync_fd(tmp_fd(), path_ / "tmp");
}

}  // namespace mailhaul::delivery
