// SPDX-License-Identifier: MIT
#include "util/fd.h"

#include <unistd.h>

namespace mailhaul::util {

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

void Fd::close_checked(Kind kind, std::string_view path) {
  // Linux releases the descriptor even if close(2) fails: never close it twice.
  if (::close(std::exchange(fd_, -1)) != 0 && errno != EINTR) throw_errno(kind, "close", path);
}

}  // namespace mailhaul::util
