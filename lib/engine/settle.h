// SPDX-License-Identifier: MIT
// The law in code: staged before intended, intended before published, published before DELE (LAW section 8).
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "delivery/destination.h"
#include "state/store.h"

namespace mailhaul::engine {

/// One message that is whole and invisible (S1) in each of its destinations.
struct Arrived {
  struct Copy {
    delivery::Destination* destination = nullptr;
    delivery::Ticket ticket;
    bool retry = false;  ///< it may have been handed over before: TRIED until it is taken
    bool published = false;
    delivery::DeliveryResult outcome;  ///< why it was not
  };
  std::uint32_t number = 0;  ///< in this session
  state::Row row;
  std::uint64_t bytes = 0;   ///< octets, as received
  bool elsewhere = false;    ///< an earlier run has delivered it to one of its places
  std::vector<Copy> copies;  ///< exactly-once destinations first: an MDA comes last
  bool delivered() const;    ///< S4 everywhere
};

/// Messages that are settled together: one flush, one transaction, one pair of directory syncs.
class Batch {
 public:
  void add(Arrived arrived);
  bool full() const;      ///< 8 MiB, 1,024 messages (fewer where a destination says so), or 2 s
  bool overfull() const;  ///< four times as much
  bool empty() const noexcept { return messages_.empty(); }
  std::vector<Arrived> take();  ///< leaves it empty

 private:
  std::vector<Arrived> messages_;
  std::uint64_t bytes_ = 0;
  std::size_t most_ = 1024;
  std::chrono::steady_clock::time_point begun_;
};

/// Carries batches from S1 to S5 for one account. One thread at a time; it starts one itself, so that a batch
/// is flushed while the next arrives. From begin() until wait() or finish() nobody else may use the store,
/// nor the destinations of the batch that is under way.
class Settler {
 public:
  Settler(state::Store& store, state::MailboxId mailbox, std::function<state::Time()> now);

  /// S2, S3, S4: here and nowhere else. Returns the messages with what became of each copy; those delivered()
  /// may be removed from the server. Throws: nothing of the batch may be removed, recovery decides. Nothing
  /// is under way.
  std::vector<Arrived> settle(std::vector<Arrived> messages);
  /// The same beside the caller, who gets what it returns or throws from finish().
  void begin(std::vector<Arrived> messages);
  bool under_way() const noexcept { return beside_.valid(); }
  bool done() const {
    return under_way() && beside_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  void wait() const;  ///< until nothing uses the store
  std::vector<Arrived> finish() { return beside_.get(); }
  bool failed() const noexcept { return failed_; }  ///< a batch could not be settled: no more should be
  /// Ends what destinations settle only when they are closed (stdout); returns what is delivered by that.
  /// Their rows become `handed_over` where they went nowhere else, now or before.
  std::vector<Arrived> close(const std::vector<std::unique_ptr<delivery::Destination>>& destinations,
                             state::Standing handed_over);
  void note(state::Row row) { noted_.rows.push_back(std::move(row)); }  ///< written with the next commit
  void forget(state::RowId row) { noted_.forgotten.push_back(row); }    ///< with the next commit
  void flush();  ///< S5: what was published is DELIVERED, durably
  /// Rows delivered in this session, for the mark of doubt.
  const std::vector<state::RowId>& delivered_rows() const noexcept { return delivered_rows_; }
  static void discard(std::vector<Arrived>& messages) noexcept;

 private:
  void take_notes();
  std::vector<Arrived> carry(std::vector<Arrived> messages);
  void stage(std::vector<Arrived>& messages);
  void intend(std::vector<Arrived>& messages);
  void publish(std::vector<Arrived>& messages);
  void hand_over(Arrived& message, Arrived::Copy& copy);
  void conclude(Arrived& message);
  void record_copies(const Arrived& message);
  void record_delivery(const Arrived& message);

  state::Store& store_;
  state::MailboxId mailbox_;
  std::function<state::Time()> now_;
  state::Change noted_;   ///< by the caller, while a batch may be under way
  state::Change landed_;  ///< published, not yet DELIVERED in the database
  std::vector<Arrived> awaiting_close_;
  std::vector<state::RowId> delivered_rows_;
  bool failed_ = false;
  std::vector<Arrived> carried_;              ///< the batch under way
  std::future<std::vector<Arrived>> beside_;  ///< last: its end is waited for before anything else goes
};

}  // namespace mailhaul::engine
