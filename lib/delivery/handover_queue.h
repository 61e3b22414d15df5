// SPDX-License-Identifier: MIT
#pragma once
#include <map>
#include <string>

#include "delivery/buffered_file.h"
#include "delivery/destination.h"
#include "delivery/formatter.h"
#include "util/fd.h"

namespace mailhaul::delivery {

/// A finished message in a file without a name, waiting to be handed over.
struct QueuedMessage {
  util::Fd file;
  Envelope envelope;
  std::string sender;
  std::uint64_t bytes = 0;
};

/// The waiting messages. They disappear when the process ends.
class HandoverQueue {
 public:
  void put(QueuedMessage message) { messages_.insert_or_assign(message.envelope.id, std::move(message)); }
  const QueuedMessage& at(const std::string& id) const;  ///< throws Error{internal} if there is none
  void remove(const std::string& id) noexcept { messages_.erase(id); }

 private:
  std::map<std::string, QueuedMessage, std::less<>> messages_;
};

/// Writes a message into the queue.
class HandoverWriter final : public Writer {
 public:
  struct Setup {
    StoredForm form;
    Ticket ticket;  ///< what finish() returns
  };
  HandoverWriter(HandoverQueue& queue, const RunContext& context, const Envelope& envelope, Setup setup);
  void append(std::string_view wire) override { formatter_.append(wire); }
  Ticket finish() override;

 private:
  HandoverQueue& queue_;
  Setup setup_;
  QueuedMessage message_;
  BufferedFile buffered_;
  Formatter formatter_;
};

}  // namespace mailhaul::delivery
