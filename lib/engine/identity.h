// SPDX-License-Identifier: MIT
// Which row of the state database a listed message is (LAW section 1, Identity).
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/fingerprint.h"
#include "engine/plan.h"
#include "engine/uidl_index.h"
#include "net/refusal.h"
#include "pop3/session.h"
#include "state/store.h"

namespace mailhaul::engine {

/// The server refused TOP, naming a limit, for a message of this size.
struct HeaderRefused : net::RefusedError {
  HeaderRefused(const net::RefusedError& error, std::uint64_t announced)
      : RefusedError(error), bytes(announced) {}
  std::uint64_t bytes;
};

/// What is recorded about a mailbox's messages. Owns none of it.
struct KnownMail {
  const state::MailboxRows& rows;
  const state::Store& store;
  state::MailboxId mailbox;
  std::string_view account;  ///< its name
};

/// Identifies each message of the index's listing: by its UIDL, else by the header from TOP n 0 (pipelined)
/// and the size, else (without TOP, or if TOP may break the session) marks it by_content. Throws what the
/// session throws, HeaderRefused, and Error{temporary} if UIDL is refused and rows have UIDs.
[[nodiscard]] std::vector<Identity> identify(pop3::Session& session, UidlIndex index, const KnownMail& known);

/// Reads the answer to TOP; `content` of the result has no meaning. Empty: the server refused TOP.
[[nodiscard]] std::optional<MessageHashes> top_of(pop3::Message& message);
/// The same, but only the header's hash.
[[nodiscard]] std::optional<util::Hash> header_of(pop3::Message& message);

/// Ids of rows that no message of this listing has, gone ones included; sorted.
[[nodiscard]] std::vector<state::RowId> rows_without_message(std::span<const Identity> identities,
                                                             const state::MailboxRows& recorded);

/// Those of them whose message is absent, without rows that have the UIDL of a message that only its content
/// identifies: that message may be theirs. `identities` runs parallel to `listed`.
[[nodiscard]] std::vector<state::RowId> absent_rows(std::span<const Identity> identities,
                                                    std::span<const pop3::Listed> listed,
                                                    const state::MailboxRows& recorded);

/// The rows in `absent` that must become suspect now: when their UIDL is listed again, it may belong to
/// another message. Store this at once: if the next listing has their UIDLs again, nothing else tells that
/// the rows were absent.
[[nodiscard]] std::vector<state::RowId> newly_suspect(std::span<const state::RowId> absent,
                                                      const state::MailboxRows& recorded);

/// Whether anything is recorded that tells one message of the mailbox from another.
[[nodiscard]] bool knows_any_message(const KnownMail& known);

}  // namespace mailhaul::engine
