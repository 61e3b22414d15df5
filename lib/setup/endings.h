// SPDX-License-Identifier: MIT
// What expires by itself in an account, so that the user has to renew it.
#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "account/account.h"

namespace mailhaul::setup {

/// When the password of an account expires, by its keys or the table of providers; empty if it is not known.
std::optional<std::chrono::sys_seconds> password_end(const account::Account& account);

/// Something that has expired or expires soon.
struct Ending {
  std::string_view key;  ///< "password", "tls_client_cert"
  std::string sentence;  ///< "the password expires on 2026-11-30"
  std::string_view cure;
};

/// Reports what expires within 14 days, and what has expired. `shown` writes a time as people read it.
void tell_endings(const account::Account& account, std::chrono::sys_seconds now,
                  const std::function<std::string(std::chrono::sys_seconds)>& shown,
                  const std::function<void(const Ending&)>& tell);

}  // namespace mailhaul::setup
