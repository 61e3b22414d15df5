// SPDX-License-Identifier: MIT
// Passwords in the Secret Service of the desktop (GNOME Keyring, KWallet, KeePassXC), by way of
// secret-tool(1).
#pragma once
#include "credentials/source.h"
#include "util/cancel.h"
#include "util/secret.h"

namespace mailhaul::credentials {

/// The stored password. Throws LoginNeeded if there is none, Error{config} if there is no secret-tool,
/// Error{temporary} if the keyring refuses or does not answer within a minute, Error{cancelled}.
[[nodiscard]] util::Secret password_in_keyring(const Subject& subject, const util::Cancel& cancel);

/// Stores the password, in place of the one before. Throws as password_in_keyring() does, except LoginNeeded.
void keep_in_keyring(const Subject& subject, const util::Secret& password, const util::Cancel& cancel);

/// Removes the password, and returns whether there was one. Throws as keep_in_keyring() does.
[[nodiscard]] bool remove_from_keyring(const Subject& subject, const util::Cancel& cancel);

}  // namespace mailhaul::credentials
