// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>

#include "pop3/session.h"
#include "support/cpp/memory_server.h"

namespace mailhaul::test {

constexpr std::size_t mebibyte = std::size_t{1024} * 1024;

inline pop3::SessionOptions options_for(const MemoryServer& server) {
  return {.capabilities = server.capabilities()};
}

}  // namespace mailhaul::test
