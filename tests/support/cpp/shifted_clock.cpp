// SPDX-License-Identifier: MIT
// For LD_PRELOAD: the wall clock is MAILHAUL_TEST_CLOCK_SHIFT seconds ahead. Time limits are not affected.
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const long result = ::syscall(SYS_clock_gettime, clock, time);
  const char* shift = std::getenv("MAILHAUL_TEST_CLOCK_SHIFT");
  if (result == 0 && clock == CLOCK_REALTIME && shift != nullptr) time->tv_sec += std::atol(shift);
  return static_cast<int>(result);
}
