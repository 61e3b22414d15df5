// SPDX-License-Identifier: MIT
// Delivery in two phases: staged durably where no reader looks, then published; LAW sections 3 to 5.
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
  std::string account;         ///< its name: %a, MAILHAUL_ACCOUNT
  std::string instance;        ///< of the state database: part of every name we make
  std::string mailbox;         ///< its id in the state database: part of every name we make
  std::string host;            ///< this machine's name, "/" and ":" as \057, \072
  std::string boot;            ///< the kernel's boot id
  std::string user;            ///< whom we run as: %T
  util::Path state_directory;  ///< the database's: for spools (spool/) and the MDA's lock
  std::function<std::chrono::sys_time<std::chrono::microseconds>()> now;
  /// Says a thing once a run, however often it is called. Any thread.
  std::function<void(std::string_view sentence, std::string_view hint)> warn;
  /// Hears what a program wrote although it took the message. Any thread; may be empty.
  std::function<void(std::string_view sentence)> note;
  const util::Cancel* cancel = nullptr;

  /// now(), in seconds since 1970.
  std::int64_t seconds() const {
    return std::chrono::floor<std::chrono::seconds>(now()).time_since_epoch().count();
  }
};

/// What a message comes with.
struct Envelope {
  std::string id;            ///< stable id: Maildir's unique name, %i, MAILHAUL_ID
  std::string trace_header;  ///< put first, LF line end included; empty: none
  bool retry = false;        ///< it may have been handed over before: MAILHAUL_RETRY=1
};

/// All that recovery may use; stored verbatim.
struct Ticket {
  std::string target;  ///< "maildir:/absolute/path": what reopen() reads
  std::string data;    ///< the destination's own; holds the id
};

enum class DeliveryStatus { published, rejected, later, doubt };
struct DeliveryResult {
  DeliveryStatus status = DeliveryStatus::published;
  std::string sentence, hint;  ///< when not published
};

/// One message on its way in. Destroyed before finish(): leaves nothing behind.
class Writer {
 public:
  virtual ~Writer() = default;
  virtual void append(
      std::string_view wire) = 0;  ///< bytes as the server sent them, dots removed. Throws Error{storage}
  virtual Ticket finish() = 0;     ///< S1: whole and invisible, not yet durable. Throws Error{storage}
};

/// One place where mail goes, for one account. One thread at a time. The destructor releases locks, undoes
/// nothing.
class Destination {
 public:
  virtual ~Destination() = default;
  virtual const std::string& target() const noexcept = 0;  ///< "maildir:/absolute/path"
  virtual const Traits& traits() const noexcept = 0;       ///< those of its kind
  virtual std::unique_ptr<Writer> begin(const Envelope& envelope, std::uint64_t announced_bytes) = 0;
  /// S2: durable. May complete the tickets. mbox: locked from here until publish() or discard() ends, offsets
  /// fixed. A throw leaves nothing visible and the tickets void.
  virtual void stage(std::span<Ticket> tickets) = 0;
  /// S4: visible and durable. A throw: recovery decides. Handed over: one ticket a call.
  virtual std::vector<DeliveryResult> publish(std::span<const Ticket> tickets) = 0;
  /// Finished messages that will not be intended: their temporary files go. Never throws.
  virtual void discard(std::span<const Ticket> tickets) noexcept = 0;
  /// Completes, from the tickets alone, what a dead process left. Idempotent; creates no folder or mailbox.
  /// `doubt`: it cannot be told whether the message was delivered; `later`: it was not. Throws Error{storage}
  /// when the place is not the one in the ticket.
  virtual std::vector<DeliveryResult> recover(std::span<const Ticket> tickets) = 0;
  /// Removes temporary files of our instance and this mailbox but those in `keep`, the open tickets of the
  /// whole database. Never throws.
  virtual void sweep(std::span<const Ticket> keep) noexcept = 0;
  /// After the last publish(): what must still happen (stdout: everything was read). Throws Error{storage}.
  virtual void close() {}
};

/// Opens what a profile names, creating it where the kind says so.
/// Throws Error{cannot_create | storage | config | temporary}.
std::unique_ptr<Destination> open(const Spec& spec, const RunContext& context);
/// Opens what a ticket names; creates nothing. Throws Error{storage} with a hint when it is missing or
/// another one.
std::unique_ptr<Destination> reopen(const Ticket& ticket, const RunContext& context, Kinds among = kinds());

/// Makes stable ids: "<seconds>.mh<instance><mailbox>m<microseconds>.<host>", strictly increasing. One thread
/// at a time.
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
