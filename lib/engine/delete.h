// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "account/account.h"
#include "engine/environment.h"
#include "engine/list.h"
#include "report/listener.h"

namespace mailhaul::engine {

/// Which messages are removed, and who agrees to it.
struct Deletion {
  std::span<const std::string> uids;  ///< as typed; numbers ("#N") as well
  bool numbers = false;               ///< numbers are allowed: somebody sees which messages they mean
  bool undelivered = false;           ///< messages that were never delivered are allowed, too
  /// Called once, with what would be removed, before anything is. False: nothing is removed.
  std::function<bool(const MailboxListing&)> agree;
};

/// Removes messages from the server, each after this session has read its header, or, if that is not enough,
/// all of it (LAW 2). A message counts as delivered if its row says so and what was read agrees with the row.
/// Returns how many the server confirmed to be gone. Throws Error; Error{usage}, before anything is removed,
/// for a UID that is not listed or a message that is not allowed; Error{temporary} if some were not removed.
std::size_t delete_messages(const account::Account& account, const Environment& environment,
                            report::Listener& listener, const Deletion& deletion);

}  // namespace mailhaul::engine
