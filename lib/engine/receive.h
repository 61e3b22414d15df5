// SPDX-License-Identifier: MIT
// Reads one message from the wire to S1: into a writer for each of its places.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/account_run.h"
#include "engine/fingerprint.h"
#include "engine/matcher.h"
#include "engine/message_notes.h"
#include "engine/settle.h"
#include "pop3/session.h"

namespace mailhaul::engine {

/// A message that was read to its end, and the copies that were begun.
struct IncomingMessage {
  struct Copy {
    delivery::Destination* destination;
    std::unique_ptr<delivery::Writer> writer;
    bool may_be_repeated;  ///< it may have been handed over before
  };
  std::uint64_t octets = 0;       ///< as received
  bool too_large = false;         ///< larger than max_size, although LIST announced less: it has no copies
  bool has_header = false;        ///< it began with anything but an empty line
  bool has_body = false;          ///< something followed the header
  bool begins_as_answer = false;  ///< with "+OK": perhaps an answer too many came before it
  MessageHashes hashes;
  TitleFields title;
  std::vector<Copy> copies;
  std::optional<util::Error> failure;  ///< of a writer: the message stays on the server, the others go on
};

/// One thread at a time.
class Receiver {
 public:
  Receiver(AccountRun& run, Settler& settler, const Matcher& matcher, MessageNotes& notes)
      : run_(run), settler_(settler), matcher_(matcher), notes_(notes) {}

  /// Reads the message into all of its places. Throws what the session throws, and Error{temporary} when the
  /// message cannot be kept and has no end.
  [[nodiscard]] IncomingMessage read(const Step& step, pop3::Message& message);
  /// Whether less arrived than LIST announced: nothing at all, or only a header. Some servers list mail
  /// before its body is there. The message then comes last, and is reported if it is not delivered yet.
  [[nodiscard]] bool is_incomplete(const Step& step, const IncomingMessage& incoming);
  /// Drops the copies for places that have the message already, and warns about places that may get it twice.
  /// Returns whether an earlier run delivered it somewhere.
  [[nodiscard]] bool drop_delivered_copies(const Step& step, IncomingMessage& incoming,
                                           const state::Row& row);
  /// S1: makes the message's copies whole. If this throws Error{storage}, none of them is left.
  static void finish(IncomingMessage& incoming, ReceivedMessage& message);

 private:
  std::optional<std::uint64_t> least_overstated() const;
  std::uint64_t most_missing(const Step& step, const IncomingMessage& incoming);
  void open_writers(const Step& step, IncomingMessage& incoming);
  delivery::Envelope envelope(std::string id, bool may_be_repeated) const;
  void warn_of_copy(const Step& step, const state::Landing& landing, IncomingMessage::Copy* copy);
  [[noreturn]] void give_up(const Step& step, const IncomingMessage& incoming);

  AccountRun& run_;
  Settler& settler_;
  const Matcher& matcher_;
  MessageNotes& notes_;
};

}  // namespace mailhaul::engine
