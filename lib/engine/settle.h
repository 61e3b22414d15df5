// SPDX-License-Identifier: MIT
// The law in code: staged before intended, intended before published, published before DELE (LAW section 8).
#pragma once
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/account_run.h"
#include "engine/batch.h"
#include "state/store.h"

namespace mailhaul::engine {

/// Carries batches from S1 to S5 for one account. One thread at a time; it starts another one itself, so that
/// a batch is flushed while the next arrives. While a batch is under way, nobody else may use the store,
/// except through store(), or the destinations of that batch.
class Settler {
 public:
  using Concluded = std::function<void(const ReceivedMessage&)>;
  /// `concluded` is called, in the caller's thread, for each message that was settled, with what became of
  /// each copy; those delivered() may be removed from the server.
  Settler(AccountRun& run, Concluded concluded);

  Batch& batch() noexcept { return batch_; }  ///< the batch that is arriving
  /// Takes all that has arrived through S2, S3 and S4, which happen nowhere else. If this throws, nothing of
  /// the batch may be removed from the server, and recovery decides.
  void settle();
  /// The same in another thread, while the next batch arrives. REQUIRES: the next batch uses other
  /// Destinations.
  void settle_beside();
  [[nodiscard]] bool under_way() const noexcept { return beside_.valid(); }
  [[nodiscard]] bool done() const;  ///< finish() would not wait
  void finish();                    ///< waits for the batch under way, if there is one
  /// The store; waits until no batch that uses it is under way.
  state::Store& store() const;

  /// True if a batch could not be settled: then no other batch may be.
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  /// Drops what has arrived.
  void drop();

  /// Closes the destinations, some of which deliver only then (stdout). Messages that this delivers get the
  /// standing `handed_over` if they went nowhere else, now or before.
  void close(const std::vector<std::unique_ptr<delivery::Destination>>& destinations,
             state::Standing handed_over);
  void write_with_next_commit(state::Row row) { for_next_commit_.rows.push_back(std::move(row)); }
  /// The row as it waits for the next commit; if it does not, as it is stored.
  [[nodiscard]] std::optional<state::Row> row(state::RowId id) const;
  void forget_with_next_commit(state::RowId row) { for_next_commit_.forgotten.push_back(row); }
  /// S5: records, durably, that what was published is DELIVERED.
  void commit();
  /// For a session that ends in doubt: durably marks its rows and `more` as suspect. Rows that are settled
  /// from now on become suspect in the commit that records their INTENT. Also commits S5. REQUIRES: no batch
  /// is under way.
  void suspect(std::span<const state::RowId> more);

 private:
  void conclude(const std::vector<ReceivedMessage>& messages) const;
  void take_notes();
  std::vector<ReceivedMessage> carry(std::vector<ReceivedMessage> messages);
  void stage(std::vector<ReceivedMessage>& messages);
  void intend(std::vector<ReceivedMessage>& messages);
  void publish(std::vector<ReceivedMessage>& messages);
  bool withhold(const ReceivedMessage& message, ReceivedMessage::Copy& copy);
  void hand_over(ReceivedMessage& message, ReceivedMessage::Copy& copy);
  void record(ReceivedMessage& message);
  void record_copies(const ReceivedMessage& message);
  void record_delivery(const ReceivedMessage& message);

  AccountRun& run_;
  state::Store& store_;
  state::MailboxId mailbox_;
  Concluded concluded_;
  Batch batch_;
  state::Change for_next_commit_;  ///< by the caller, while a batch may be under way
  state::Change unrecorded_;       ///< published, not yet DELIVERED in the database
  std::vector<ReceivedMessage> awaiting_close_;
  std::vector<state::RowId> intended_rows_;  ///< of this session
  bool suspect_ = false;                     ///< rows are written as suspect from now on
  bool failed_ = false;
  std::vector<ReceivedMessage> carried_;  ///< the batch under way
  /// The last member: the batch under way is waited for before anything else is destroyed.
  std::future<std::vector<ReceivedMessage>> beside_;
};

}  // namespace mailhaul::engine
