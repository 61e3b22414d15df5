// SPDX-License-Identifier: MIT
#include "engine/list.h"

#include <algorithm>
#include <utility>

#include "engine/account_run.h"
#include "engine/read_only_session.h"
#include "engine/uid.h"
#include "util/ascii.h"

namespace mailhaul::engine {

namespace {

/// Takes the first line off the text and returns it without its line end.
std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size() - 1);
  std::string_view line = text.substr(0, end + 1);
  text.remove_prefix(end + 1);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

/// The value of the first field of this name ("Date:") in a header, unfolded (RFC 5322 section 2.2.3); empty
/// if there is none.
std::string header_field(std::string_view header, std::string_view name) {
  constexpr std::size_t max_bytes = 2'000;  // a listing may hold 100,000 of them
  std::string value;
  bool found = false;
  while (!header.empty()) {
    std::string_view line = take_line(header);
    if (line.empty()) break;
    const bool continued = line.front() == ' ' || line.front() == '\t';
    if (found && !continued) break;
    if (!found && util::equal_nocase(line.substr(0, name.size()), name)) {
      found = true;
      line.remove_prefix(name.size());
    } else if (!found) {
      continue;
    }
    const auto text = line.find_first_not_of(" \t");
    if (text == std::string_view::npos) continue;
    value.append(value.empty() ? "" : " ").append(line.substr(text));
  }
  if (value.size() > max_bytes) value.resize(max_bytes);
  return value;
}

void read_header_fields(pop3::Session& session, std::vector<ListedMessage>& messages) {
  if (!session.capabilities().top) return;
  for (const auto& listed : messages)
    session.want({.number = listed.number, .bytes = 0, .header_only = true});
  for (auto& listed : messages) {
    pop3::Message& message = session.next();
    if (message.refused()) continue;
    constexpr std::size_t max_bytes = 65536;  // the rest of a longer header is read and dropped
    std::string header;
    while (const auto piece = message.read())
      header.append(piece->substr(0, max_bytes - std::min(max_bytes, header.size())));
    listed.date = header_field(header, "Date:");
    listed.from = header_field(header, "From:");
    listed.subject = header_field(header, "Subject:");
  }
}

bool is_new(const Step& step) {
  return step.identity.row == nullptr || step.identity.row->standing == state::Standing::pending;
}

}  // namespace

MailboxListing list_mailbox(const account::Account& account, const Environment& environment,
                            report::Listener& listener, HeaderFields fields) {
  MailboxListing listing{.account = account.name, .messages = {}, .error = {}};
  try {
    ReadOnlySession look(account, environment, listener);
    const auto planned = plan(std::move(look.listed), std::move(look.identities), policy_of(account),
                              {.now = environment.now()});
    for (const auto& step : planned.steps) {
      listing.messages.push_back({.number = step.message.number,
                                  .uid = shown_uid(step.message, step.identity.header),
                                  .bytes = step.message.bytes,
                                  .action = step.action,
                                  .reason = step.reason,
                                  .is_new = is_new(step)});
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
