// SPDX-License-Identifier: MIT
#include "util/host.h"

#include <linux/magic.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include <cstdint>

#include "util/ascii.h"
#include "util/error.h"
#include "util/file.h"

namespace mailhaul::util {

namespace {

bool linux_at_least(std::uint64_t major, std::uint64_t minor) {
  struct utsname name {};
  if (::uname(&name) != 0) return false;
  const std::string_view release = name.release;  // "6.1.0-18-amd64"
  const auto dot = release.find('.');
  if (dot == std::string_view::npos) return false;
  const auto rest = release.substr(dot + 1);
  const auto here_major = parse_number(release.substr(0, dot));
  const auto here_minor = parse_number(rest.substr(0, rest.find_first_not_of("0123456789")));
  if (!here_major || !here_minor) return false;
  return *here_major > major || (*here_major == major && *here_minor >= minor);
}

}  // namespace

Medium medium_of(const std::filesystem::path& path) {
  struct statfs info {};
  if (::statfs(path.c_str(), &info) != 0)
    throw_errno(Kind::storage, "determine the file system of", path.native());
  constexpr long cifs = 0xFF534D42L;
  constexpr long ceph = 0x00C36400L;
  constexpr long xfs = 0x58465342L;
  switch (static_cast<long>(info.f_type)) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case cifs:
    case 0xFE534D42L:  // SMB2
    case ceph:
    case AFS_SUPER_MAGIC:
    case V9FS_MAGIC:
    case CODA_SUPER_MAGIC:
      return Medium::network;
    case EXT4_SUPER_MAGIC:
    case xfs:
    case BTRFS_SUPER_MAGIC:
      return linux_at_least(5, 17) ? Medium::batch : Medium::plain;
    default:
      return Medium::plain;
  }
}

namespace {

std::string first_word(const std::filesystem::path& file) {
  try {
    std::string text = read_file(file, 4096);
    const auto end = text.find_first_of(" \n");
    return text.substr(0, end);
  } catch (const Error&) {
    return {};  // some systems do not have this file
  }
}

}  // namespace

std::string boot_id() { return first_word("/proc/sys/kernel/random/boot_id"); }

std::string machine_id() { return first_word("/etc/machine-id"); }

std::string host_name() {
  struct utsname name {};
  return ::uname(&name) == 0 && name.nodename[0] != '\0' ? name.nodename : "localhost";
}

}  // namespace mailhaul::util
