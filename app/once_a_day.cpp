// SPDX-License-Identifier: MIT
#include "app/once_a_day.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "util/digest.h"

namespace mailhaul::app {

namespace {

/// Does not wait and does not follow a link, because the file may be anything.
util::Fd open_mark(const util::Path& file, int flags) {
  return util::Fd(::open(file.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
}

}  // namespace

bool OnceADay::was_told_lately(const std::string& mark) const {
  using namespace std::chrono;
  const auto file = open_mark(file_, O_RDONLY);
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return false;
  const auto now = floor<seconds>(system_clock::now());
  const auto told = sys_seconds(seconds(info.st_mtim.tv_sec));
  if (told > now || now - told >= days(1)) return false;
  std::array<char, 100> content{};
  const auto length = ::read(file.get(), content.data(), content.size());
  return length >= 0 && std::string_view(content.data(), static_cast<std::size_t>(length)) == mark;
}

bool OnceADay::is_due(std::string_view trouble) {
  is_over_ = false;
  const auto mark = trouble.empty() ? std::string() : util::hex(util::sha256(trouble));
  if (was_told_lately(mark)) return false;
  try {
    util::make_directories(file_.parent_path());  // the first run has no database yet
  } catch (const util::Error&) {
    return true;
  }
  const auto file = open_mark(file_, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return true;
  // A mark that is written only in part differs from the next one, so that the trouble is reported again.
  if (::write(file.get(), mark.data(), mark.size()) >= 0) ::futimens(file.get(), nullptr);
  return true;
}

void OnceADay::end() {
  if (!is_over_) ::unlink(file_.c_str());
  is_over_ = true;
}

}  // namespace mailhaul::app
