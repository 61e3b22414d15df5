// SPDX-License-Identifier: MIT
#include "engine/glance.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>

#include "engine/account_run.h"
#include "engine/backoff.h"
#include "engine/identity.h"
#include "engine/mailbox.h"
#include "net/refusal.h"
#include "util/ascii.h"
#include "util/escape.h"

namespace mailhaul::engine {

namespace {

/// A session for looking: the mailbox is locked, the store is read, nothing is delivered.
struct Look {
  net::Trace trace;
  std::mutex writes;
  state::Store store;
  util::Fd lock;
  state::MailboxId mailbox;
  state::Server server;
  net::LoggedIn opened;
  pop3::Session session;
  std::vector<pop3::Listed> listed;
  state::MailboxRows seen;
  std::vector<Identity> identities;

  Look(const account::Account& account, const Environment& environment, report::Listener& tell)
      : trace([&account, &tell](char direction, std::string_view line) {
          tell.traced(account.name, direction, line);
        }),
        store(environment.state_file, writes),
        lock(lock_mailbox(account::mailbox_of(account), store.file())),
        mailbox(find(account)),
        server(mailbox != 0 ? store.server(mailbox) : state::Server()),
        opened(open(account, environment, tell)),
        session(*opened.stream,
                {.capabilities = opened.capabilities,
                 .may_pipeline = may_pipeline(environment),
                 .may_ask_capabilities = opened.answers_capa,
                 .trace = trace,
                 .redact = [this](std::string_view words) { return opened.redactor.text(words); }}),
        listed(session.listing()),
        seen(mailbox != 0 ? store.rows(mailbox) : state::MailboxRows()),
        identities(identify(session, UidlIndex(listed), seen, store, mailbox)) {}

  /// RFC 2449: with EXPIRE 0 a QUIT may remove what was retrieved. Closing without one never does.
  void leave() {
    if (session.capabilities().expire_days != 0) session.quit();
  }

