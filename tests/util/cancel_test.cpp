// SPDX-License-Identifier: MIT
#include "util/cancel.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <csignal>

using namespace mailhaul::util;

namespace {

bool is_readable(int fd) {
  struct pollfd wait {
    fd, POLLIN, 0
  };
  return ::poll(&wait, 1, 0) == 1;
}

}  // namespace

TEST_CASE("a wait notices a request to stop, and every later wait too") {
  Cancel cancel;
  CHECK_FALSE(cancel.requested());
  CHECK_FALSE(is_readable(cancel.fd()));
  cancel.request();
  cancel.request();
  CHECK(cancel.requested());
  CHECK(is_readable(cancel.fd()));
  CHECK(is_readable(cancel.fd()));
}

TEST_CASE("the first signal that asked to stop is the one that is reported") {
  Cancel cancel;
  cancel.request(SIGTERM);
  cancel.request(SIGINT);
  CHECK(cancel.signal() == SIGTERM);
}

TEST_CASE("a person at the keyboard waits for a shorter time") {
  Cancel by_person, by_service;
  by_person.request(SIGINT);
  by_service.request(SIGTERM);
  CHECK(by_person.grace() == grace_at_ctrl_c);
  CHECK(by_service.grace() == usual_grace);
  CHECK(grace_at_ctrl_c < usual_grace);
}

TEST_CASE("a request leaves errno as it was, as a signal handler must") {
  Cancel cancel;
  errno = ENOENT;
  cancel.request(SIGTERM);
  CHECK(errno == ENOENT);
}
