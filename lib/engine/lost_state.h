// SPDX-License-Identifier: MIT
// Notices that the records of a mailbox are lost, or are under another name: its mail must not arrive twice.
#pragma once
#include <span>

#include "account/account.h"
#include "delivery/destination.h"
#include "pop3/session.h"
#include "state/store.h"

namespace mailhaul::engine {

/// The comparison of headers with those of the same user's mail at other hosts. A server that breaks off the
/// session meanwhile is spared it for the rest of the run.
enum class Comparison { wanted, under_way, given_up };

/// A mailbox of which nothing is recorded; `mailbox` is 0 if it is not in the store.
struct UnknownMailbox {
  const account::Account& account;
  const state::Store& store;
  state::MailboxId mailbox;
  const delivery::RunContext& context;
  Comparison& comparison;
};

/// Checks the mailbox, unless all its mail is wanted anyway (fetch_all). Throws Error{storage} if the
/// places hold a listed message that a mailhaul with another database delivered, or half of the listed ones
/// as such a mailhaul delivered them from another host, and if half of them are known as those of the same
/// user at another host, by their UIDs or, for a sample of them, by their headers. Mail in the places is
/// recognised by its headers, by TOP.
void require_no_lost_state(const UnknownMailbox& unknown, pop3::Session& session,
                           std::span<const pop3::Listed> listed);

}  // namespace mailhaul::engine
