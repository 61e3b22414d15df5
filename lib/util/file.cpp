// SPDX-License-Identifier: MIT
#include "util/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "util/shell.h"
#include "util/users.h"

namespace mailhaul::util {

Fd open_file(const Path& path, int flags, mode_t mode, Kind kind) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) throw_errno(kind, (flags & O_CREAT) != 0 ? "create" : "open", path.native());
  return Fd(fd);
}

Fd open_directory(const Path& path, Kind kind) { return open_file(path, O_RDONLY | O_DIRECTORY, 0, kind); }

Fd nameless_file(const Path& directory) {
  Fd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) {
    throw_errno(Kind::storage, "create a file in", directory.native());
  }
  std::string pattern = directory / "message-XXXXXX";  // a file system without O_TMPFILE
  Fd named(::mkostemp(pattern.data(), O_CLOEXEC));
  if (!named) throw_errno(Kind::storage, "create a file in", directory.native());
  if (::unlink(pattern.c_str()) != 0) throw_errno(Kind::storage, "remove", pattern);
  return named;
}

struct stat status_of(int fd, const Path& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) throw_errno(Kind::storage, "read the attributes of", path.native());
  return info;
}

std::string_view without_end_slashes(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

bool is_named(const Path& path, const struct stat& file) {
  struct stat named {};
  return ::lstat(path.c_str(), &named) == 0 && named.st_ino == file.st_ino && named.st_dev == file.st_dev;
}

void write_all(int fd, std::string_view bytes, const Path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno(Kind::storage, "write", path.native());
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void pwrite_all(int fd, std::string_view bytes, off_t offset, const Path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno(Kind::storage, "write", path.native());
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += n;
  }
}

std::size_t pread_all(int fd, std::span<char> into, off_t offset, const Path& path) {
  std::size_t done = 0;
  while (done < into.size()) {
    const auto rest = into.subspan(done);
    const ssize_t n = ::pread(fd, rest.data(), rest.size(), offset + static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno(Kind::storage, "read", path.native());
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

void sync_fd(int fd, const Path& path) {
  // Not repeated even after EINTR: fsync reports an error once, and a second call may report success.
  if (::fsync(fd) != 0) throw_errno(Kind::storage, "flush", path.native());
}

void sync_directory(const Path& path) {
  const Fd directory = open_directory(path);
  sync_fd(directory.get(), path);
}

void make_directories(const Path& path) {
  if (path.empty()) return;
  if (::mkdir(path.c_str(), 0700) != 0) {
    if (errno == EEXIST) return;
    if (errno != ENOENT) throw_errno(Kind::cannot_create, "create directory", path.native());
    make_directories(path.parent_path());
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
      throw_errno(Kind::cannot_create, "create directory", path.native());
    }
  }
  const Path parent = path.parent_path();
  sync_directory(parent.empty() ? Path(".") : parent);
}

std::filesystem::file_type type_of(const Path& path) {
  std::error_code problem;
  const auto type = std::filesystem::status(path, problem).type();
  if (problem && type != std::filesystem::file_type::not_found)
    throw Error(Kind::storage, "cannot examine " + path.native() + ": " + problem.message());
  return type;
}

std::string read_file(const Path& path, std::size_t limit, Kind kind) {
  const Fd file = open_file(path, O_RDONLY | O_NOCTTY, 0, kind);
  std::string text;
  std::array<char, 16384> piece{};
  for (;;) {
    const ssize_t n = ::read(file.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno(kind, "read", path.native());
    if (n == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(n));
    if (text.size() > limit) {
      throw Error(kind, "cannot read " + path.native() + ": larger than " + std::to_string(limit) + " bytes");
    }
  }
}

std::string written_at(const Path& path) {
  std::error_code unknown;
  const auto time = std::filesystem::last_write_time(path, unknown);
  return unknown ? std::string() : std::to_string(time.time_since_epoch().count());
}

bool try_lock(int fd, LockMode mode, const Path& path) {
  struct flock whole {};
  whole.l_type = mode == LockMode::shared ? F_RDLCK : F_WRLCK;
  whole.l_whence = SEEK_SET;
  while (::fcntl(fd, F_OFD_SETLK, &whole) != 0) {
    if (errno == EAGAIN || errno == EACCES) return false;
    if (errno != EINTR) throw_errno(Kind::storage, "lock", path.native());
  }
  return true;
}

std::optional<Fd> try_lock(const Path& path) {
  Fd file = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!try_lock(file.get(), LockMode::exclusive, path)) return std::nullopt;
  return file;
}

namespace {

/// Whether the file is on a read-only mount and belongs to another user. The files that a platform mounts
/// belong to root. If we are root ourselves, as in some containers, the mount must instead be a file system
/// of its own, unlike a part of the system that is only mounted read-only.
bool is_on_platform_mount(const Path& path, const struct stat& info) {
  struct statvfs mount {};
  if (::statvfs(path.c_str(), &mount) != 0 || (mount.f_flag & ST_RDONLY) == 0) return false;
  if (info.st_uid != ::geteuid()) return true;
  struct stat root {};
  return info.st_uid == 0 && ::stat("/", &root) == 0 && info.st_dev != root.st_dev;
}

/// Whether a container platform or systemd has set the mode of the file, and its owner cannot change it.
bool is_provided(const Path& path, const struct stat& info, const Path& credentials_directory) {
  const auto text = path.lexically_normal().native();
  if (text.starts_with("/run/secrets/") || text.starts_with("/run/credentials/")) return true;
  const auto directory = (credentials_directory / "").lexically_normal().native();  // with "/" at its end
  if (directory.size() > 1 && directory.starts_with('/') && text.starts_with(directory)) return true;
  return is_on_platform_mount(path, info);
}

}  // namespace

void require_private(const Path& path, std::string_view what, const Path& credentials_directory) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw_errno(Kind::config, "read", path.native());
  if (S_ISDIR(info.st_mode)) {
    throw Error(Kind::config, path.native() + " should contain " + std::string(what) + ", but is a directory",
                "give the path of the file itself");
  }
  if (is_provided(path, info, credentials_directory)) return;
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    throw Error(Kind::config, path.native() + " holds " + std::string(what) + " and belongs to another user",
                ::geteuid() == 0 ? run_as_hint(info.st_uid)
                                 : "chown it to yourself: chown \"$USER\" " + shell_word(path.native()));
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", info.st_mode & 07777U);
    throw Error(
        Kind::config,
        path.native() + " holds " + std::string(what) + " and others may read it (mode " + mode.data() + ")",
        "chmod 600 " + shell_word(path.native()));
  }
}

}  // namespace mailhaul::util
