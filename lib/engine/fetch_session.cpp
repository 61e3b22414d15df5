// SPDX-License-Identifier: MIT
#include "engine/fetch_session.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "engine/last_run.h"
#include "engine/login.h"
#include "engine/lost_state.h"
#include "net/refusal.h"
#include "util/units.h"

namespace mailhaul::engine {

FetchSession::FetchSession(AccountRun& run, net::Stream& stream, pop3::SessionOptions options)
    : run_(run),
      session_(stream, std::move(options)),
      settler_(run, [this](const ReceivedMessage& message) { conclude(message); }),
      matcher_(run, settler_),
      notes_(run, settler_, matcher_),
      requests_(session_),
      unproven_(session_, notes_, removals_),
      removals_(run, session_),
      answers_({run, settler_, matcher_, notes_, requests_, unproven_, removals_}) {}

Next FetchSession::run(const ReadRows& rows, Part part) {
  Offering offering(run_, settler_);
  list_and_plan(rows, part, offering);  // LAW 1: which row is each message?
  carry_out(plan_.not_failed(), offering);
  // One message that breaks each session must not keep the others on the server: QUIT comes first.
  const bool some_failed =
      !answers_.asks_no_more() && std::ranges::any_of(plan_.failed(), &Step::is_asked_for);
  const bool later = part == Part::all && some_failed && removals_.any() && !failed_ones_go_along(run_);
  if (some_failed && !later) requests_.ask_singly();
  if (!later) carry_out(plan_.failed(), offering);
  close_places();                                           // S5
  remove();                                                 // the last DELEs (S6), QUIT, S7
  const bool limited = run_.server.not_before.has_value();  // the failed ones would meet the same limit
  return later && !limited ? Next::failed_messages : Next::stop;
}

/// First tries one message with each program that refused everything in an earlier run.
void FetchSession::carry_out(std::span<const Step> steps, Offering& offering) {
  while (const Step* trial = offering.next_trial(steps)) work({trial, 1}, offering);
  work(steps, offering);
}

void FetchSession::work(std::span<const Step> steps, Offering& offering) {
  for (const auto& step : steps)
    if (offering.is_due(step)) begin(step);     // what is asked of the server
  while (awaits_answer()) {                     // LAW 2: in the order asked
    pop3::Message& message = requests_.next();  // its status line: the message before it has ended
    answers_.take_in_latest();                  // S1
    settle_when_full();                         // S2, S3, S4
    if (offering.has_shrunk()) requests_.keep_only(offering.filter());
    answers_.take(requests_.current(), message);
    requests_.done();
    check_unproven();
  }
  settler_.settle();
}

void FetchSession::list_and_plan(const ReadRows& rows, Part part, Offering& offering) {
  run_.tell.doing(run_.account.name, report::Activity::listing);
  auto listed = session_.listing();
  run_.notices.tell_of(session_.listing_faults());
  run_.totals.left = run_.totals.listed = static_cast<std::uint32_t>(listed.size());
  run_.totals.unconfirmed = 0;
  auto identities = matcher_.identify(session_, listed, rows);
  if (!matcher_.knows_any_message()) {
    count_waiting(listed, run_.totals);
    require_no_lost_state({run_.account, run_.store, run_.mailbox, run_.context, run_.comparison}, session_,
                          listed);
  }
  plan_ = plan(std::move(listed), std::move(identities), run_.policy,
               {.now = run_.environment.now(),
                .messages = run_.totals.fetched,
                .bytes = run_.totals.bytes,
                .steps = part == Part::all ? Steps::with_work : Steps::unfinished,
                .is_wanted = offering.filter()});
  answers_.limit(plan_.budget);
  count_waiting(plan_, run_.totals);
  tell_planned(plan_.steps, server_traits(), run_.tell, run_.account.name);
}

ServerTraits FetchSession::server_traits() {
  return {.top = session_.capabilities().top,
          .sizes_are_off = run_.server.sizes_are_off,
          .removes = !run_.policy.leave_on_server};
}

void FetchSession::begin(const Step& step) {
  const auto request = first_request(step, server_traits());
  if (request && !answers_.asks_no_more()) requests_.add(*request);
  if (!request || step.action == Action::leave || step.action == Action::skip) notes_.left(step);
}

/// Whether an answer is still expected. After a request to stop, commands that are not sent yet are dropped.
bool FetchSession::awaits_answer() {
  if (run_.environment.cancel->requested()) {
    requests_.hold_back();
    if (requests_.drop_postponed()) removals_.retrieved_but_unsafe();
  }
  // A proof is sent last: if the server skips an answer, the proof's answer would be taken for a message's.
  if (!requests_.outstanding() && unproven_.has_latest()) requests_.add({.ask = Ask::proof});
  return requests_.outstanding();
}

/// One batch is written to disk while the next arrives; the next one grows as long as the disk is writing.
void FetchSession::settle_when_full() {
  if (settler_.done()) settler_.finish();
  const bool full = settler_.under_way() ? settler_.batch().overfull() : settler_.batch().full();
  if (!full || !unproven_.empty()) return;
  settler_.finish();
  const bool more_to_come = requests_.outstanding() || requests_.current().ask != Ask::proof;
  if (more_to_come && run_.places.alternate()) return settler_.settle_beside();
  settler_.settle();
}

/// Messages that are held are in the same spools as the batch, so both are settled together.
void FetchSession::check_unproven() {
  if (unproven_.empty()) return;
  requests_.hold_back();
  if (requests_.outstanding() || unproven_.has_latest()) return;
  for (auto& message : unproven_.check()) settler_.batch().add(std::move(message));
  requests_.resume();
}

void FetchSession::conclude(const ReceivedMessage& message) {
  answers_.stored();
  if (notes_.not_taken(message)) removals_.retrieved_but_unsafe();
  if (!message.delivered()) return;  // refused, or not known before the destination is closed
  ++run_.totals.fetched;
  run_.totals.bytes += message.octets;
  if (message.octets != message.step->message.bytes) run_.server.sizes_are_off = true;
  if (message.step->action == Action::fetch) {
    --run_.totals.waiting;
    run_.totals.waiting_bytes -= message.step->message.bytes;
  }
  run_.delivered_now.insert(message.row.id);
  notes_.delivered(message);
  if (!run_.policy.leave_on_server) removals_.mark(message.step->message.number, message.row.id);
}

void FetchSession::close_places() {
  notes_.tell_refusals();
  settler_.close(run_.places.receiving(),
                 run_.account.removal_demanded ? state::Standing::delivered : state::Standing::seen);
  settler_.commit();  // S5, durable before QUIT
}

void FetchSession::remove() {
  const auto removed = removals_.finish();
  for (const auto& step : plan_.steps) {
    if (!std::ranges::binary_search(removed, step.message.number)) continue;
    notes_.tell(step, Action::remove, step.action == Action::remove ? step.reason : "delivered");
  }
}

Next FetchSession::end_early(const util::Error& error) {
  if (goes_on_without(error)) return Next::new_session;
  const bool quit_sent = removals_.quit_sent();
  removals_.stop();
  std::optional<util::Error> unsettled;
  const auto attempt = [&unsettled](const auto& step) {
    try {
      step();
    } catch (const util::Error& failure) {
      if (!unsettled) unsettled = failure;
    }
  };
  attempt([this] { settler_.finish(); });
  Verdict verdict = judge({.pipelining = session_.pipelining(),
                           .quit_sent = quit_sent && session_.awaited().what != pop3::Awaited::What::removal,
                           .sizes_differed = unproven_.sizes_differed(),
                           .body_changed = unproven_.body_changed(),
                           .batch_failed = settler_.failed(),
                           .latest_unproven = unproven_.has_latest(),
                           .latest_may_be_cut = unproven_.latest_may_be_cut(),
                           .only_proof_awaited = requests_.current().ask == Ask::proof,
                           .latest_refused = requests_.refused_last() != nullptr,
                           .doubt = session_.doubt(),
                           .kind = error.kind(),
                           .border_breaks = run_.server.border_breaks});
  // An answer may have been skipped, even among messages of equal size. Recorded before steps that may fail.
  if (verdict.suspect_rows) attempt([this] { settler_.suspect(matcher_.changed_rows()); });
  if (unsettled) verdict.keep_batch = verdict.keep_latest = false;
  if (verdict.keep_latest) answers_.take_in_latest();
  Blame blame({session_, requests_, unproven_, removals_, notes_, plan_});
  blame.latest(verdict, error);
  unproven_.discard();
  verdict.keep_batch ? settler_.settle() : settler_.drop();
  if (unsettled) throw util::Error(*unsettled);
  const auto named = blame.name(verdict, error);
  close_places();
  remember(verdict);
  if (verdict.next != Next::stop) return verdict.next;  // PIPELINING is doubted, not the message
  throw util::Error(named);
}

/// Some servers answer CAPA only before the login, and some break off when TOP is sent for many messages.
bool FetchSession::goes_on_without(const util::Error& error) {
  const bool at_capa = session_.awaited().what == pop3::Awaited::What::capabilities;
  const bool unanswered = error.kind() == util::Kind::temporary || session_.doubt().malformed_status;
  const bool limited = run_.server.not_before.has_value();  // a new session would meet the same limit
  if (unanswered && !limited && run_.comparison == Comparison::under_way) {
    run_.comparison = Comparison::given_up;
    return true;
  }
  if (!at_capa || !unanswered || !run_.asks_capabilities) return false;
  run_.asks_capabilities = false;
  run_.notices.capabilities_unanswered(error.what());
  return true;
}

void FetchSession::remember(const Verdict& verdict) {
  run_.server.border_breaks = verdict.border_breaks;
  if (verdict.next != Next::one_by_one) return;
  run_.server.one_by_one_until = run_.environment.now() + std::chrono::days(7);
  run_.notices.pipelining_is_broken();
}

Next fetch_once(AccountRun& run, net::LoggedIn logged_in, const ReadRows& rows, Part part) {
  const auto& until = run.server.one_by_one_until;
  const bool one_by_one = until && run.environment.now() < *until;
  const auto trace = [&](char direction, std::string_view line) {
    run.tell.traced(run.account.name, direction, line);
  };
  if (!logged_in.answers_capa) run.notices.logged_in_without_capabilities();
  const auto redact = [&](std::string_view words) { return logged_in.redactor.text(words); };
  FetchSession session(run, *logged_in.stream,
                       {.capabilities = std::move(logged_in.capabilities),
                        .may_pipeline = !one_by_one,
                        .may_ask_capabilities = logged_in.answers_capa && run.asks_capabilities,
                        .trace = trace,
                        .redact = redact});
  try {
    const Next next = session.run(rows, part);
    run.server.border_breaks = 0;
    return next;
  } catch (const util::Error& error) {
    if (const auto* refused = dynamic_cast<const net::RefusedError*>(&error))
      note_limit(run.account, run.environment, run.server, refused->refusal());
    return session.end_early(error);
  }
}

}  // namespace mailhaul::engine
