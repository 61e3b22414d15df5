// SPDX-License-Identifier: MIT
#include "app/once_a_day.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

namespace mailhaul::app {

bool OnceADay::is_due() {
  using namespace std::chrono;
  is_over_ = false;
  struct stat info {};
  const auto now = floor<seconds>(system_clock::now());
  if (::lstat(file_.c_str(), &info) == 0) {
    const auto told = sys_seconds(seconds(info.st_mtim.tv_sec));
    if (told <= now && now - told < days(1)) return false;
  }
  try {
    util::make_directories(file_.parent_path());  // the first run has no database yet
  } catch (const util::Error&) {
    return true;
  }
  const util::Fd file(::open(file_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (file) ::futimens(file.get(), nullptr);
  return true;
}

void OnceADay::end() {
  if (!is_over_) ::unlink(file_.c_str());
  is_over_ = true;
}

}  // namespace mailhaul::app
