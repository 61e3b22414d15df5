// SPDX-License-Identifier: MIT
#include "engine/list.h"

#include <algorithm>
#include <utility>

#include "engine/account_run.h"
#include "engine/header_field.h"
#include "engine/identity.h"
#include "engine/lost_state.h"
#include "engine/moved_uids.h"
#include "engine/read_only_session.h"
#include "engine/requests.h"
#include "engine/uid.h"

namespace mailhaul::engine {

namespace {

/// Shows each message as soon as all about it is known.
void show_all(pop3::Session& session, MailboxListing& listing, const ListRequest& request,
              report::Listener& listener) {
  const bool with_headers = request.fields == HeaderFields::read && session.capabilities().top;
  if (with_headers) listener.planned(listing.account, static_cast<std::uint32_t>(listing.messages.size()), 0);
  for (const auto& listed : listing.messages)
    if (with_headers) session.want({.number = listed.number, .bytes = 0, .header_only = true});
  for (auto& listed : listing.messages) {
    if (with_headers) take_header_fields(read_header(session.next()), listed);
    if (with_headers) listener.arrived(listing.account);
    if (request.show) request.show(listing, listed);
  }
}

/// Drops the messages that were not asked for.
void narrow(std::vector<ListedMessage>& messages, const ListRequest& request) {
  if (request.only_new) std::erase_if(messages, [](const auto& message) { return !message.is_new; });
  if (request.last == 0 || request.last >= messages.size()) return;
  std::vector<std::uint32_t> numbers;
  for (const auto& message : messages) numbers.push_back(message.number);
  std::ranges::sort(numbers, std::greater());
  const auto least = numbers[request.last - 1];
  std::erase_if(messages, [&](const auto& message) { return message.number < least; });
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

/// A run marks the message once delete_after has passed; another one removes it an hour later (plan.cpp).
std::optional<state::Time> due_of(const Step& step, const account::Policy& policy, state::Time now) {
  const auto* row = step.identity.row;
  const bool is_kept = row != nullptr && row->standing == state::Standing::delivered && row->delivered &&
                       step.action == Action::leave && !step.is_unsized;
  if (!is_kept || !policy.leave_on_server || !policy.delete_after) return std::nullopt;
  constexpr auto pause = std::chrono::hours(1);
  return (row->due ? *row->due : std::max(*row->delivered + *policy.delete_after, now)) + pause;
}

/// If a fetch would stop because the mailbox's records are lost: warns, or throws if `as_fetch` is set.
void look_for_lost_state(ReadOnlySession& read_only, const Environment& environment,
                         report::Listener& listener, const ListRequest& request) {
  if (knows_any_message({read_only.rows, read_only.store, read_only.mailbox, read_only.account.name})) return;
  const auto context = context_of(read_only.account, environment, read_only.store, read_only.mailbox);
  try {
    auto comparison = Comparison::wanted;
    require_no_lost_state({read_only.account, read_only.store, read_only.mailbox, context, comparison},
                          read_only.session, read_only.listed);
  } catch (const util::Error& error) {
    if (request.as_fetch || error.kind() != util::Kind::storage) throw;
    listener.warned(read_only.account.name, {.sentence = error.what(), .hint = error.hint(), .uid = {}});
  }
}

/// Warns if a fetch would not offer all these messages to a program that refused everything before.
void tell_refusing_places(const ReadOnlySession& read_only, const Environment& environment,
                          report::Listener& listener, const std::vector<ListedMessage>& messages) {
  const auto to_fetch = std::ranges::count(messages, Action::fetch, &ListedMessage::action);
  if (to_fetch == 0) return;
  auto refusing = refusing_places_of(read_only.account, environment, read_only.store, read_only.mailbox);
  if (refusing.text().empty()) return;
  const auto context = context_of(read_only.account, environment, read_only.store, read_only.mailbox);
  for (const auto& spec : read_only.account.deliver) {
    if (spec.kind->traits.exactly_once()) continue;
    try {
      refusing.kept_from(environment.open(spec, context)->target());
    } catch (const util::Error&) {  // a fetch reports what is wrong with the place
    }
  }
  if (const auto error = refusing.error(static_cast<std::size_t>(to_fetch), environment))
    listener.warned(read_only.account.name, {.sentence = error->what(), .hint = error->hint(), .uid = {}});
}

/// Warns if only the content of some messages can show whether they are new.
void warn_of_unnamed(const ReadOnlySession& read_only, report::Listener& listener) {
  if (std::ranges::none_of(read_only.identities, &Identity::by_content)) return;
  listener.warned(
      read_only.account.name,
      {.sentence = read_only.names_no_message()
                       ? "the server has neither UIDL nor TOP: only fetch can tell which messages are new"
                       : "some messages have no unique UID, and their headers could not be read: only fetch "
                         "can tell whether they are new",
       .hint = "fetch compares contents, and delivers nothing twice",
       .uid = {}});
}

ListedMessage listed_message(const Step& step, const account::Policy& policy, ServerTraits traits,
                             state::Time now) {
  const auto first = first_request(step, traits);
  return {.number = step.message.number,
          .uid = shown_uid(step.message, step.identity.header),
          .bytes = step.message.bytes,
          .action = step.action,
          .reason = step.reason,
          .is_new = is_new(step),
          .removes = removes(step, policy),
          .too_large = step.too_large,
          .is_read = first && first->ask == Ask::whole,
          .due = due_of(step, policy, now),
          .date = {},
          .from = {},
          .subject = {},
          .message_id = {}};
}

/// A fetch takes such a message for new, and then finds that it is known: shows it as known at once.
void compare_only(ListedMessage& message) {
  if (message.action != Action::fetch) return;
  message.action = Action::verify;
  message.reason = "known by its header under another UID; its content is compared";
  message.is_new = false;
}

}  // namespace

void take_header_fields(std::string_view header, ListedMessage& listed) {
  listed.date = header_field(header, "Date:");
  listed.from = header_field(header, "From:");
  listed.subject = header_field(header, "Subject:");
  listed.message_id = header_field(header, "Message-ID:");
}

report::MessageEvent event_of(const ListedMessage& listed) {
  return {.number = listed.number,
          .uid = listed.uid,
          .bytes = listed.bytes,
          .action = listed.action,
          .reason = listed.reason,
          .from = listed.from,
          .subject = listed.subject,
          .message_id = listed.message_id};
}

MailboxListing list_mailbox(const account::Account& account, const Environment& environment,
                            report::Listener& listener, const ListRequest& request) {
  MailboxListing listing{.account = account.name, .messages = {}, .error = {}};
  try {
    ReadOnlySession read_only(account, environment, listener);
    const auto policy = policy_of(account);
    look_for_lost_state(read_only, environment, listener, request);
    const auto moved = moved_uids(read_only);
    warn_of_unnamed(read_only, listener);
    const ServerTraits traits{.top = read_only.session.capabilities().top,
                              .sizes_are_off = read_only.server.sizes_are_off,
                              .removes = !policy.leave_on_server};
    const auto planned = plan(std::move(read_only.listed), std::move(read_only.identities), policy,
                              {.now = environment.now()});
    for (const auto& step : planned.steps) {
      listing.messages.push_back(listed_message(step, policy, traits, environment.now()));
      if (moved.contains(step.message.number)) compare_only(listing.messages.back());
    }
    if (request.as_fetch) tell_refusing_places(read_only, environment, listener, listing.messages);
    narrow(listing.messages, request);
    show_all(read_only.session, listing, request, listener);
    read_only.leave();
  } catch (const util::Error& error) {
    listing.error = error;
  }
  return listing;
}

}  // namespace mailhaul::engine
