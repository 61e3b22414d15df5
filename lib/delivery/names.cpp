// SPDX-License-Identifier: MIT
#include "delivery/names.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace mailhaul::delivery {

std::string target_of(const KindRow& kind, const util::Path& path) {
  return std::string(kind.name) + ":" + path.native();
}

util::Path path_of(const Ticket& ticket) {
  const auto colon = ticket.target.find(':');
  return colon == std::string::npos ? "" : ticket.target.substr(colon + 1);
}

namespace {

/// With state files of version 1 a mailbox had eight hexadecimal digits in names; its id is shorter than
/// that.
bool is_old_mailbox(std::string_view mailbox) {
  return mailbox.size() == 8 && mailbox.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string_view leading_id(std::string_view text, const RunContext& context) {
  constexpr std::string_view digits = "0123456789";
  const std::string mark = ".mh" + context.instance;
  const auto seconds = text.find_first_not_of(digits);
  if (seconds == 0 || seconds == std::string_view::npos || !text.substr(seconds).starts_with(mark)) return {};
  const auto start = seconds + mark.size();
  const auto mailbox = text.substr(start, text.find('m', start) - start);
  if (mailbox != context.mailbox && !is_old_mailbox(mailbox)) return {};
  const auto counter = start + mailbox.size() + 1;
  const auto dot = text.find_first_not_of(digits, std::min(counter, text.size()));
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
