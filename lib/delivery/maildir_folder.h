// SPDX-License-Identifier: MIT
#pragma once
#include <sys/types.h>

#include <string>
#include <string_view>

#include "util/file.h"

namespace mailhaul::delivery {

/// The directories of a Maildir, held open, so that a path that is moved or replaced meanwhile does no harm.
class MaildirFolder {
 public:
  /// Creates the folder if it is missing or empty. Throws Error{cannot_create} with a hint if the path is not
  /// a Maildir, is not writable, or, as root, belongs to another user.
  [[nodiscard]] static MaildirFolder make(const util::Path& path);
  /// Throws what make() would throw, as far as this can be found out without creating anything.
  static void require_usable(const util::Path& path);
  /// Opens a folder that must exist. Throws Error{storage} with a hint if it does not.
  [[nodiscard]] static MaildirFolder find(const util::Path& path);

  const util::Path& path() const noexcept { return path_; }
  int tmp_fd() const noexcept { return tmp_.get(); }
  int new_fd() const noexcept { return new_.get(); }  ///< new/
  int cur_fd() const noexcept { return cur_.get(); }
  ino_t tmp_inode() const noexcept { return tmp_inode_; }
  ino_t new_inode() const noexcept { return new_inode_; }

  /// Renames tmp/`name` to new/`final`, and never replaces a file. Returns false if it is not in tmp/. Throws
  /// Error{storage}.
  [[nodiscard]] bool move_to_new(const std::string& name, const std::string& final);
  void sync_both();  ///< flushes new/, then tmp/

 private:
  MaildirFolder(const util::Path& path, util::Kind kind);
  bool link_and_unlink(const std::string& name, const std::string& final);

  util::Path path_;
  util::Fd tmp_, new_, cur_;
  ino_t tmp_inode_ = 0, new_inode_ = 0;
  bool renames_ = true;  ///< false if the file system cannot rename without replacing
};

}  // namespace mailhaul::delivery
