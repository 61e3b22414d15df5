// SPDX-License-Identifier: MIT
// File access as the law (lib/README.md) needs it: every call is checked, calls are repeated after EINTR and
// short writes, and directories are synced.
#pragma once
#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "util/fd.h"

namespace mailhaul::util {

using Path = std::filesystem::path;

/// "/m/box//" and "/m/box" are the same place; "/" stays.
[[nodiscard]] std::string_view without_end_slashes(std::string_view path);

/// open(2) with O_CLOEXEC added; throws Error{kind} "cannot open PATH: ...".
Fd open_file(const Path& path, int flags, mode_t mode = 0, Kind kind = Kind::storage);
/// The directory's descriptor (O_RDONLY | O_DIRECTORY).
[[nodiscard]] Fd open_directory(const Path& path, Kind kind = Kind::storage);
/// A new file without a name, for reading and writing, which is gone when it is closed.
[[nodiscard]] Fd nameless_file(const Path& directory);
/// fstat(2); throws Error{storage} "cannot read the attributes of PATH: ...".
[[nodiscard]] struct stat status_of(int fd, const Path& path);
/// Whether the name leads to this very file, and not, for example, to one that has replaced it meanwhile.
[[nodiscard]] bool is_named(const Path& path, const struct stat& file);
/// Writes all bytes; throws Error{storage} "cannot write PATH: ...".
void write_all(int fd, std::string_view bytes, const Path& path);
void pwrite_all(int fd, std::string_view bytes, off_t offset, const Path& path);
/// Reads up to into.size() bytes at offset, fewer only at the end of the file; returns how many.
[[nodiscard]] std::size_t pread_all(int fd, std::span<char> into, off_t offset, const Path& path);
/// fsync(2), for files and directories. Never retried: after an error the caller must not rely on the file.
void sync_fd(int fd, const Path& path);
/// fsync of a directory by its path.
void sync_directory(const Path& path);
/// Creates the missing directories of the path with mode 0700, and syncs the parent of each. Throws
/// Error{cannot_create}.
void make_directories(const Path& path);
/// What is at the path, with symbolic links followed; not_found if there is nothing. Throws Error{storage} if
/// that cannot be found out, for example because a directory on the way may not be entered.
[[nodiscard]] std::filesystem::file_type type_of(const Path& path);
/// The content of the whole file. Throws Error{kind} if it has more than `limit` bytes.
std::string read_file(const Path& path, std::size_t limit, Kind kind = Kind::storage);

/// When the file was last written, as text for comparison; empty if there is no file.
std::string written_at(const Path& path);

enum class LockMode { shared, exclusive };
/// Takes a kernel lock on an open file, or changes the mode of one that is held. The lock belongs to the open
/// file description (OFD): it excludes other threads as well, and a child that inherits the descriptor holds
/// it too. Returns false if somebody else holds the lock.
[[nodiscard]] bool try_lock(int fd, LockMode mode, const Path& path);
/// Takes an exclusive kernel lock on a file, which is created with mode 0600 if it is missing, and never
/// removed. Returns nullopt if somebody else holds the lock.
[[nodiscard]] std::optional<Fd> try_lock(const Path& path);

/// Throws Error{config} unless the file belongs to the effective user (or root) and nobody else may read it.
/// Files below /run/secrets, /run/credentials and `credentials_directory`, and on a read-only mount of
/// another user, always pass: there a container platform or systemd has set the mode.
void require_private(const Path& path, std::string_view what, const Path& credentials_directory = {});

}  // namespace mailhaul::util