 private:
  state::MailboxId find(const account::Account& account) const {
    const auto key = account::mailbox_of(account);
    return store.find_mailbox(key.user, key.host, key.port).value_or(0);
  }
  net::LoggedIn open(const account::Account& account, const Environment& environment,
                     report::Listener& tell) {
    warn_of_plain_text(account, environment, tell);
    try {
      return connect(account, environment, server, trace);
    } catch (const util::Error&) {
      if (mailbox != 0) store.remember(mailbox, server);  // a refused login counts, whoever tried it
      throw;
    }
  }
  bool may_pipeline(const Environment& environment) const {
    return !server.one_by_one_until || environment.now() >= *server.one_by_one_until;
  }
};

/// The value of the first field of this name in a header, unfolded; empty when there is none.
std::string field(std::string_view header, std::string_view name) {
  constexpr std::size_t most = 2'000;  // of a line worth showing; a listing may hold 100,000 of them
  std::string value;
  bool found = false;
  while (!header.empty()) {
    const auto end = std::min(header.find('\n'), header.size() - 1);
    std::string_view line = header.substr(0, end + 1);
    header.remove_prefix(end + 1);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
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
  if (value.size() > most) value = value.substr(0, most);
  return value;
}

void read_headers(Look& look, std::vector<Line>& lines) {
  if (!look.session.capabilities().top) return;
  for (const auto& line : lines) look.session.want({.number = line.number, .bytes = 0, .header_only = true});
  for (auto& line : lines) {
    pop3::Message& message = look.session.next();
    if (message.refused()) continue;
    constexpr std::size_t most = 65536;  // of a header worth a line
    std::string header;
    while (const auto piece = message.read())
      header.append(piece->substr(0, most - std::min(most, header.size())));
    line.date = field(header, "Date:");
    line.from = field(header, "From:");
    line.subject = field(header, "Subject:");
  }
}

bool is_new(const Step& step) {
  return step.identity.row == nullptr || step.identity.row->standing == state::Standing::pending;
}

}  // namespace

Glance glance(const account::Account& account, const Environment& environment, report::Listener& tell,
              bool headers) {
  Glance result;
  result.account = account.name;
  try {
    Look look(account, environment, tell);
    const auto planned = plan(std::move(look.listed), std::move(look.identities), policy_of(account),
                              {.now = environment.now()});
    const auto& steps = planned.steps;
    for (const auto& step : steps) {
      result.lines.push_back({.number = step.message.number,
                              .uid = shown_uid(step.message, step.identity.header),
                              .bytes = step.message.bytes,
                              .action = step.action,
                              .reason = step.reason,
                              .is_new = is_new(step)});
    }
    if (std::ranges::any_of(steps, [](const Step& step) { return step.identity.by_content; })) {
      tell.warned(
          account.name,
          {.sentence = "the server has neither UIDL nor TOP: what is new shows only when it is fetched",
           .hint = "fetch compares contents, and delivers nothing twice",
           .uid = {}});
    }
    if (headers) read_headers(look, result.lines);
    look.leave();
  } catch (const util::Error& error) {
    result.error = error;
  }
  return result;
}

namespace {

/// Indexes of the listed messages with these UIDs, in the order typed; of all where several have one.
std::vector<std::size_t> indexes_of(const Look& look, std::span<const std::string> uids,
                                    const account::Account& account) {
  std::multimap<std::string, std::size_t> by_uid;
  for (std::size_t i = 0; i < look.listed.size(); ++i) {
    by_uid.emplace(shown_uid(look.listed[i], look.identities[i].header), i);
  }
  std::vector<std::size_t> indexes;
  for (const auto& typed : uids) {
    const auto bytes = util::unescape_uid(typed);
    const auto [begin, end] = by_uid.equal_range(util::escape_uid(bytes ? *bytes : typed));
    if (begin == end) {
      throw util::Error(
          util::Kind::usage,
          "no message with the UID " + util::escape(typed) + " is listed by " + account.server.host,
          "mailhaul list " + account.name + " shows what is there");
    }
    for (auto found = begin; found != end; ++found) indexes.push_back(found->second);
  }
  return indexes;
}

}  // namespace

void retrieve(const account::Account& account, const Environment& environment, report::Listener& tell,
              std::span<const std::string> uids, const SinkFor& sink_for) {
  Look look(account, environment, tell);
  const auto indexes = indexes_of(look, uids, account);
  const Sink sink = sink_for(indexes.size());
  for (const auto i : indexes) {
    look.session.want({.number = look.listed[i].number, .bytes = look.listed[i].bytes, .header_only = false});
  }
  for (const auto i : indexes) {
    const std::string uid = shown_uid(look.listed[i], look.identities[i].header);
    pop3::Message& message = look.session.next();
    if (message.refused()) {
      const auto meant = net::understand(*message.refused(), util::Kind::content);
      throw util::Error(
          meant.kind,
          "cannot retrieve message " + uid + ": the server said -ERR " + util::escape(*message.refused()),
          meant.hint);
    }
    sink.begin(uid);
    while (const auto piece = message.read()) sink.piece(*piece);
    sink.end();
  }
  look.leave();
}

namespace {

/// Without a header's hash a message could not be known again, should the server change its UIDLs.
void read_hashes(Look& look, std::span<const std::size_t> indexes) {
  std::vector<std::size_t> unknown;
  for (const auto i : indexes) {
    if (look.identities[i].by_content) {
      throw util::Error(util::Kind::unavailable,
                        "messages cannot be marked: the server has neither UIDL nor TOP to know them by",
                        "fetch them; what was fetched is known by its content");
    }
    if (look.identities[i].header || !look.session.capabilities().top) continue;
    unknown.push_back(i);
    look.session.want({.number = look.listed[i].number, .bytes = 0, .header_only = true});
  }
  for (const auto i : unknown) look.identities[i].header = header_of(look.session.next());
}

}  // namespace

std::size_t mark_seen(const account::Account& account, const Environment& environment, report::Listener& tell,
                      std::span<const std::string> uids) {
  Look look(account, environment, tell);
  AccountRun run(account, environment, tell, look.store);
  recover(run);  // what was published is delivered, whatever is marked
  std::vector<std::size_t> indexes(look.listed.size());
  std::iota(indexes.begin(), indexes.end(), std::size_t{0});
  if (!uids.empty()) {
    indexes = indexes_of(look, uids, account);
    std::ranges::sort(indexes);  // each once, however often it was named
    indexes.erase(std::unique(indexes.begin(), indexes.end()), indexes.end());
  }
  read_hashes(look, indexes);
  state::Change change;
  for (const auto i : indexes) {
    const auto* known = look.identities[i].row;
    auto row = known != nullptr ? look.store.row(run.mailbox, known->id) : std::nullopt;
    // --all spares what was delivered: it is to be removed as before. Who names a message wants it kept.
    if (row && row->standing != state::Standing::pending && uids.empty()) continue;
    if (!row) row = state::Row{.id = look.store.next_row(run.mailbox)};
    row->standing = state::Standing::seen;
    row->suspect = false;
    row->failures = 0;
    row->uidl = look.listed[i].uidl;
    row->bytes = look.listed[i].bytes;
    if (look.identities[i].header) row->header = look.identities[i].header;
    row->ordinal = look.identities[i].ordinal;
    change.settled.push_back(row->id);
    change.rows.push_back(std::move(*row));
  }
  look.store.commit(run.mailbox, change);
  look.leave();
  return change.rows.size();
}

}  // namespace mailhaul::engine
