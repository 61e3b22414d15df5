// SPDX-License-Identifier: MIT
#include "engine/account_run.h"

#include <algorithm>

#include "engine/mailbox.h"

namespace mailhaul::engine {

account::Policy policy_of(const account::Account& account) {
  account::Policy policy = account.policy;
  const bool read_by_somebody = std::ranges::any_of(
      account.deliver, [](const auto& spec) { return spec.kind->traits.delivered_by_close(); });
  if (read_by_somebody && !account.removal_demanded) {
    policy.leave_on_server = true;
    policy.delete_after.reset();
  }
  return policy;
}

delivery::RunContext context_of(const account::Account& account, const Environment& environment,
                                const state::Store& store, state::MailboxId mailbox) {
  return {.account = account.name,
          .instance = store.instance(),
          .mailbox = std::to_string(mailbox),
          .host = environment.host,
          .boot = environment.boot,
          .user = environment.user,
          .state_directory = store.file().parent_path(),
          .now = environment.clock,
          .warn = [](std::string_view, std::string_view) {},
          .note = [](std::string_view) {},
          .cancel = environment.cancel};
}

RefusingPlaces refusing_places_of(const account::Account& account, const Environment& environment,
                                  const state::Store& store, state::MailboxId mailbox) {
  const auto now = environment.now();
  if (std::ranges::all_of(account.deliver, [](const auto& spec) { return spec.kind->traits.exactly_once(); }))
    return {"", now};  // only programs refuse
  const auto last = store.last_run(mailbox);
  RefusingPlaces places(last ? last->refusing : std::string(), now);
  if (environment.attended) places.retry_now();
  return places;
}

AccountRun::AccountRun(const account::Account& account_, const Environment& environment_,
                       report::Listener& tell_, state::Store& store_)
    : account(account_),
      environment(environment_),
      tell(tell_),
      store(store_),
      mailbox(mailbox_in(store_, account_)),
      policy(policy_of(account_)),
      server(store_.server(mailbox)),
      notices(account_.name, tell_, store_.told(mailbox)),
      context(context_of(account_, environment_, store_, mailbox)),
      ids(context),
      places(account_.deliver, context, environment_.open),
      refusing(refusing_places_of(account_, environment_, store_, mailbox)) {
  context.warn = [this](std::string_view sentence, std::string_view hint) {
    notices.warn_of_place(sentence, hint);
  };
  context.note = [this](std::string_view sentence) { tell.noted(account.name, sentence); };
}

}  // namespace mailhaul::engine
