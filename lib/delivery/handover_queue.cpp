// SPDX-License-Identifier: MIT
#include "delivery/handover_queue.h"

namespace mailhaul::delivery {

const QueuedMessage& HandoverQueue::at(const std::string& id) const {
  const auto found = messages_.find(id);
  if (found == messages_.end()) throw util::Error(util::Kind::internal, "no message waits under " + id);
  return found->second;
}

HandoverWriter::HandoverWriter(HandoverQueue& queue, const RunContext& context, const Envelope& envelope,
                               Setup setup)
    : queue_(queue),
      setup_(std::move(setup)),
      message_{util::nameless_file(context.state_directory), envelope, {}, 0},
      buffered_(message_.file.get(), context.state_directory / "a waiting message", WriteBack::none),
      formatter_(buffered_, setup_.form, envelope, context.seconds()) {}

Ticket HandoverWriter::finish() {
  formatter_.finish();
  buffered_.write_out();
  message_.sender = formatter_.sender();
  message_.bytes = buffered_.bytes();
  queue_.put(std::move(message_));
  return setup_.ticket;
}

}  // namespace mailhaul::delivery
