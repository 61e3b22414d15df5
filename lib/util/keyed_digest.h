// SPDX-License-Identifier: MIT
// Functions for answering the challenges of servers: HMAC (RFC 2104), PBKDF2 (RFC 8018), MD5 (RFC 1321), and
// random bytes that nobody can guess. All results are raw bytes.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace mailhaul::util {

enum class Digest { md5, sha1, sha256 };

std::string digest(Digest kind, std::string_view bytes);
std::string hmac(Digest kind, std::string_view key, std::string_view bytes);
/// The result is as long as the digest.
std::string pbkdf2(Digest kind, std::string_view password, std::string_view salt, int iterations);
std::string random_bytes(std::size_t count);
/// Compares secrets: the time does not depend on where the first difference is.
[[nodiscard]] bool equal_secretly(std::string_view one, std::string_view other);

}  // namespace mailhaul::util
