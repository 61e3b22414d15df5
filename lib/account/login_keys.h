// SPDX-License-Identifier: MIT
// Reads and shows the keys that say where the password or the token comes from.
#pragma once
#include "account/account.h"
#include "account/document.h"
#include "account/setting.h"

namespace mailhaul::account {

void set_password(Account& account, const Setting& setting);
/// The name of a file, without a folder.
void set_credential(Account& account, const Setting& setting);
void set_variable(Account& account, const Setting& setting);
void set_netrc(Account& account, const Setting& setting);
void set_keyring(Account& account, const Setting& setting);
/// "google", "microsoft", or an object.
void set_oauth(Account& account, const Setting& setting);

void set_password_day(Account& account, const Setting& setting);
void set_password_valid(Account& account, const Setting& setting);

/// These return null if the account does not use the key. A password is shown as "***".
Node show_password(const Account& account);
Node show_command(const Account& account);
Node show_file(const Account& account);
Node show_credential(const Account& account);
Node show_variable(const Account& account);
Node show_netrc(const Account& account);
Node show_keyring(const Account& account);
Node show_oauth(const Account& account);
Node show_password_day(const Account& account);
Node show_password_valid(const Account& account);

/// One member of `oauth`, for its schema.
struct OAuthField {
  std::string_view name, help;
};
std::span<const OAuthField> oauth_fields();

}  // namespace mailhaul::account
