// SPDX-License-Identifier: MIT
// Passwords in the Secret Service of the desktop (GNOME Keyring, KWallet, KeePassXC), by way of
// secret-tool(1).
#pragma once
#include "credentials/source.h"
#include "util/cancel.h"
#include "util/secret.h"

namespace mailhaul::credentials {

/// Throws LoginNeeded if there is none, Error{config} without secret-tool, Error{temporary} if the keyring
/// does not answer within a minute or refuses, Error{cancelled}.
[[nodiscard]] util::Secret password_in_keyring(const Subject& subject, const util::Cancel& cancel);

/// Replaces the one that is there. Throws as password_in_keyring() does, except LoginNeeded.
void keep_in_keyring(const Subject& subject, const util::Secret& password, const util::Cancel& cancel);

/// Returns whether there was one. Throws as keep_in_keyring() does.
bool remove_from_keyring(const Subject& subject, const util::Cancel& cancel);

}  // namespace mailhaul::credentials
