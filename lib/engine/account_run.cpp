// SPDX-License-Identifier: MIT
#include "engine/account_run.h"

#include <algorithm>

#include "engine/mailbox.h"
#include "util/escape.h"

namespace mailhaul::engine {

namespace {

state::MailboxId mailbox_in(state::Store& store, const account::Account& account) {
  const auto key = account::mailbox_of(account);
  return store.mailbox(key.user, key.host, key.port);
}

}  // namespace

account::Policy policy_of(const account::Account& account) {
  account::Policy policy = account.policy;
  const bool read_by_somebody = std::ranges::any_of(
      account.deliver, [](const auto& spec) { return spec.kind->traits.settled_by_close(); });
  if (read_by_somebody && !account.removal_demanded) {
    policy.leave_on_server = true;
    policy.delete_after.reset();
  }
  return policy;
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
      context{
          .account = account_.name,
          .instance = store_.instance(),
          .mailbox = std::to_string(mailbox),
          .host = environment_.host,
          .boot = environment_.boot,
          .user = environment_.user,
          .state_directory = store_.file().parent_path(),
          .now = environment_.clock,
          .warn = [this](std::string_view sentence, std::string_view hint) { warn_of_place(sentence, hint); },
          .note = [this](std::string_view sentence) { tell.noted(account.name, sentence); },
          .cancel = environment_.cancel},
      ids(context) {
  for (auto& warning : store.told(mailbox)) told_.insert(std::move(warning));
}

std::vector<std::unique_ptr<delivery::Destination>> AccountRun::open_all() const {
  std::vector<std::unique_ptr<delivery::Destination>> opened;
  for (const auto& spec : account.deliver) opened.push_back(environment.open(spec, context));
  // An MDA comes last: it alone cannot be taken back.
  std::stable_partition(opened.begin(), opened.end(),
                        [](const auto& destination) { return destination->traits().exactly_once(); });
  return opened;
}

void AccountRun::open_destinations() {
  destinations = open_all();
  sweep();
}

bool AccountRun::alternate() {
  const auto handed_over = [](const auto& place) { return !place->traits().exactly_once(); };
  if (std::ranges::any_of(destinations, handed_over)) return false;
  if (others_.empty()) others_ = open_all();
  destinations.swap(others_);
  return true;
}

std::vector<delivery::Ticket> AccountRun::open_tickets() const {
  std::vector<delivery::Ticket> tickets;
  for (const auto& landing : store.unfinished_landings()) {
    if (!landing.ticket.empty()) tickets.push_back({landing.target, landing.ticket});
  }
  return tickets;
}

void AccountRun::sweep() {
  const auto keep = open_tickets();
  for (const auto& destination : destinations) destination->sweep(keep);
}

void AccountRun::warn(std::string_view sentence, std::string_view hint, std::string_view uid) {
  tell.warned(account.name, {.sentence = sentence, .hint = hint, .uid = uid});
}

/// The same place may be open twice.
void AccountRun::warn_of_place(std::string_view sentence, std::string_view hint) {
  {
    const std::lock_guard lock(telling_);
    if (!said_of_places_.emplace(sentence).second) return;
  }
  warn_once(sentence, hint);
}

bool AccountRun::first_time(std::string_view sentence) {
  const std::lock_guard lock(telling_);
  if (!told_.emplace(sentence).second) return false;
  newly_told_.emplace_back(sentence);
  return true;
}

void AccountRun::remember() {
  store.remember(mailbox, server);
  const std::lock_guard lock(telling_);
  store.note_told(mailbox, newly_told_);
}

void AccountRun::warn_once(std::string_view sentence, std::string_view hint, std::string_view about) {
  const bool standing = !first_time(about.empty() ? sentence : about);
  tell.warned(account.name,
              {.sentence = sentence, .hint = hint, .uid = {}, .status = 0, .quiet_skips_it = standing});
}

void AccountRun::fail(const util::Error& error, std::string_view uid) {
  ++totals.failed;
  message_errors.push_back(error.kind());
  // Temporary trouble is told by -q once for the account as a whole, after a day: backoff.cpp.
  const bool temporary = error.kind() == util::Kind::temporary;
  if (temporary) last_trouble = error.what();
  tell.failed(account.name, {.sentence = error.what(),
                             .hint = error.hint(),
                             .uid = uid,
                             .status = util::exit_status(error.kind()),
                             .quiet_skips_it = temporary});
}

delivery::Destination* AccountRun::destination(std::string_view target) const {
  const auto found =
      std::ranges::find_if(destinations, [&](const auto& place) { return place->target() == target; });
  return found == destinations.end() ? nullptr : found->get();
}

std::string shown_uid(const pop3::Listed& message, const std::optional<util::Hash>& header) {
  if (!message.uidl.empty()) return util::escape_uid(message.uidl);
  if (header) return "sha256:" + util::hex(*header);
  return "#" + std::to_string(message.number);
}

}  // namespace mailhaul::engine
