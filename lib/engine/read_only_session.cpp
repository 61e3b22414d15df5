// SPDX-License-Identifier: MIT
#include "engine/read_only_session.h"

#include <algorithm>
#include <map>
#include <optional>

#include "engine/login.h"
#include "engine/mailbox.h"
#include "engine/uid.h"
#include "util/ascii.h"
#include "util/escape.h"

namespace mailhaul::engine {

namespace {

/// Logs in; a refused login is stored if the store knows the mailbox.
net::LoggedIn log_in_or_note_refusal(ReadOnlySession& read_only, const Environment& environment,
                                     report::Listener& listener) {
  warn_of_plain_text(read_only.account, environment, listener);
  try {
    return log_in(read_only.account, environment, read_only.server, login_trace(read_only.account, listener));
  } catch (const util::Error&) {
    if (read_only.mailbox != 0) read_only.store.remember(read_only.mailbox, read_only.server);
    throw;
  }
}

pop3::SessionOptions options_of(ReadOnlySession& read_only, const Environment& environment) {
  const auto& one_by_one_until = read_only.server.one_by_one_until;
  return {.capabilities = read_only.opened.capabilities,
          .may_pipeline = !one_by_one_until || environment.now() >= *one_by_one_until,
          .may_ask_capabilities = read_only.opened.answers_capa,
          .trace = read_only.trace,
          .redact = [&read_only](std::string_view words) { return read_only.opened.redactor.text(words); }};
}

/// The index of the message that "#N" means; empty for another word, and for a number that is not listed.
std::optional<std::size_t> index_of_number(const std::vector<pop3::Listed>& listed, std::string_view typed) {
  if (!typed.starts_with('#')) return std::nullopt;
  const auto number = util::parse_number(typed.substr(1));
  const auto found =
      std::ranges::find_if(listed, [&](const auto& message) { return number && message.number == *number; });
  if (found == listed.end()) return std::nullopt;
  return static_cast<std::size_t>(found - listed.begin());
}

}  // namespace

ReadOnlySession::ReadOnlySession(const account::Account& account_, const Environment& environment,
                                 report::Listener& listener)
    : account(account_),
      waiting{account_, listener},
      trace([&account_, &listener](char direction, std::string_view line) {
        listener.traced(account_.name, direction, line);
      }),
      store(environment.state_file, writes),
      lock(lock_mailbox(account::mailbox_of(account_), store.file())),
      mailbox(find_mailbox(store, account_).value_or(0)),
      server(mailbox != 0 ? store.server(mailbox) : state::Server()),
      opened(log_in_or_note_refusal(*this, environment, listener)),
      session(*opened.stream, options_of(*this, environment)),
      listed((listener.doing(account_.name, report::Activity::listing), session.listing())),
      rows(mailbox != 0 ? store.rows(mailbox) : state::MailboxRows()),
      identities(identify(session, UidlIndex(listed), {rows, store, mailbox, account_.name})) {
  const auto& contradiction = session.listing_faults().contradiction;
  if (contradiction.empty()) return;
  listener.warned(account.name, {.sentence = contradiction,
                                 .hint = "the listing may be incomplete; tell the server's administrator",
                                 .uid = {}});
}

std::string ReadOnlySession::uid_of(std::size_t index) const {
  return shown_uid(listed[index], identities[index].header);
}

bool ReadOnlySession::names_no_message() const {
  return !any_has_uidl(listed) && std::ranges::all_of(identities, &Identity::by_content);
}

void ReadOnlySession::require_identity(std::size_t index, const std::string& done,
                                       const std::string& hint) const {
  if (!identities[index].by_content) return;
  throw util::Error(util::Kind::unavailable,
                    names_no_message() ? "messages cannot be " + done +
                                             ": the server has neither UIDL nor TOP to tell them apart"
                                       : "message " + uid_of(index) + " cannot be " + done +
                                             ": it has no unique UID, and its header could not be read",
                    hint);
}

std::vector<std::size_t> ReadOnlySession::indexes_of(std::span<const std::string> uids) const {
  std::multimap<std::string, std::size_t> by_uid;
  for (std::size_t i = 0; i < listed.size(); ++i) by_uid.emplace(uid_of(i), i);
  std::vector<std::size_t> indexes;
  for (const auto& typed : uids) {
    const auto [begin, end] = by_uid.equal_range(typed_uid(typed));
    if (const auto numbered = index_of_number(listed, typed); begin == end && numbered) {
      indexes.push_back(*numbered);
      continue;
    }
    if (begin == end) {
      throw util::Error(util::Kind::usage,
                        std::string("no message with the UID ") +
                            (typed.starts_with('#') ? "or number " : "") + util::escape(typed) +
                            " is listed by " + account.server.host,
                        index_of_number(listed, "#" + typed)
                            ? "a number is written with #: '#" + typed +
                                  "' is the message that mailhaul list shows as #" + typed
                            : "mailhaul list " + account.name + " shows the messages that are there");
    }
    for (auto found = begin; found != end; ++found) indexes.push_back(found->second);
  }
  return indexes;
}

void ReadOnlySession::leave() {
  if (session.capabilities().expire_days != 0) session.quit();
}

}  // namespace mailhaul::engine
