// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <optional>

#include "credentials/oauth.h"
#include "credentials/token_file.h"

namespace mailhaul::credentials {

/// When this login expires unless it is renewed first: six months after the last renewal at Google, 90 days
/// at Microsoft. Empty: not known, or the login cannot be renewed anyway.
[[nodiscard]] std::optional<std::chrono::sys_seconds> forgotten_at(const OAuth& oauth, const Tokens& tokens);

/// True from 14 days before that time on: the user should be warned.
[[nodiscard]] bool is_soon_forgotten(const OAuth& oauth, const Tokens& tokens, std::chrono::sys_seconds now);

}  // namespace mailhaul::credentials
