// SPDX-License-Identifier: MIT
// What the answer to a request means for its message: known, new, refused, or not to be kept.
#pragma once
#include <cstdint>
#include <string>

#include "engine/account_run.h"
#include "engine/matcher.h"
#include "engine/message_notes.h"
#include "engine/plan.h"
#include "engine/receive.h"
#include "engine/refusals.h"
#include "engine/removals.h"
#include "engine/requests.h"
#include "engine/settle.h"
#include "engine/unproven.h"
#include "net/refusal.h"
#include "pop3/session.h"

namespace mailhaul::engine {

/// What Answers works with; all of it outlives the Answers.
struct Parts {
  AccountRun& run;
  Settler& settler;
  Matcher& matcher;
  MessageNotes& notes;
  Requests& requests;
  Unproven& unproven;
  Removals& removals;
};

/// One thread at a time.
class Answers {
 public:
  explicit Answers(const Parts& parts)
      : parts_(parts), receiver_(parts.run, parts.settler, parts.matcher, parts.notes) {}

  /// Sets what is left of the limits of the run, for messages that prove to be new only when they are read.
  void limit(const Budget& budget) { budget_ = budget; }
  /// Reads the answer to its end. Throws what the session throws, and Error{storage} when the disk takes
  /// no more data.
  void take(const Request& request, pop3::Message& message);
  /// S1: an answer has followed the message read last, so that message has ended. It goes into the batch.
  void take_in_latest();
  /// Whether a refusal has ended all requests for messages in this session.
  [[nodiscard]] bool asks_no_more() const noexcept { return refusals_.stopped(); }
  /// A message was stored: the disk accepts data again.
  void stored() noexcept { storage_failures_ = 0; }

 private:
  void take_refusal(const Request& request, const std::string& words);
  void cannot_retrieve(const Step& step, const std::string& words, const net::Refusal& meant);
  void take_gone(const Step& step, const std::string& words, const net::Refusal& meant);
  void stop_asking(const Step& step, const std::string& words, const net::Refusal& meant);
  void take_header(const Request& request, pop3::Message& message);
  void take_whole(const Request& request, pop3::Message& message);
  void accept(const Request& request, IncomingMessage incoming, const Match& match);
  void confirm(const Request& request, state::Row row, const std::optional<MessageHashes>& hashes);
  void keep_if_replaced(const Step& step, const util::Hash& header);
  void over_limit(const Step& step, const Match& match);
  void drop_requests();
  void too_large(const Step& step, std::uint64_t octets, const std::optional<util::Hash>& header);
  void not_stored(const Step& step, std::uint64_t octets, const util::Error& error);

  Parts parts_;
  Receiver receiver_;
  Refusals refusals_;
  Budget budget_;
  int storage_failures_ = 0;  ///< in a row
};

}  // namespace mailhaul::engine
