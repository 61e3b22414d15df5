// SPDX-License-Identifier: MIT
#include "delivery/destination.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "delivery/ticket_fields.h"
#include "util/escape.h"

namespace mailhaul::delivery {

std::unique_ptr<Destination> open(const Spec& spec, const RunContext& context) {
  return spec.kind->open(spec, context);
}

std::unique_ptr<Destination> reopen(const Ticket& ticket, const RunContext& context, Kinds among) {
  const auto* kind = find_kind(ticket.target.substr(0, ticket.target.find(':')), among);
  if (kind != nullptr) return kind->reopen(ticket, context);
  throw util::Error(
      util::Kind::storage,
      "an unfinished delivery has a kind that this mailhaul does not know: " + util::escape(ticket.target),
      "use the mailhaul that wrote it, or a later one");
}

std::string Ids::next() {
  constexpr std::int64_t second = 1'000'000;
  // Microseconds, because two runs within a second must not make the same id.
  last_micros_ = std::max(last_micros_ + 1, std::int64_t{context_.now().time_since_epoch().count()});
  std::array<char, 8> micros{};
  std::snprintf(micros.data(), micros.size(), "%06d", static_cast<int>(last_micros_ % second));
  return std::to_string(last_micros_ / second) + ".mh" + context_.instance + context_.mailbox + "m" +
         micros.data() + "." + context_.host;
}

std::string id_of(const Ticket& ticket) { return TicketFields(ticket).text("id"); }

}  // namespace mailhaul::delivery
