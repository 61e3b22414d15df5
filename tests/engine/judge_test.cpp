// SPDX-License-Identifier: MIT
#include "engine/judge.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace mailhaul::engine {

namespace {

using util::Kind;

struct Case {
  std::string about;
  Evidence evidence;
  Verdict verdict;
};

const pop3::Doubt in_a_body{.pipelined = true};
const pop3::Doubt between_answers{.pipelined = true, .at_border = true};
const pop3::Doubt malformed{.pipelined = true, .malformed_status = true};

const std::vector<Case> cases{
    // One by one: each body belongs to its own request, unless an answer came late.
    {"one by one, the connection is lost",
     {.kind = Kind::temporary},
     {.keep_batch = true, .keep_latest = true, .current_comes_last = true}},
    {"one by one, the connection is lost between two answers",
     {.doubt = {.at_border = true}, .kind = Kind::temporary},
     {.keep_batch = true, .keep_latest = true, .current_comes_last = true}},
    {"one by one, an answer makes no sense: it may be the rest of the message before",
     {.latest_unproven = true, .doubt = {.malformed_status = true}, .kind = Kind::protocol},
     {.keep_batch = true, .suspect_rows = true, .latest_comes_last = true}},
    {"one by one, the connection is lost behind a message of another size: it may be cut",
     {.latest_unproven = true,
      .latest_may_be_cut = true,
      .only_proof_awaited = true,
      .kind = Kind::temporary},
     {.keep_batch = true, .latest_comes_last = true}},
    {"one by one, the same while another message is awaited: that one is to blame",
     {.latest_unproven = true, .latest_may_be_cut = true, .kind = Kind::temporary},
     {.keep_batch = true, .current_comes_last = true}},
    {"one by one, the disk is full behind a message of another size",
     {.latest_unproven = true, .latest_may_be_cut = true, .kind = Kind::storage},
     {.keep_batch = true}},
    {"one by one, the mbox is locked for too long while a message is awaited",
     {.batch_failed = true, .kind = Kind::temporary},
     {}},
    {"one by one, the same with nothing before it: the message asked for is to blame",
     {.doubt = {.malformed_status = true}, .kind = Kind::protocol},
     {.keep_batch = true, .suspect_rows = true, .current_comes_last = true}},
    {"one by one, a body that came back different: it may have been its neighbour's",
     {.body_changed = true, .kind = Kind::protocol},
     {.keep_batch = true, .keep_latest = true, .suspect_rows = true, .current_comes_last = true}},
    {"one by one, the same behind a refusal: the body of the refused message came as well",
     {.latest_refused = true, .doubt = {.malformed_status = true}, .kind = Kind::protocol},
     {.keep_batch = true, .suspect_rows = true, .refused_comes_last = true}},
    {"one by one, the connection is lost behind a refusal",
     {.latest_refused = true, .kind = Kind::temporary},
     {.keep_batch = true, .keep_latest = true, .current_comes_last = true}},
    {"one by one, a header has no end",
     {.kind = Kind::protocol},
     {.keep_batch = true, .keep_latest = true, .current_comes_last = true}},
    {"one by one, the disk is full", {.kind = Kind::storage}, {.keep_batch = true, .keep_latest = true}},
    {"one by one, a batch could not be settled", {.batch_failed = true, .kind = Kind::storage}, {}},
    {"one by one, asked to stop", {.kind = Kind::cancelled}, {.keep_batch = true, .keep_latest = true}},
    {"one by one, earlier breaks are not forgotten",
     {.kind = Kind::temporary, .border_breaks = 1},
     {.keep_batch = true, .keep_latest = true, .current_comes_last = true, .border_breaks = 1}},

    // Pipelining: the rows are always checked again.
    {"a cut inside a body, sizes as announced",
     {.pipelining = true, .doubt = in_a_body, .kind = Kind::temporary},
     {.keep_batch = true, .keep_latest = true, .suspect_rows = true, .current_comes_last = true}},
    {"a cut inside a body, a size was another one",
     {.pipelining = true, .sizes_differed = true, .doubt = in_a_body, .kind = Kind::temporary},
     {.suspect_rows = true, .current_comes_last = true}},
    {"the first end between two answers: list anew",
     {.pipelining = true, .doubt = between_answers, .kind = Kind::temporary},
     {.suspect_rows = true, .current_comes_last = true, .next = Next::new_session, .border_breaks = 1}},
    {"the second one: PIPELINING is broken",
     {.pipelining = true, .doubt = between_answers, .kind = Kind::temporary, .border_breaks = 1},
     {.suspect_rows = true, .current_comes_last = true, .next = Next::one_by_one}},
    {"an end between two answers of which only one was owed",
     {.pipelining = true, .doubt = {.at_border = true}, .kind = Kind::temporary},
     {.suspect_rows = true, .current_comes_last = true}},
    {"an answer that makes no sense",
     {.pipelining = true, .doubt = malformed, .kind = Kind::protocol},
     {.suspect_rows = true, .current_comes_last = true, .next = Next::one_by_one}},
    {"a body that came back different",
     {.pipelining = true, .sizes_differed = true, .body_changed = true, .kind = Kind::protocol},
     {.suspect_rows = true, .current_comes_last = true, .next = Next::one_by_one}},
    {"only QUIT was unanswered: nothing else was owed",
     {.pipelining = true, .quit_sent = true, .doubt = between_answers, .kind = Kind::temporary},
     {.keep_batch = true, .keep_latest = true, .suspect_rows = true, .current_comes_last = true}},
    {"a batch could not be settled",
     {.pipelining = true, .batch_failed = true, .doubt = in_a_body, .kind = Kind::storage},
     {.suspect_rows = true}},
    {"asked to stop: nothing is said of the server",
     {.pipelining = true, .doubt = between_answers, .kind = Kind::cancelled, .border_breaks = 1},
     {.suspect_rows = true, .border_breaks = 1}},
    {"asked to stop inside a body",
     {.pipelining = true, .doubt = in_a_body, .kind = Kind::cancelled},
     {.keep_batch = true, .keep_latest = true, .suspect_rows = true}},
    {"the disk is full while bodies are in order",
     {.pipelining = true, .doubt = {}, .kind = Kind::storage},
     {.keep_batch = true, .keep_latest = true, .suspect_rows = true}},
};

}  // namespace

TEST_CASE("the early end of a session is judged by what is known of it") {
  for (const auto& one : cases) {
    CAPTURE(one.about);
    const Verdict verdict = judge(one.evidence);
    CHECK(verdict.keep_batch == one.verdict.keep_batch);
    CHECK(verdict.keep_latest == one.verdict.keep_latest);
    CHECK(verdict.suspect_rows == one.verdict.suspect_rows);
    CHECK(verdict.latest_comes_last == one.verdict.latest_comes_last);
    CHECK(verdict.refused_comes_last == one.verdict.refused_comes_last);
    CHECK(verdict.current_comes_last == one.verdict.current_comes_last);
    CHECK(verdict.next == one.verdict.next);
    CHECK(verdict.border_breaks == one.verdict.border_breaks);
  }
}

}  // namespace mailhaul::engine
