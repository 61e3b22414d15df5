// SPDX-License-Identifier: MIT
#include "state/database_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "state/schema.h"
#include "util/fd.h"
#include "util/host.h"
#include "util/shell.h"

namespace mailhaul::state {

using util::Error;
using util::Fd;
using util::Kind;
using util::Path;

namespace {

std::optional<struct stat> status_at(const Path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) return info;
  if (errno == ENOENT) return std::nullopt;
  util::throw_errno(Kind::storage, "read the attributes of", path.native());
}

Path beside(const Path& file, const char* suffix) {
  Path path = file;
  return path += suffix;
}

void require_writable(const Path& path) {
  if (::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) {
    util::throw_errno(Kind::storage, "write to", path.native());
  }
}

void check_existing(const Path& file, const struct stat& info) {
  const std::string name = "the state database " + file.native();
  if (S_ISLNK(info.st_mode)) {
    throw Error(Kind::config, name + " has just become a symbolic link", "run it again");
  }
  if (!S_ISREG(info.st_mode)) {
    throw Error(Kind::config, name + " is not a regular file", "name another one with --state FILE");
  }
  // A new database appears with all its content (see below), so an empty file has lost its content. SQLite
  // would take a file of less than a page for a new database, and delete the journal.
  if (info.st_size < 4096) throw damaged(file, info.st_size == 0 ? "it is empty" : "it is cut short");
  require_writable(file.parent_path());  // SQLite keeps its journal there
  require_writable(file);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0 && ::chmod(file.c_str(), S_IRUSR | S_IWUSR) != 0) {
    util::throw_errno(Kind::storage, "make private", file.native());
  }
}

/// A journal is without its database only if somebody has moved or removed the database. SQLite would copy
/// the old journal into a new database, and damage it. (A database that has lost its journal looks like one
/// that was closed properly: it holds an earlier state, as after a backup was restored.)
void refuse_orphaned_journal(const Path& file) {
  const Path journal = beside(file, "-wal");
  const auto info = status_at(journal);
  if (!info || info->st_size == 0) return;  // an empty one does no harm
  if (status_at(file)) return;              // another process has just created both
  throw orphaned_journal(file);
}

Fd write_new_database(const Path& path, int flags) {
  Fd fd = util::open_file(path, flags | O_RDWR, S_IRUSR | S_IWUSR, Kind::cannot_create);
  if (::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0)
    util::throw_errno(Kind::storage, "make private", path.native());
  util::write_all(fd.get(), new_database_bytes(), path);
  util::sync_fd(fd.get(), path);
  return fd;
}

/// link(2) never replaces a file. It is no failure when the name is taken: another process was faster.
bool linked(const char* from, const Path& file) {
  if (::linkat(AT_FDCWD, from, AT_FDCWD, file.c_str(), AT_SYMLINK_FOLLOW) == 0 || errno == EEXIST)
    return true;
  return false;
}

/// The usual way: a file without a name, which disappears when the process is killed.
bool publish_unnamed(const Path& directory, const Path& file) {
  try {
    Fd fd = write_new_database(directory, O_TMPFILE);
    const std::string source = "/proc/self/fd/" + std::to_string(fd.get());
    return linked(source.c_str(), file);
  } catch (const Error&) {
    return false;  // O_TMPFILE is not supported; any other error will show again when a name is used
  }
}

}  // namespace

void publish_by_name(const Path& file) {
  const Path draft = beside(file, (".new-" + std::to_string(::getpid())).c_str());
  ::unlink(draft.c_str());  // left by a dead process that had the same process id
  try {
    write_new_database(draft, O_CREAT | O_EXCL | O_NOFOLLOW).close_checked(Kind::storage, draft.native());
    if (!linked(draft.c_str(), file)) util::throw_errno(Kind::cannot_create, "create", file.native());
  } catch (const Error&) {
    ::unlink(draft.c_str());
    throw;
  }
  ::unlink(draft.c_str());
}

std::string set_aside_command(const Path& file) {
  const auto move = [](const Path& from, const Path& to) {
    return "mv " + util::shell_word(from.native()) + " " + util::shell_word(to.native());
  };
  const Path aside = beside(file, ".damaged");
  std::string command = move(file, aside);
  const Path journal = beside(file, "-wal");
  struct stat info {};
  // The journal keeps the name that SQLite expects, in case somebody wants to save its content.
  if (::lstat(journal.c_str(), &info) == 0 && info.st_size != 0) {
    command += " && " + move(journal, beside(aside, "-wal"));
  }
  return command;
}

Error damaged(const Path& file, std::string_view what) {
  return {
      Kind::storage, "the state database " + file.native() + " is damaged: " + std::string(what),
      "move it away: " + set_aside_command(file) +
          "; then, for each account, either mark what is in its Maildir or mbox as fetched: mailhaul state "
          "rebuild ACCOUNT; or everything on the server: mailhaul state mark-seen ACCOUNT --all; or fetch "
          "everything again: mailhaul fetch -a ACCOUNT"};
}

Error orphaned_journal(const Path& file) {
  const auto journal = beside(file, "-wal").native();
  return {Kind::storage, "the state database " + file.native() + " is missing, but its journal exists",
          "put the database back, or move the journal away, too: mv " + util::shell_word(journal) + " " +
              util::shell_word(journal + ".old")};
}

Path real_path(const Path& file) {
  Path path = std::filesystem::absolute(file);
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return path;
  Path target = std::filesystem::canonical(path, error);
  if (!error) return target;
  throw Error(Kind::config,
              "the state database " + file.native() +
                  " is a symbolic link that cannot be followed: " + error.message(),
              "is the disk it points to missing? To start with an empty database instead, remove the link");
}

void provide_file(const Path& file) {
  const Path directory = file.parent_path();
  util::make_directories(directory);
  if (util::medium_of(directory) == util::Medium::network) {
    throw Error(Kind::config, "the state database " + file.native() + " would be on a network file system",
                "locks cannot be trusted there; name a file on a local disk with --state FILE");
  }
  if (const auto info = status_at(file)) return check_existing(file, *info);
  refuse_orphaned_journal(file);
  if (!publish_unnamed(directory, file)) publish_by_name(file);
  util::sync_directory(directory);
}

}  // namespace mailhaul::state
