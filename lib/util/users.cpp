// SPDX-License-Identifier: MIT
#include "util/users.h"

#include <pwd.h>

#include <array>

namespace mailhaul::util {

std::string user_name_of(uid_t user) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const int failed = ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
  return failed == 0 && found != nullptr ? found->pw_name : "";
}

std::optional<Path> home_of(const std::string& user) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const int failed = ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (failed != 0 || found == nullptr || *found->pw_dir == '\0') return std::nullopt;
  return Path(found->pw_dir);
}

std::string run_as_hint(uid_t user) {
  const auto name = user_name_of(user);
  return "run mailhaul as that user: sudo -u " + (name.empty() ? "'#" + std::to_string(user) + "'" : name) +
         " mailhaul";
}

}  // namespace mailhaul::util
