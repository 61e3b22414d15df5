// SPDX-License-Identifier: MIT
#include "engine/move.h"

#include <mutex>

#include "engine/account_run.h"
#include "engine/mailbox.h"
#include "engine/recover.h"
#include "util/escape.h"
#include "util/join.h"
#include "util/units.h"

namespace mailhaul::engine {

namespace {

std::string host_of(const state::Store::Mailbox& mailbox) {
  return mailbox.host + (mailbox.port == 0 ? "" : ":" + std::to_string(mailbox.port));
}

std::string known_names(const state::Store& store) {
  std::vector<std::string> names;
  for (const auto& mailbox : store.mailboxes())
    names.push_back(util::escape(mailbox.user) + " at " + util::escape(host_of(mailbox)));
  return names.empty() ? "nothing is recorded so far" : "recorded mailboxes: " + util::joined(names);
}

}  // namespace

std::size_t move_here(const account::Account& account, const Environment& environment,
                      const account::MailboxKey& from) {
  std::mutex writes;
  state::Store store(environment.state_file, writes);
  const auto to = account::mailbox_of(account);
  if (from == to)
    throw util::Error(util::Kind::usage, "this is already the mailbox of account " + account.name);
  const auto lock = lock_mailbox(to, store.file());
  const auto old_lock = lock_mailbox(from, store.file());
  const auto old = store.find_mailbox(from.user, from.host, from.port);
  if (!old)
    throw util::Error(util::Kind::usage,
                      "nothing is recorded about " + util::escape(from.user) + " at " +
                          util::escape(from.host) + (from.port == 0 ? "" : ":" + std::to_string(from.port)),
                      known_names(store));
  const auto mailbox = mailbox_in(store, account);
  if (const auto rows = store.rows(mailbox).rows().size(); rows != 0)
    throw util::Error(util::Kind::usage,
                      util::counted(rows, "message") + " of account " + account.name +
                          " are recorded already, and would be mixed with the others",
                      "if these are not needed: mailhaul state forget " + account.name + " --all");
  recover(store, *old, context_of(account, environment, store, *old), account.deliver);
  store.exchange_names(*old, mailbox);
  return store.rows(*old).rows().size();
}

}  // namespace mailhaul::engine
