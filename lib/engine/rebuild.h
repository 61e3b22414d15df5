// SPDX-License-Identifier: MIT
// The mail in an account's places, and what is recorded about it. Nothing here uses the network.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "account/account.h"
#include "engine/environment.h"

namespace mailhaul::engine {

struct Rebuilt {
  std::size_t read = 0;        ///< messages in the places
  std::size_t recorded = 0;    ///< those that were not recorded before, now recorded as delivered
  std::size_t unfinished = 0;  ///< the same, but recorded as pending, because some place may lack it
};

/// Records the mail in the account's Maildirs and mboxes as delivered, by its content: the next session
/// recognises what the server still has of it, and does not deliver it again. With several destinations, a
/// message of the last minutes that is not in all of them may belong to a batch that a killed run left half
/// delivered: the next session delivers it to the others, and to a program, whose mail cannot be read back.
/// Throws Error; Error{usage} for an account without a Maildir or an mbox, Error{temporary} while another run
/// is at work on the mailbox. `old_host`, if not empty, is the former name of the server: mail from there
/// counts, too.
Rebuilt rebuild(const account::Account& account, const Environment& environment,
                const std::string& old_host = {});

/// A delivered message that was changed after its delivery.
struct ChangedMessage {
  std::string uid, where;
};
struct Verified {
  std::size_t unchanged = 0;
  std::size_t missing = 0;  ///< no longer in the places, as far as can be seen
  std::vector<ChangedMessage> changed;
};

/// Compares the messages that are recorded as delivered with the mail in the account's places. Throws like
/// rebuild().
Verified verify(const account::Account& account, const Environment& environment);

}  // namespace mailhaul::engine
