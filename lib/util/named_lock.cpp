// SPDX-License-Identifier: MIT
#include "util/named_lock.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include "util/ascii.h"
#include "util/process.h"

namespace mailhaul::util {

namespace {

/// The first number in a file of /proc; empty if it cannot be read.
std::optional<double> number_in(const std::string& file) {
  std::ifstream stream(file);
  double number = 0;
  if (stream >> number) return number;
  return std::nullopt;
}

std::optional<std::chrono::seconds> age_of(pid_t pid) {
  const auto ticks = start_of(pid);
  const auto uptime = number_in("/proc/uptime");
  const long in_a_second = ::sysconf(_SC_CLK_TCK);
  if (!ticks || !uptime || in_a_second <= 0) return std::nullopt;
  const auto started = *ticks / static_cast<std::uint64_t>(in_a_second);
  const auto now = static_cast<std::uint64_t>(*uptime);
  return std::chrono::seconds(now < started ? 0 : now - started);
}

}  // namespace

void name_holder(int fd) noexcept {
  static_cast<void>(::flock(fd, LOCK_EX | LOCK_NB));  // if it fails, only the holder's name is missing
}

std::optional<LockHolder> holder_of(const Path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  // A line is "1: FLOCK  ADVISORY  WRITE 4711 fe:00:1312 0 EOF". Only the inode in it is compared, because
  // the device number differs from that of stat(2) on some file systems.
  const auto inode = ":" + std::to_string(info.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream fields(line);
    std::string number, kind, advisory, mode, pid, file;
    fields >> number >> kind >> advisory >> mode >> pid >> file;
    if (!fields || kind != "FLOCK" || !file.ends_with(inode)) continue;
    const auto process = static_cast<pid_t>(parse_number(pid).value_or(0));
    if (const auto age = age_of(process)) return LockHolder{process, *age};
  }
  return std::nullopt;
}

}  // namespace mailhaul::util
