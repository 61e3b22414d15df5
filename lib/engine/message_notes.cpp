// SPDX-License-Identifier: MIT
#include "engine/message_notes.h"

#include <utility>

#include "util/units.h"

namespace mailhaul::engine {

using state::Standing;

void MessageNotes::tell(const Step& step, Action action, std::string_view reason, std::string_view places) {
  run_.tell.message(run_.account.name, {.number = step.message.number,
                                        .uid = uid(step),
                                        .bytes = step.message.bytes,
                                        .action = action,
                                        .reason = reason,
                                        .deliver = places});
}

void MessageNotes::left(const Step& step) {
  if (step.mark_due) {
    if (auto row = settler_.store().row(run_.mailbox, step.identity.row->id)) {
      row->due = run_.environment.now();
      settler_.write_with_next_commit(std::move(*row));
    }
  }
  if (step.action != Action::skip) return;
  tell(step, Action::skip, step.reason);
  if (step.too_large) tell_too_large(step);
}

void MessageNotes::tell_too_large(const Step& step) {
  const state::RowSummary* known = step.identity.row;
  const bool told = known != nullptr && known->told;
  const std::string sentence = "message " + uid(step) +
                               " stays on the server: " + util::format_size(step.message.bytes) +
                               ", larger than max_size (" + util::format_size(run_.policy.max_size) + ")";
  run_.tell.warned(run_.account.name, {.sentence = sentence,
                                       .hint = "fetch it with --max-size, or delete it on the server",
                                       .uid = uid(step),
                                       .status = 0,
                                       .quiet_skips_it = told});
  if (told) return;
  state::Row row = matcher_.row_to_note(step);
  row.told = true;
  settler_.write_with_next_commit(std::move(row));
}

void MessageNotes::failed(const Step& step, const util::Error& error) {
  run_.notices.message_failed(error, uid(step));
  comes_last(step);
}

void MessageNotes::refused_from(const Step& step, const util::Error& error) {
  run_.notices.message_failed(error, uid(step));
}

void MessageNotes::stays(const Step& step, const util::Error& error) {
  failed(step, util::Error(error.kind(), "message " + uid(step) + " stays on the server: " + error.what(),
                           error.hint()));
}

bool MessageNotes::not_taken(const ReceivedMessage& message) {
  const Step& step = *message.step;
  const bool stopped = run_.environment.cancel->requested();  // and perhaps a program with us
  std::string why, hint;
  auto kind = util::Kind::temporary;
  for (const auto& copy : message.copies) {
    if (copy.state == CopyState::delivered || copy.state == CopyState::handed_over) continue;
    why += (why.empty() ? "" : "; ") + copy.result.sentence;
    if (hint.empty()) hint = copy.result.hint;
    const bool no_answer = copy.state == CopyState::in_doubt && !copy.destination->traits().exactly_once();
    if (copy.result.status != delivery::DeliveryStatus::later && !(no_answer && stopped))
      kind = util::Kind::storage;
  }
  if (why.empty()) return false;
  run_.notices.message_failed(
      util::Error(kind, "message " + uid(step) + " stays on the server: " + why, hint), uid(step));
  if (message.row.standing == Standing::pending && !stopped) {
    auto row = message.row;
    ++row.failures;  // the next run lets the others go first
    settler_.write_with_next_commit(std::move(row));
  }
  return true;
}

void MessageNotes::delivered(const ReceivedMessage& message) {
  std::string places;
  for (const auto& copy : message.copies) places += (places.empty() ? "" : ", ") + copy.destination->target();
  tell(*message.step, Action::fetch, message.reason, places);
}

void MessageNotes::comes_last(const Step& step) {
  if (step.identity.by_content) return;
  if (!noted_.insert(step.message.number).second) return;  // one row for each
  state::Row row = matcher_.row_to_note(step);
  ++row.failures;
  settler_.write_with_next_commit(std::move(row));
}

}  // namespace mailhaul::engine
