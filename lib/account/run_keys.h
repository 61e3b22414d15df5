// SPDX-License-Identifier: MIT
// Reads and shows the keys that say how often an account is fetched, how long its mail stays on the server,
// and which programs are run for it.
#pragma once
#include <cstdint>

#include "account/account.h"
#include "account/document.h"
#include "account/setting.h"

namespace mailhaul::account {

/// A time, or "never".
void set_delete_after(Account& account, const Setting& setting);
/// A time, or "none".
void set_min_interval(Account& account, const Setting& setting);
/// A command, or "none".
void set_after_fetch(Account& account, const Setting& setting);
/// The same.
void set_on_trouble(Account& account, const Setting& setting);

/// "50M" if that is exact, otherwise a number of bytes.
Node show_size(std::uint64_t bytes);
Node show_delete_after(const Account& account);
Node show_min_interval(const Account& account);
Node show_after_fetch(const Account& account);
Node show_on_trouble(const Account& account);

}  // namespace mailhaul::account
