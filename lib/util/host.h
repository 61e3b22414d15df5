// SPDX-License-Identifier: MIT
#pragma once
#include <filesystem>
#include <string>

namespace mailhaul::util {

enum class Medium { batch, plain, network };
/// The kind of file system that contains the path. `batch`: syncfs(2) reports errors and is faster than many
/// calls of fsync(2) (ext4, xfs, btrfs on Linux 5.17 or later); `network`: NFS, CIFS and the like, where
/// locks and rename cannot be trusted; otherwise `plain`.
Medium medium_of(const std::filesystem::path& path);

std::string boot_id();     ///< the kernel's id, new at every boot
std::string machine_id();  ///< from /etc/machine-id; empty if there is none
std::string host_name();

}  // namespace mailhaul::util
