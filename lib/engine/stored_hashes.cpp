// SPDX-License-Identifier: MIT
#include "engine/stored_hashes.h"

#include <algorithm>
#include <optional>

#include "util/ascii.h"

namespace mailhaul::engine {

bool can_be_read(const account::Account& account) {
  return std::ranges::any_of(account.deliver, [](const auto& place) { return place.kind->read != nullptr; });
}

bool may_be_of(const account::Account& account, const delivery::RunContext& context,
               const delivery::StoredMessage& message) {
  const auto parts = delivery::parts_of_id(message.id);
  if (parts && parts->instance == context.instance) return parts->mailbox == context.mailbox;
  return message.server.empty() || util::lower(message.server) == util::lower(account.server.host);
}

bool is_of_another_database(const delivery::RunContext& context, const delivery::StoredMessage& message) {
  const auto parts = delivery::parts_of_id(message.id);
  return parts && parts->instance != context.instance;
}

void for_each_stored(const delivery::Spec& place, const delivery::RunContext& context,
                     const std::function<bool(const delivery::StoredMessage&)>& wanted,
                     const std::function<void(const delivery::StoredMessage&, const MessageHashes&)>& each) {
  if (place.kind->read == nullptr) return;
  std::optional<Fingerprint> print;
  delivery::StoredMessage current;
  const delivery::StoredMailVisitor visitor{.begin =
                                                [&](const delivery::StoredMessage& message) {
                                                  if (context.cancel->requested())
                                                    throw util::Error(util::Kind::cancelled, "stopped");
                                                  if (!wanted(message)) return false;
                                                  current = message;
                                                  print.emplace();
                                                  return true;
                                                },
                                            .append = [&](std::string_view wire) { print->add(wire); },
                                            .end = [&] { each(current, print->finish()); }};
  place.kind->read(place, context, visitor);
}

}  // namespace mailhaul::engine
