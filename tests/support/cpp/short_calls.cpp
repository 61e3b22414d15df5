// SPDX-License-Identifier: MIT
// For LD_PRELOAD: no call moves more than SHORT_CALLS bytes at once, and with SHORT_CALLS_EINTR every second
// call is interrupted before it moves any. The kernel may do both at any time.
#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace {

std::size_t limit() {
  static const char* const text = std::getenv("SHORT_CALLS");
  static const std::size_t bytes = text != nullptr ? std::strtoul(text, nullptr, 10) : SIZE_MAX;
  return bytes;
}

/// Pseudo-random, so that it cannot stay in step with a loop of the program for ever.
bool interrupted() {
  static const bool wanted = std::getenv("SHORT_CALLS_EINTR") != nullptr;
  static std::atomic<unsigned> chance{1};
  if (!wanted || ((chance = chance * 1103515245U + 12345U) >> 16U & 1U) == 0) return false;
  errno = EINTR;
  return true;
}

/// The function of the C library.
template <typename Call>
Call real(const char* name) {
  return reinterpret_cast<Call>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t read(int fd, void* into, std::size_t bytes) {
  static const auto call = real<ssize_t (*)(int, void*, std::size_t)>("read");
  return interrupted() ? -1 : call(fd, into, std::min(bytes, limit()));
}

ssize_t write(int fd, const void* from, std::size_t bytes) {
  static const auto call = real<ssize_t (*)(int, const void*, std::size_t)>("write");
  return interrupted() ? -1 : call(fd, from, std::min(bytes, limit()));
}

ssize_t pread64(int fd, void* into, std::size_t bytes, off64_t at) {
  static const auto call = real<ssize_t (*)(int, void*, std::size_t, off64_t)>("pread64");
  return interrupted() ? -1 : call(fd, into, std::min(bytes, limit()), at);
}

ssize_t pwrite64(int fd, const void* from, std::size_t bytes, off64_t at) {
  static const auto call = real<ssize_t (*)(int, const void*, std::size_t, off64_t)>("pwrite64");
  return interrupted() ? -1 : call(fd, from, std::min(bytes, limit()), at);
}

ssize_t recv(int fd, void* into, std::size_t bytes, int flags) {
  static const auto call = real<ssize_t (*)(int, void*, std::size_t, int)>("recv");
  return interrupted() ? -1 : call(fd, into, std::min(bytes, limit()), flags);
}

ssize_t send(int fd, const void* from, std::size_t bytes, int flags) {
  static const auto call = real<ssize_t (*)(int, const void*, std::size_t, int)>("send");
  return interrupted() ? -1 : call(fd, from, std::min(bytes, limit()), flags);
}
}
