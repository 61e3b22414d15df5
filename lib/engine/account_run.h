// SPDX-License-Identifier: MIT
// One account's run: what its parts share.
#pragma once
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "account/account.h"
#include "delivery/destination.h"
#include "engine/run.h"
#include "pop3/session.h"
#include "report/listener.h"
#include "state/store.h"
#include "util/error.h"

namespace mailhaul::engine {

struct AccountRun {
  const account::Account& account;
  const Environment& environment;
  report::Listener& tell;
  state::Store& store;
  state::MailboxId mailbox;
  account::Policy policy;  ///< the account's, with stdout's own rule applied
  state::Server server;    ///< what is remembered of the server; written at the end
  delivery::RunContext context;
  delivery::Ids ids;
  std::vector<std::unique_ptr<delivery::Destination>> destinations;  ///< exactly-once ones first
  report::Totals totals;
  std::vector<util::Kind> message_errors;
  std::set<state::RowId> delivered_now;  ///< in this run, over all its sessions
  std::string last_trouble;              ///< the last message that failed for now: what was said of it

  /// Mailbox lock taken, store open. The AccountRun must not move: `ids` and destinations refer to `context`.
  AccountRun(const account::Account& account, const Environment& environment, report::Listener& tell,
             state::Store& store);
  AccountRun(const AccountRun&) = delete;
  AccountRun& operator=(const AccountRun&) = delete;

  void open_destinations();  ///< and sweeps what dead runs left there
  /// From now on mail arrives in the same places opened a second time, while a batch is settled in the first;
  /// and the other way round. False, and nothing changes, where mail is handed over in its order.
  bool alternate();
  void sweep();                                        ///< removes temporary files that no open landing names
  std::vector<delivery::Ticket> open_tickets() const;  ///< of what is begun and not delivered, by any account
  void warn(std::string_view sentence, std::string_view hint, std::string_view uid = {});
  bool first_time(std::string_view sentence);  ///< and notes it for remember()
  /// Standing: -q tells it the first time only. `about` names the condition where the sentence varies.
  void warn_once(std::string_view sentence, std::string_view hint, std::string_view about = {});
  void fail(const util::Error& error, std::string_view uid);  ///< one message failed; the others go on
  void remember();  ///< writes what was learnt of the server, and what was told
  delivery::Destination* destination(std::string_view target) const;

 private:
  std::vector<std::unique_ptr<delivery::Destination>> open_all() const;
  void warn_of_place(std::string_view sentence, std::string_view hint);

  std::vector<std::unique_ptr<delivery::Destination>> others_;  ///< open, too, once alternate() was called
  std::set<std::string, std::less<>> said_of_places_;           ///< in this run
  std::set<std::string, std::less<>> told_;                     ///< standing warnings, in any run
  std::vector<std::string> newly_told_;                         ///< those of this run
  std::mutex telling_;                                          ///< of what was told before
};

/// The account's policy, with stdout's own rule applied: left on the server, unless -K was given.
account::Policy policy_of(const account::Account& account);

/// The UID as people see and type it: the server's, else "sha256:...", else "#NUMBER".
std::string shown_uid(const pop3::Listed& message, const std::optional<util::Hash>& header);

/// Completes what a dead process left in this mailbox: every landing with a ticket, from the ticket alone
/// (LAW sections 3 to 5). Before anything else is done. Throws Error{storage} when a place is missing or
/// another one.
void recover(AccountRun& run);

}  // namespace mailhaul::engine
