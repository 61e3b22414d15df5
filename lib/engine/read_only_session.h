// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "account/account.h"
#include "engine/environment.h"
#include "engine/identity.h"
#include "net/connection.h"
#include "pop3/session.h"
#include "report/listener.h"
#include "state/store.h"
#include "util/fd.h"

namespace mailhaul::engine {

/// A session that lists the mailbox, and by itself removes nothing. The mailbox is locked as long as the
/// object lives. Writes nothing to the store, except that a refused login is counted. One thread at a time;
/// does not move, since its members refer to one another.
struct ReadOnlySession {
  /// Locks, logs in, lists the messages and finds their rows. Throws what these throw.
  ReadOnlySession(const account::Account& account, const Environment& environment,
                  report::Listener& listener);
  ReadOnlySession(const ReadOnlySession&) = delete;
  ReadOnlySession& operator=(const ReadOnlySession&) = delete;

  /// The indexes in `listed` of the messages with these UIDs, or numbers ("#N"), as typed, in the order
  /// typed; several if a UID is not unique. Throws Error{usage} for a UID that is not listed.
  std::vector<std::size_t> indexes_of(std::span<const std::string> uids) const;
  /// The UID of a listed message as shown.
  std::string uid_of(std::size_t index) const;
  /// Whether the server names no message: it has neither UIDL nor TOP, as far as this listing shows.
  [[nodiscard]] bool names_no_message() const;
  /// Throws Error{unavailable} "... cannot be <done>: ..." if the message is identified by its content only.
  void require_identity(std::size_t index, const std::string& done, const std::string& hint) const;
  /// Ends the session. With EXPIRE 0 a server may remove at QUIT what was retrieved (RFC 2449 section 6.7),
  /// so the connection is then closed without QUIT.
  void leave();

  /// Tells the listener when the session is over, however it ends.
  struct Waiting {
    ~Waiting() { listener.done(account.name); }
    const account::Account& account;
    report::Listener& listener;
  };
  const account::Account& account;
  Waiting waiting;
  net::Trace trace;
  std::mutex writes;
  state::Store store;
  util::Fd lock;
  state::MailboxId mailbox;  ///< 0: the store does not know it yet
  state::Server server;
  net::LoggedIn opened;
  pop3::Session session;
  std::vector<pop3::Listed> listed;
  state::MailboxRows rows;           ///< empty if the store does not know the mailbox
  std::vector<Identity> identities;  ///< of each listed message
};

}  // namespace mailhaul::engine
