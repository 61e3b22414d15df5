// SPDX-License-Identifier: MIT
#include "engine/blame.h"

#include <algorithm>

namespace mailhaul::engine {

using Awaited = pop3::Awaited;

void Blame::latest(const Verdict& verdict, const util::Error& error) {
  // Either of two messages may be to blame: the one read last, which is not kept, or the one awaited.
  const bool either = verdict.keep_batch && verdict.current_comes_last;
  if (!verdict.latest_comes_last && !either) return;
  const auto latest = parts_.unproven.take_latest();
  if (!latest) return;
  const Step& step = *latest->message.step;
  if (either) return parts_.notes.comes_last(step);
  latest_uid_ = parts_.notes.uid(step);
  parts_.notes.failed(step,
                      {util::Kind::protocol,
                       "message " + latest_uid_ +
                           " stays on the server, because it is not certain where it ends: " + error.what(),
                       "the server may not double the dots at the beginning of lines (RFC 1939 section 3)"});
}

util::Error Blame::name(const Verdict& verdict, const util::Error& error) {
  const Step* step = awaited(verdict);
  const auto about = [&error](const std::string& message) {
    return util::Error(error.kind(), message + ": " + error.what(), error.hint());
  };
  if (step == nullptr) return latest_uid_.empty() ? error : about("after message " + latest_uid_);
  const auto removal = parts_.session.awaited();
  if (removal.what == Awaited::What::removal)
    parts_.notes.removal_comes_last(*step, parts_.removals.row_of(removal.number));
  else
    parts_.notes.comes_last(*step);
  return about("message " + parts_.notes.uid(*step));
}

const Step* Blame::awaited(const Verdict& verdict) const {
  if (verdict.refused_comes_last) return parts_.requests.refused_last();
  if (!verdict.current_comes_last) return nullptr;
  const auto awaited = parts_.session.awaited();
  if (const Step* compared = parts_.unproven.compared()) return compared;
  if (awaited.number == 0) return parts_.requests.current().step;
  const auto found = std::ranges::find(parts_.plan.steps, awaited.number,
                                       [](const Step& step) { return step.message.number; });
  return found != parts_.plan.steps.end() ? &*found : nullptr;
}

}  // namespace mailhaul::engine
