// SPDX-License-Identifier: MIT
#include "app/browser.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace mailhaul::app {

void open_browser(const std::string& url) {
  const bool has_desktop =
      std::getenv("DISPLAY") != nullptr ||        // NOLINT(concurrency-mt-unsafe): nobody writes it
      std::getenv("WAYLAND_DISPLAY") != nullptr;  // NOLINT(concurrency-mt-unsafe): the same
  if (!has_desktop) return;
  std::string program = "xdg-open", page = url;
  const std::array<char*, 3> words{program.data(), page.data(), nullptr};
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t browser = 0;  // not waited for: it may stay open
  (void)::posix_spawnp(&browser, program.c_str(), &actions, &attributes, words.data(), ::environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
}

}  // namespace mailhaul::app
