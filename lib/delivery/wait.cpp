// SPDX-License-Identifier: MIT
#include "delivery/wait.h"

#include <poll.h>

namespace mailhaul::delivery {

void wait_a_little(const Site& site, std::chrono::milliseconds time, std::string_view doing) {
  struct pollfd wish {};
  wish.fd = site.cancel != nullptr ? site.cancel->fd() : -1;
  wish.events = POLLIN;
  if (::poll(&wish, 1, static_cast<int>(time.count())) > 0) {
    throw util::Error(util::Kind::cancelled, "stopped while " + std::string(doing));
  }
}

}  // namespace mailhaul::delivery
