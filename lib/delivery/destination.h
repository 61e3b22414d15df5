// SPDX-License-Identifier: MIT
// Delivery in two phases: a message is first made durable where no reader looks, and then published (LAW
// sections 3 to 5).
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/kinds.h"
#include "delivery/spec.h"
#include "util/cancel.h"
#include "util/file.h"

namespace mailhaul::delivery {

/// What a destination must know of the run. Outlives the destinations.
struct RunContext {
  std::string account;         ///< the account's name: %a, MAILHAUL_ACCOUNT
  std::string instance;        ///< of the state database: part of each file name
  std::string mailbox;         ///< its id in the state database: part of each file name
  std::string host;            ///< this machine's name, with "/" and ":" written as \057 and \072
  std::string boot;            ///< the kernel's boot id
  std::string user;            ///< the user that mailhaul runs as: %T
  util::Path state_directory;  ///< of the database; holds the spools (spool/) and the lock of the MDA
  std::function<std::chrono::sys_time<std::chrono::microseconds>()> now;
  /// Warns the user, once in a run for each sentence. Called from any thread.
  std::function<void(std::string_view sentence, std::string_view hint)> warn;
  /// Receives what a program wrote although it succeeded. Called from any thread; may be empty.
  std::function<void(std::string_view sentence)> note;
  const util::Cancel* cancel = nullptr;

  /// now(), in seconds since 1970.
  std::int64_t seconds() const {
    return std::chrono::floor<std::chrono::seconds>(now()).time_since_epoch().count();
  }
};

/// What a destination has to know about a message besides its bytes.
struct Envelope {
  std::string id;                ///< stable id: Maildir's unique name, %i, MAILHAUL_ID
  std::string trace_header;      ///< written first; ends in LF; empty: none
  bool may_be_repeated = false;  ///< it may have been handed over before: MAILHAUL_RETRY=1
};

/// All that recovery may use to complete a delivery. Stored verbatim in the database.
struct Ticket {
  std::string target;  ///< "maildir:/absolute/path"; read by reopen()
  std::string data;    ///< in the destination's own format; contains the id
};

enum class DeliveryStatus {
  published,
  rejected,
  unfit,  ///< rejected for its content (EX_DATAERR)
  later,  ///< the place asks to try again
  doubt
};
struct DeliveryResult {
  DeliveryStatus status = DeliveryStatus::published;
  std::string sentence, hint;  ///< when not published
  std::string by_hand;         ///< if a program refused the message: its command line, for a person to try
  std::string path;            ///< the file that the message is in, if it was published into a file
};

/// Receives one message. If it is destroyed before finish(), nothing is left behind.
class Writer {
 public:
  virtual ~Writer() = default;
  /// Takes bytes as the server sent them, without the stuffed dots. Throws Error{storage}.
  virtual void append(std::string_view wire) = 0;
  /// S1: the message is whole and invisible, but not yet durable. Throws Error{storage}.
  [[nodiscard]] virtual Ticket finish() = 0;
};

/// One place where the mail of one account goes. Used by one thread at a time. The destructor releases locks
/// and undoes nothing.
class Destination {
 public:
  virtual ~Destination() = default;
  virtual const std::string& target() const noexcept = 0;  ///< "maildir:/absolute/path"
  virtual const Traits& traits() const noexcept = 0;       ///< those of its kind
  [[nodiscard]] virtual std::unique_ptr<Writer> begin(const Envelope& envelope,
                                                      std::uint64_t announced_bytes) = 0;
  /// S2: makes the messages durable; may complete the tickets. An mbox is locked from here until publish() or
  /// discard() ends. If this throws, nothing is visible and the tickets are void.
  virtual void stage(std::span<Ticket> tickets) = 0;
  /// S4: makes the messages visible and durable. If this throws, recovery decides. REQUIRES: one ticket per
  /// call if messages are handed over.
  [[nodiscard]] virtual std::vector<DeliveryResult> publish(std::span<const Ticket> tickets) = 0;
  /// Removes the temporary files of finished messages that will not be intended. Never throws.
  virtual void discard(std::span<const Ticket> tickets) noexcept = 0;
  /// Completes what a killed process left, from the tickets alone. Idempotent; creates no folder or mbox.
  /// `doubt`: nobody can tell whether the message was delivered; `later`: it was not. Throws Error{storage}
  /// if the place is not the one in the ticket.
  [[nodiscard]] virtual std::vector<DeliveryResult> recover(std::span<const Ticket> tickets) = 0;
  /// Removes temporary files of our instance and this mailbox, except those of `keep`, the open tickets of
  /// the whole database. Never throws.
  virtual void sweep(std::span<const Ticket> keep) noexcept = 0;
  /// Called after the last publish(). Standard output waits here until everything was read. Throws
  /// Error{storage}.
  virtual void close() {}
};

/// Opens what a profile names, and creates it if the kind allows that.
/// Throws Error{cannot_create | storage | config | temporary}.
[[nodiscard]] std::unique_ptr<Destination> open(const Spec& spec, const RunContext& context);
/// Opens what a ticket names; creates nothing. Throws Error{storage} with a hint if it is missing or was
/// replaced.
[[nodiscard]] std::unique_ptr<Destination> reopen(const Ticket& ticket, const RunContext& context,
                                                  Kinds among = kinds());

/// Makes stable ids: "<seconds>.mh<instance><mailbox>m<microseconds>.<host>", strictly increasing. Used by
/// one thread at a time.
class Ids {
 public:
  explicit Ids(const RunContext& context) : context_(context) {}
  std::string next();

 private:
  const RunContext& context_;
  std::int64_t last_micros_ = 0;
};

/// The id inside a ticket's data.
std::string id_of(const Ticket& ticket);

}  // namespace mailhaul::delivery
