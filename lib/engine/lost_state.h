// SPDX-License-Identifier: MIT
// Notices that the records of a mailbox are lost, or are under another name: its mail must not arrive twice.
#pragma once
#include <span>

#include "account/account.h"
#include "delivery/destination.h"
#include "pop3/session.h"
#include "state/store.h"

namespace mailhaul::engine {

/// The comparison of headers with those of the same user's mail at other hosts. It is given up for the rest
/// of the run if the server breaks off the session meanwhile.
enum class Comparison { wanted, under_way, given_up };

/// A mailbox about which nothing is recorded; `mailbox` is 0 if it is not in the store.
struct UnknownMailbox {
  const account::Account& account;
  const state::Store& store;
  state::MailboxId mailbox;
  const delivery::RunContext& context;
  Comparison& comparison;
};

/// Checks the mailbox, unless all its mail is wanted anyway (fetch_all). Throws Error{storage} if a mailhaul
/// with another database has delivered a listed message to the places, or half of the listing from another
/// host. Throws it as well if the same user's records at another host have half of the listed messages by UID
/// and size (or one in 100, if these are three or more), or half of a sample by header (at least three). The
/// headers of listed messages are read by TOP.
void require_no_lost_state(const UnknownMailbox& unknown, pop3::Session& session,
                           std::span<const pop3::Listed> listed);

}  // namespace mailhaul::engine
