// SPDX-License-Identifier: MIT
#include "engine/offers.h"

#include "engine/plan.h"
#include "engine/uid.h"
#include "util/shell.h"

namespace mailhaul::engine {

bool is_withheld(AccountRun& run, const ReceivedMessage::Copy& copy) {
  const auto& target = copy.destination->target();
  if (run.environment.cancel->requested() && !copy.destination->traits().delivered_by_close()) return true;
  if (run.refusing.offers(target) != Offers::none) return false;
  run.refusing.kept_from(target);
  return true;
}

util::Kind kind_of(delivery::DeliveryStatus status) {
  if (status == delivery::DeliveryStatus::later) return util::Kind::temporary;
  return status == delivery::DeliveryStatus::unfit ? util::Kind::content : util::Kind::storage;
}

void note_answer(AccountRun& run, const ReceivedMessage& message, const ReceivedMessage::Copy& copy) {
  const auto& target = copy.destination->target();
  if (copy.state == CopyState::delivered) return run.refusing.took(target);
  if (copy.result.by_hand.empty()) return;  // not a program, or one that was stopped together with us
  const auto uid = util::shell_word(shown_uid(message.step->message, message.step->identity.header));
  run.refusing.refused(
      {.target = target,
       .answer = copy.result.sentence,
       .kind = kind_of(copy.result.status),
       .by_hand = "mailhaul get " + run.account.name + " " + uid + " | " + copy.result.by_hand},
      run.environment.now());
}

}  // namespace mailhaul::engine
