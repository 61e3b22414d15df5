// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "maildrop.h"

namespace mailhaul::demo {

struct User {
  std::string name, mailbox;
};

struct Options {
  std::vector<User> users;
  std::string password = "demo";
  std::uint16_t port = 0;
  std::string address = "127.0.0.1";
  std::string port_file, cert, key, ca_out, dump, digests;
  TlsMode tls = TlsMode::none;
  bool pipelining = true, uidl = true, top = true;
  std::chrono::seconds lock_timeout{60};
  bool exit_with_parent = false;
  bool help = false;
};

extern const char* const usage;

/// Throws std::runtime_error that says what is wrong.
Options parse_options(std::span<char* const> words);

}  // namespace mailhaul::demo
