// SPDX-License-Identifier: MIT
#include "util/fd.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

using namespace mailhaul::util;

namespace {

int open_null() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("a descriptor is closed when its owner ends") {
  const int number = open_null();
  {
    const Fd owner(number);
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("a moved descriptor has one owner, the new one") {
  Fd one(open_null());
  const int number = one.get();
  const Fd two(std::move(one));
  CHECK_FALSE(static_cast<bool>(one));  // NOLINT(bugprone-use-after-move): that is what is tested
  CHECK(two.get() == number);
  CHECK(is_open(number));
}

TEST_CASE("an assigned descriptor leaves nothing open behind") {
  Fd one(open_null());
  const int first = one.get();
  one = Fd(open_null());
  CHECK_FALSE(is_open(first));
  CHECK(is_open(one.get()));
}

TEST_CASE("a failed close is an error, and the descriptor is not closed twice") {
  Fd owner(open_null());
  ::close(owner.get());
  CHECK_THROWS_WITH_AS(owner.close_checked(Kind::storage, "/m/new"),
                       "cannot close /m/new: Bad file descriptor", Error);
  CHECK_FALSE(static_cast<bool>(owner));
}
