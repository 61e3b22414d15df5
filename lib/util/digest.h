// SPDX-License-Identifier: MIT
// The one place that calls OpenSSL's hash.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mailhaul::util {

using Hash = std::array<std::uint8_t, 32>;  ///< SHA-256

/// SHA-256 of bytes that arrive in pieces. One thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void add(std::string_view bytes);
  [[nodiscard]] Hash finish();  ///< the hash of everything added; add() then starts a new one

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Hash sha256(std::string_view bytes);
std::string hex(std::string_view bytes);  ///< lower case
std::string hex(const Hash& hash);

}  // namespace mailhaul::util
