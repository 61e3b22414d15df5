// SPDX-License-Identifier: MIT
// What of an account ends by itself, so that its user has to renew it.
#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "account/account.h"

namespace mailhaul::setup {

/// When the password of an account ends, by its keys and what its provider is known for. Empty: nobody knows.
std::optional<std::chrono::sys_seconds> password_end(const account::Account& account);

/// An end that is near or past.
struct Ending {
  std::string_view key;  ///< "password", "tls_client_cert"
  std::string sentence;  ///< "the password ends on 2026-11-30"
  std::string_view cure;
};

/// Tells the ends within the next 14 days, and those before `now`. `shown`: a time as people read it.
void tell_endings(const account::Account& account, std::chrono::sys_seconds now,
                  const std::function<std::string(std::chrono::sys_seconds)>& shown,
                  const std::function<void(const Ending&)>& tell);

}  // namespace mailhaul::setup
