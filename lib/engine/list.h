// SPDX-License-Identifier: MIT
// What is on the server, and what fetch would do with it: for check, list and fetch --dry-run.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/account.h"
#include "engine/environment.h"
#include "engine/plan.h"
#include "report/listener.h"
#include "util/error.h"

namespace mailhaul::engine {

struct ListedMessage {
  std::uint32_t number = 0;
  std::string uid;  ///< as shown and typed
  std::uint64_t bytes = 0;
  Action action = Action::leave;
  std::string_view reason;
  bool is_new = false;     ///< neither delivered nor marked as seen
  bool removes = false;    ///< fetch would remove it from the server in the end
  bool too_large = false;  ///< max_size keeps it on the server
  bool is_read = false;    ///< fetch reads all of it, to deliver it or to compare it
  /// Delivered, and kept by delete_after: when a run can remove it at the earliest.
  std::optional<state::Time> due;
  std::string date, from, subject, message_id;  ///< header fields as received, unfolded; only when asked for
};

struct MailboxListing {
  std::string account;
  std::vector<ListedMessage> messages;
  std::optional<util::Error> error;  ///< why the listing is not complete
};

enum class HeaderFields {
  leave_empty,
  read,  ///< by TOP for each message, if the server has it
};

/// What is asked of a mailbox.
struct ListRequest {
  HeaderFields fields = HeaderFields::leave_empty;
  bool only_new = false;
  /// For a dry run of fetch: what would stop the fetch at its start is an error here, not only a warning.
  bool as_fetch = false;
  std::size_t last = 0;  ///< only so many, those with the highest numbers; 0: all
  /// Takes each message as soon as its header fields are there; the listing is complete but for these.
  std::function<void(const MailboxListing&, const ListedMessage&)> show = {};
};

/// Fills in the header fields.
void take_header_fields(std::string_view header, ListedMessage& listed);

/// The event that reports the message to a listener. The event refers to `listed`.
report::MessageEvent event_of(const ListedMessage& listed);

/// Logs in, lists and plans. Delivers and removes nothing. Never throws util::Error.
MailboxListing list_mailbox(const account::Account& account, const Environment& environment,
                            report::Listener& listener, const ListRequest& request);

}  // namespace mailhaul::engine
