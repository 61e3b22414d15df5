// SPDX-License-Identifier: MIT
#include "engine/judge.h"

namespace mailhaul::engine {

namespace {

constexpr std::uint32_t most_border_breaks = 2;

/// While pipelining, an answer may have been skipped: then bodies are under their neighbours' numbers. A cut
/// inside a body is no sign of that, provided that each body before it had its announced size.
bool bodies_are_under_their_names(const Evidence& evidence) {
  if (!evidence.pipelining) return true;
  const bool answers_in_order = evidence.quit_sent || (!evidence.doubt.malformed_status &&
                                                       !evidence.doubt.at_border && !evidence.body_changed);
  return answers_in_order && !evidence.sizes_differed;
}

}  // namespace

Verdict judge(const Evidence& evidence) {
  Verdict verdict{.border_breaks = evidence.border_breaks};
  verdict.keep_batch = !evidence.batch_failed && bodies_are_under_their_names(evidence);
  // Bytes that nobody asked for may be the rest of the message read last. If the connection is lost instead,
  // only its size shows that it was whole.
  verdict.keep_latest = verdict.keep_batch && !evidence.doubt.malformed_status && !evidence.latest_may_be_cut;
  // Without pipelining, too, an answer that came late may have shifted the bodies after it.
  verdict.suspect_rows = evidence.pipelining || evidence.doubt.malformed_status || evidence.body_changed;
  if (evidence.pipelining && evidence.kind != util::Kind::cancelled) {
    const bool missing_answer = evidence.doubt.at_border && evidence.doubt.pipelined && !evidence.quit_sent;
    if (missing_answer) ++verdict.border_breaks;
    const bool broken = evidence.doubt.malformed_status || evidence.body_changed ||
                        verdict.border_breaks >= most_border_breaks;
    if (broken) verdict.border_breaks = 0;
    verdict.next = broken ? Next::one_by_one : missing_answer ? Next::new_session : Next::stop;
  }
  const bool of_the_server = !evidence.batch_failed && (evidence.kind == util::Kind::temporary ||
                                                        evidence.kind == util::Kind::protocol);
  const bool rest_of_latest = evidence.doubt.malformed_status && evidence.latest_unproven;
  const bool behind_refusal = evidence.doubt.malformed_status && evidence.latest_refused;
  const bool latest_is_cut = rest_of_latest || (evidence.latest_may_be_cut && evidence.only_proof_awaited);
  verdict.latest_comes_last = of_the_server && verdict.keep_batch && latest_is_cut;
  verdict.refused_comes_last = of_the_server && behind_refusal;
  verdict.current_comes_last = of_the_server && !behind_refusal && !latest_is_cut;
  return verdict;
}

}  // namespace mailhaul::engine
