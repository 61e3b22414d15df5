// SPDX-License-Identifier: MIT
#include "delivery/names.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace mailhaul::delivery {

std::string mark_of(const RunContext& context) { return ".mh" + context.instance + context.mailbox + "m"; }

std::string_view leading_id(std::string_view text, std::string_view mark) {
  constexpr std::string_view digits = "0123456789";
  const auto seconds = text.find_first_not_of(digits);
  if (seconds == 0 || seconds == std::string_view::npos || !text.substr(seconds).starts_with(mark)) return {};
  const auto counter = seconds + mark.size();
  const auto dot = text.find_first_not_of(digits, counter);
  if (dot == counter || dot == std::string_view::npos || text[dot] != '.') return {};
  return text.substr(0, text.find_first_of(std::string_view(",:;<>()/ \t\r\n\0", 13), dot));
}

util::Path spool_directory(const RunContext& context) {
  auto directory = context.state_directory / "spool";
  util::make_directories(directory);
  return directory;
}

util::Fd nameless_file(const RunContext& context) {
  const auto& directory = context.state_directory;
  util::Fd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) {
    util::throw_errno(util::Kind::storage, "create a file in", directory.native());
  }
  std::string pattern = directory / "message-XXXXXX";  // a file system without O_TMPFILE
  util::Fd named(::mkostemp(pattern.data(), O_CLOEXEC));
  if (!named) util::throw_errno(util::Kind::storage, "create a file in", directory.native());
  if (::unlink(pattern.c_str()) != 0) util::throw_errno(util::Kind::storage, "remove", pattern);
  return named;
}

}  // namespace mailhaul::delivery
