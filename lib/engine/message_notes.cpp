// SPDX-License-Identifier: MIT
#include "engine/message_notes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/offers.h"
#include "util/units.h"

namespace mailhaul::engine {

using state::Standing;

void MessageNotes::tell(const Step& step, Action action, std::string_view reason) {
  run_.tell.message(run_.account.name, {.number = step.message.number,
                                        .uid = uid(step),
                                        .bytes = step.message.bytes,
                                        .action = action,
                                        .reason = reason});
}

void MessageNotes::left(const Step& step) {
  if (step.mark_due) {
    if (auto row = settler_.row(step.identity.row->id)) {
      row->due = run_.environment.now();
      settler_.write_with_next_commit(std::move(*row));
    }
  }
  if (step.action != Action::skip) return;
  tell(step, Action::skip, step.reason);
  if (step.too_large) too_large(step, step.known_bytes());
}

void MessageNotes::too_large(const Step& step, std::uint64_t bytes, const std::optional<util::Hash>& header) {
  const std::string sentence = "message " + uid(step) + " stays on the server: " + util::format_size(bytes) +
                               ", larger than max_size (" + util::format_size(run_.policy.max_size) + ")";
  const std::string hint = "mailhaul fetch --max-size 0 " + run_.account.name +
                           " fetches it, mailhaul delete --unfetched " + run_.account.name +
                           " UID removes it";
  // If only its content identifies the message, no row would be found for it again, and its number changes.
  const bool by_content = step.identity.by_content;
  const state::RowSummary* known = matcher_.row_of(step);
  const bool told = by_content ? !run_.notices.first_time("too large: " + std::to_string(bytes))
                               : known != nullptr && known->told;
  run_.tell.warned(
      run_.account.name,
      {.sentence = sentence, .hint = hint, .uid = uid(step), .status = 0, .quiet_skips_it = told});
  const std::uint64_t received = bytes == step.message.bytes ? 0 : bytes;
  if (by_content) return;
  const bool is_pending = known == nullptr || known->standing == Standing::pending;
  const bool same_sizes =
      known != nullptr && known->bytes == step.message.bytes && step.identity.received_bytes == received;
  if (told && (same_sizes || !is_pending)) return;
  state::Row row = matcher_.row_to_note(step);
  row.told = true;
  if (is_pending) {  // otherwise the row's size shows whether this is the delivered message
    row.bytes = step.message.bytes;
    row.received_bytes = received;
    if (header) row.header = header;
  }
  settler_.write_with_next_commit(std::move(row));
}

void MessageNotes::failed(const Step& step, const util::Error& error) {
  const auto* row = matcher_.row_of(step);
  run_.notices.message_failed(error, uid(step), row != nullptr && row->failures > 0);
  comes_last(step);
}

void MessageNotes::stays(const Step& step, const util::Error& error,
                         const std::optional<util::Hash>& header) {
  comes_last(step, header);
  failed(step, util::Error(error.kind(), "message " + uid(step) + " stays on the server: " + error.what(),
                           error.hint()));
}

void MessageNotes::not_compared(const ReceivedMessage& message, const util::Error& error) {
  const Step& step = *message.step;
  state::Row row = message.row;
  if (row.id == 0) row.id = settler_.store().next_row(run_.mailbox);
  const std::string sentence = "message " + uid(step) + " stays on the server: " + error.what();
  run_.notices.message_failed({error.kind(), sentence, error.hint()}, uid(step), row.failures > 0);
  if (row.standing != Standing::pending || !noted_.insert(step.message.number).second) return;
  ++row.failures;
  settler_.write_with_next_commit(std::move(row));
}

bool MessageNotes::not_taken(const ReceivedMessage& message) {
  const Step& step = *message.step;
  const bool stopped = run_.environment.cancel->requested();  // and perhaps a program was stopped, too
  bool is_missing = false, by_program = true;
  std::string why, hint;
  auto kind = util::Kind::temporary;
  for (const auto& copy : message.copies) {
    if (copy.state == CopyState::delivered || copy.state == CopyState::handed_over) continue;
    is_missing = true;
    if (copy.state == CopyState::withheld) continue;
    why += (why.empty() ? "" : "; ") + copy.result.sentence;
    if (hint.empty()) hint = copy.result.hint;
    by_program = by_program && !copy.result.by_hand.empty();
    const bool no_answer = copy.state == CopyState::in_doubt && !copy.destination->traits().exactly_once();
    const auto answered = no_answer && stopped ? util::Kind::temporary : kind_of(copy.result.status);
    if (kind != util::Kind::storage && answered != util::Kind::temporary) kind = answered;
  }
  if (!why.empty()) {
    refusals_.push_back(
        {.error = util::Error(kind, "message " + uid(step) + " stays on the server: " + why, hint),
         .uid = uid(step),
         .failed_before = message.row.failures > 0});
    if (!by_program) tell_refusals();
    if (refusals_.size() > 3) tell_oldest_refusal();
  } else if (!is_missing) {
    tell_refusals();
  }
  if (!why.empty() && message.row.standing == Standing::pending && !stopped) {
    auto row = message.row;
    ++row.failures;  // the next run lets the others go first
    settler_.write_with_next_commit(std::move(row));
  }
  return is_missing;
}

void MessageNotes::tell_oldest_refusal() {
  const auto& [error, uid, failed_before] = refusals_.front();
  run_.notices.message_failed(error, uid, failed_before);
  refusals_.pop_front();
}

void MessageNotes::tell_refusals() {
  while (refusals_.size() > run_.refusing.told_by_error()) tell_oldest_refusal();
  for (const auto& refusal : refusals_) {
    run_.notices.message_failed_as_told(refusal.error.kind());
    run_.tell.noted(run_.account.name, refusal.error.what());
  }
  refusals_.clear();
}

void MessageNotes::delivered(const ReceivedMessage& message) {
  const Step& step = *message.step;
  std::vector<report::Arrival> arrivals;
  for (const auto& copy : message.copies)
    arrivals.push_back({.target = copy.destination->target(), .path = copy.result.path});
  run_.tell.message(run_.account.name, {.number = step.message.number,
                                        .uid = uid(step),
                                        .bytes = step.message.bytes,
                                        .action = Action::fetch,
                                        .reason = message.reason,
                                        .arrivals = arrivals,
                                        .from = message.title.from,
                                        .subject = message.title.subject,
                                        .message_id = message.title.message_id});
}

void MessageNotes::comes_last(const Step& step, const std::optional<util::Hash>& header) {
  if (!noted_.insert(step.message.number).second) return;  // each is counted once
  state::Row row = matcher_.row_to_note(step);
  // If this session recognised the message, its row has no failures any more. If the message breaks the
  // session, the count goes on from the earlier failures.
  row.failures = std::max(row.failures, step.failures()) + 1;
  if (header && row.standing == Standing::pending && !row.content) {
    row.bytes = step.message.bytes;
    row.received_bytes = 0;
    row.header = header;
  }
  settler_.write_with_next_commit(std::move(row));
}

void MessageNotes::removal_comes_last(const Step& step, state::RowId id) {
  auto row = settler_.row(id);
  if (!row) return;
  row->failures = std::max(row->failures, step.failures()) + 1;
  settler_.write_with_next_commit(std::move(*row));
}

}  // namespace mailhaul::engine
