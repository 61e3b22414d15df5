// SPDX-License-Identifier: MIT
#include "engine/list.h"

#include <algorithm>
#include <utility>

#include "engine/account_run.h"
#include "engine/header_field.h"
#include "engine/read_only_session.h"
#include "engine/uid.h"

namespace mailhaul::engine {

namespace {

void read_header_fields(pop3::Session& session, std::vector<ListedMessage>& messages) {
  if (!session.capabilities().top) return;
  for (const auto& listed : messages)
    session.want({.number = listed.number, .bytes = 0, .header_only = true});
  for (auto& listed : messages) {
    pop3::Message& message = session.next();
    const auto header = read_header(message);
    listed.date = header_field(header, "Date:");
    listed.from = header_field(header, "From:");
    listed.subject = header_field(header, "Subject:");
  }
}

bool is_new(const Step& step) {
  return step.identity.row == nullptr || step.identity.row->standing == state::Standing::pending;
}

/// A message that is fetched or compared is removed in the same run, unless it was marked as seen.
bool removes(const Step& step, const account::Policy& policy) {
  if (step.action == Action::remove) return true;
  if (policy.leave_on_server) return false;
  const auto* row = step.identity.row;
  return step.action == Action::fetch ||
         (step.action == Action::verify && (row == nullptr || row->standing != state::Standing::seen));
}

}  // namespace

MailboxListing list_mailbox(const account::Account& account, const Environment& environment,
                            report::Listener& listener, HeaderFields fields) {
  MailboxListing listing{.account = account.name, .messages = {}, .error = {}};
  try {
    ReadOnlySession look(account, environment, listener);
    const auto policy = policy_of(account);
    const auto planned =
        plan(std::move(look.listed), std::move(look.identities), policy, {.now = environment.now()});
    for (const auto& step : planned.steps) {
      listing.messages.push_back({.number = step.message.number,
                                  .uid = shown_uid(step.message, step.identity.header),
                                  .bytes = step.message.bytes,
                                  .action = step.action,
                                  .reason = step.reason,
                                  .is_new = is_new(step),
                                  .removes = removes(step, policy)});
    }
    if (std::ranges::any_of(planned.steps, [](const Step& step) { return step.identity.by_content; })) {
      listener.warned(
          account.name,
          {.sentence = "the server has neither UIDL nor TOP: only fetch can tell which messages are new",
           .hint = "fetch compares contents, and delivers nothing twice",
           .uid = {}});
    }
    if (fields == HeaderFields::read) read_header_fields(look.session, listing.messages);
    look.leave();
  } catch (const util::Error& error) {
    listing.error = error;
  }
  return listing;
}

}  // namespace mailhaul::engine
