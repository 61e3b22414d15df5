// SPDX-License-Identifier: MIT
#pragma once
#include <sys/types.h>

#include <string>
#include <string_view>

#include "util/file.h"

namespace mailhaul::delivery {

/// A Maildir's directories, held open: what happens to the path meanwhile does not matter.
class MaildirFolder {
 public:
  /// Makes the folder if it is missing or empty. Throws Error{cannot_create} with a hint for what is no
  /// Maildir, or cannot be written to.
  static MaildirFolder make(const util::Path& path);
  /// Throws Error{storage} with a hint when it is not there.
  static MaildirFolder find(const util::Path& path);

  const util::Path& path() const noexcept { return path_; }
  int tmp_fd() const noexcept { return tmp_.get(); }
  int new_fd() const noexcept { return new_.get(); }  ///< new/
  int cur_fd() const noexcept { return cur_.get(); }
  ino_t tmp_inode() const noexcept { return tmp_inode_; }
  ino_t new_inode() const noexcept { return new_inode_; }

  /// tmp/`name` becomes new/`final`, never replacing anything. False: it is not in tmp/. Throws
  /// Error{storage}.
  [[nodiscard]] bool move_to_new(const std::string& name, const std::string& final);
  void sync_both();  ///< new/, then tmp/

 private:
  MaildirFolder(const util::Path& path, util::Kind kind);
  bool link_and_unlink(const std::string& name, const std::string& final);

  util::Path path_;
  util::Fd tmp_, new_, cur_;
  ino_t tmp_inode_ = 0, new_inode_ = 0;
  bool renames_ = true;  // without replacing, which not every file system can
};

}  // namespace mailhaul::delivery
