// SPDX-License-Identifier: MIT
// What the parts of the run of one account share.
#pragma once
#include <set>

#include "account/account.h"
#include "delivery/destination.h"
#include "engine/environment.h"
#include "engine/lost_state.h"
#include "engine/notices.h"
#include "engine/places.h"
#include "engine/refusing_places.h"
#include "report/listener.h"
#include "state/store.h"

namespace mailhaul::engine {

struct AccountRun {
  const account::Account& account;
  const Environment& environment;
  report::Listener& tell;
  state::Store& store;
  state::MailboxId mailbox;
  account::Policy policy;  ///< by policy_of()
  state::Server server;    ///< what is remembered of the server; stored when the run ends
  Notices notices;
  delivery::RunContext context;
  delivery::Ids ids;
  Places places;
  RefusingPlaces refusing;
  report::Totals totals;                         ///< without `failed` and `seconds`, which run.cpp adds
  std::set<state::RowId> delivered_now;          ///< by all sessions of this run
  std::set<util::Hash> headers_alone;            ///< of messages of which this run received nothing else
  std::optional<state::Time> certificate_until;  ///< when the server's certificate expires; set at the login
  bool asks_capabilities = true;                 ///< false: a session of this run broke off at CAPA
  Comparison comparison = Comparison::wanted;    ///< with the mail of other mailboxes

  /// REQUIRES: the caller holds the mailbox's lock. The AccountRun must not move: its members refer to one
  /// another.
  AccountRun(const account::Account& account, const Environment& environment, report::Listener& tell,
             state::Store& store);
  AccountRun(const AccountRun&) = delete;
  AccountRun& operator=(const AccountRun&) = delete;
};

/// The account's policy. If the account delivers to stdout, mail stays on the server unless -K was given.
account::Policy policy_of(const account::Account& account);

/// The places that refused everything in earlier runs; their pauses end if a person is at the terminal.
RefusingPlaces refusing_places_of(const account::Account& account, const Environment& environment,
                                  const state::Store& store, state::MailboxId mailbox);

/// What destinations must know of a run. `warn` and `note` do nothing; `environment` must outlive the result.
delivery::RunContext context_of(const account::Account& account, const Environment& environment,
                                const state::Store& store, state::MailboxId mailbox);

}  // namespace mailhaul::engine
