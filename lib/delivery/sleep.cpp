// SPDX-License-Identifier: MIT
#include "delivery/sleep.h"

#include <poll.h>

namespace mailhaul::delivery {

void sleep_unless_cancelled(const RunContext& context, std::chrono::milliseconds time,
                            std::string_view doing) {
  struct pollfd wish {};
  wish.fd = context.cancel != nullptr ? context.cancel->fd() : -1;
  wish.events = POLLIN;
  if (::poll(&wish, 1, static_cast<int>(time.count())) > 0) {
    throw util::Error(util::Kind::cancelled, "stopped while " + std::string(doing));
  }
}

}  // namespace mailhaul::delivery
