// SPDX-License-Identifier: MIT
#include "delivery/destination.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "delivery/maildir.h"
#include "delivery/mbox.h"
#include "delivery/mda.h"
#include "delivery/stdout.h"
#include "delivery/ticket_fields.h"
#include "util/escape.h"

namespace mailhaul::delivery {

std::unique_ptr<Destination> open(const Spec& spec, const RunContext& context) {
  if (spec.kind == "maildir") return open_maildir(spec.path, context);
  if (spec.kind == "mbox") return open_mbox(spec.path, {.kind = spec.lock}, context);
  if (spec.kind == "mda") return open_mda(spec, context);
  if (spec.kind == "stdout") return open_stdout(STDOUT_FILENO, context);
  throw util::Error(util::Kind::config, "there is no delivery of the kind " + util::escape(spec.kind));
}

std::unique_ptr<Destination> reopen(const Ticket& ticket, const RunContext& context) {
  const auto colon = ticket.target.find(':');
  const auto kind = ticket.target.substr(0, colon);
  const util::Path path = colon == std::string::npos ? "" : ticket.target.substr(colon + 1);
  if (kind == "maildir") return reopen_maildir(path, context);
  if (kind == "mbox") {
    const bool dotlock = TicketFields(ticket).number("dotlock") != 0;
    return reopen_mbox(path, {.kind = dotlock ? MboxLock::fcntl_dotlock : MboxLock::fcntl}, context);
  }
  if (kind == "mda") return reopen_mda(ticket.target, context);
  if (kind == "stdout") return reopen_stdout(context);
  throw util::Error(util::Kind::storage,
                    "an unfinished delivery is of a kind unknown here: " + util::escape(ticket.target),
                    "use the mailhaul that wrote it, or a later one");
}

std::string Ids::next() {
  constexpr std::int64_t second = 1'000'000;
  // Two runs within a second must not make the same: the part of it comes from the system's clock.
  struct timespec time {};
  ::clock_gettime(CLOCK_REALTIME, &time);
  last_micros_ = std::max(last_micros_ + 1, context_.now() * second + time.tv_nsec / 1000);
  std::array<char, 8> micros{};
  std::snprintf(micros.data(), micros.size(), "%06d", static_cast<int>(last_micros_ % second));
  return std::to_string(last_micros_ / second) + ".mh" + context_.instance + context_.mailbox + "m" +
         micros.data() + "." + context_.host;
}

std::string id_of(const Ticket& ticket) { return TicketFields(ticket).text("id"); }

}  // namespace mailhaul::delivery
