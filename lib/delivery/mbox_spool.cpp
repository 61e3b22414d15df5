// SPDX-License-Identifier: MIT
#include "delivery/mbox_spool.h"

#include <fcntl.h>
#include <unistd.h>

#include "delivery/names.h"
#include "util/digest.h"

namespace mailhaul::delivery {

Spool::Spool(const RunContext& context, const std::string& name)
    : path_(spool_directory(context) / name),
      file_(util::open_file(path_, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600)) {}

Spool::~Spool() {
  if (!kept_) ::unlink(path_.c_str());
}

void Spool::cut_back() noexcept {
  // A failure does not matter: the bytes after the end are overwritten, or no ticket names them.
  const auto end = static_cast<off_t>(bytes_);
  [[maybe_unused]] const int cut = ::ftruncate(fd(), end);
  ::lseek(fd(), end, SEEK_SET);
}

void Spool::sync() {
  util::sync_fd(fd(), path_);
  util::sync_directory(path_.parent_path());
}

std::string spool_suffix(const std::string& target) {
  return "," + util::hex(util::sha256(target)).substr(0, 16);
}

}  // namespace mailhaul::delivery
