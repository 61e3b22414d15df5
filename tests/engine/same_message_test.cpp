// SPDX-License-Identifier: MIT
// What proves that a listed message is the message of the row with its UIDL.
#include "engine/same_message.h"

#include <doctest/doctest.h>

#include <chrono>

#include "engine/requests.h"

using namespace mailhaul;
using namespace mailhaul::engine;
using namespace std::chrono_literals;
using state::Standing;

namespace {

util::Hash sample_hash(unsigned char first) {
  util::Hash hash{};
  hash[0] = first;
  return hash;
}

MessageHashes sample_top(unsigned char first) { return {sample_hash(first), {}, true}; }

const state::Time today{std::chrono::seconds(1'700'000'000)};

/// A row; if it was only marked as seen, it has no time of delivery.
state::Row sample_row(Standing standing) {
  const auto delivered = standing == Standing::seen ? std::nullopt : std::optional(today - 48h);
  return {.id = 1,
          .standing = standing,
          .uidl = "a",
          .bytes = 100,
          .header = sample_hash(1),
          .content = sample_hash(2),
          .delivered = delivered};
}

pop3::Listed sample_listed(std::uint64_t bytes) { return {.number = 1, .bytes = bytes, .uidl = "a"}; }

}  // namespace

TEST_CASE("a header proves a message together with its size, unless the server's sizes are wrong") {
  struct Case {
    Standing standing;
    std::uint64_t bytes;
    std::optional<MessageHashes> top;
    bool sizes_are_off, proves;
  };
  for (const auto& row : {
           Case{Standing::delivered, 100, sample_top(1), false, true},
           Case{Standing::delivered, 101, sample_top(1), false, false},
           Case{Standing::delivered, 101, sample_top(1), true, true},
           Case{Standing::delivered, 100, sample_top(9), true, false},
           Case{Standing::delivered, 100, std::nullopt, true, false},
           Case{Standing::seen, 999, sample_top(1), false, true},
           Case{Standing::seen, 999, sample_top(9), false, false},
       }) {
    CAPTURE(row.bytes);
    CAPTURE(row.sizes_are_off);
    CHECK(header_identifies(sample_row(row.standing), sample_listed(row.bytes), row.top, row.sizes_are_off) ==
          row.proves);
  }
  auto remade = sample_row(Standing::delivered);
  remade.remade = true;
  CHECK(header_identifies(remade, sample_listed(101), sample_top(1), false));
  auto handed_over = sample_row(Standing::delivered);
  handed_over.standing = Standing::seen;
  CHECK(header_identifies(handed_over, sample_listed(100), sample_top(1), false));
  CHECK_FALSE(header_identifies(handed_over, sample_listed(101), sample_top(1), false));
  CHECK_FALSE(
      header_identifies(handed_over, sample_listed(101), MessageHashes{sample_hash(1), {}, false}, true));
  auto marked = sample_row(Standing::seen);
  marked.header.reset();
  CHECK(header_identifies(marked, sample_listed(1), sample_top(9), false));
}

TEST_CASE("a header without a Message-ID proves no delivered message whose content is known") {
  const MessageHashes top{sample_hash(1), {}, false};
  for (const auto standing : {Standing::delivered, Standing::gone}) {
    auto row = sample_row(standing);
    for (const bool remade : {false, true}) {
      row.remade = remade;
      for (const bool sizes_are_off : {false, true})
        CHECK_FALSE(header_identifies(row, sample_listed(100), top, sizes_are_off));
    }
  }
  auto row = sample_row(Standing::delivered);
  row.content.reset();  // no content to compare
  CHECK(header_identifies(row, sample_listed(100), top, false));
  auto too_large = sample_row(Standing::pending);
  too_large.received_bytes = 9000;
  CHECK(header_identifies(too_large, sample_listed(101), top, false));
}

TEST_CASE("a body is not made anew if more of it comes than was delivered") {
  MessageHashes now{sample_hash(1), sample_hash(3), true, 164};
  auto row = sample_row(Standing::delivered);
  row.remade = true;
  CHECK_FALSE(is_another(row, sample_listed(200), now, today));
  now.octets = 165;
  CHECK(is_another(row, sample_listed(200), now, today));
  row.received_bytes = 150;  // LIST announced another size then
  CHECK_FALSE(is_another(row, sample_listed(200), now, today));
}

TEST_CASE("a row knows how much was received where LIST says something else") {
  auto row = sample_row(Standing::delivered);
  note_size(row, 110, std::nullopt);
  CHECK(row.bytes == 110);
  CHECK(row.received_bytes == 100);
  note_size(row, 100, std::nullopt);
  CHECK(row.received_bytes == 0);
  note_size(row, 100, 90);
  CHECK(row.received_bytes == 90);
}

TEST_CASE("another body under the same header is another message, unless the server makes bodies anew") {
  const MessageHashes same{sample_hash(1), sample_hash(2), true},
      new_body{sample_hash(1), sample_hash(3), true}, new_header{sample_hash(4), sample_hash(3), true},
      no_message_id{sample_hash(1), sample_hash(3)};
  auto row = sample_row(Standing::delivered);
  CHECK_FALSE(is_another(row, sample_listed(7), same, today));
  CHECK(is_another(row, sample_listed(100), new_body, today));
  CHECK(is_another(row, sample_listed(100), new_header, today));
  row.remade = true;
  CHECK_FALSE(is_another(row, sample_listed(100), new_body, today));
  CHECK(is_another(row, sample_listed(100), new_header, today));
  row.remade = false;
  row.delivered = today - 23h;
  CHECK_FALSE(is_another(row, sample_listed(100), new_body, today));
  CHECK(is_another(row, sample_listed(100), no_message_id, today));
  row.standing = Standing::gone;
  CHECK(is_another(row, sample_listed(100), new_body, today));
  row.standing = Standing::delivered;
  row.uidl = "b";  // the row was found by its content
  CHECK(is_another(row, sample_listed(100), new_body, today));
}

TEST_CASE("a row without hashes goes by its size if its message was delivered") {
  const MessageHashes any{sample_hash(8), sample_hash(9)};
  for (const auto standing : {Standing::delivered, Standing::gone, Standing::seen, Standing::pending}) {
    CAPTURE(static_cast<int>(standing));
    auto row = sample_row(standing);
    row.content.reset();
    row.header.reset();
    CHECK_FALSE(is_another(row, sample_listed(100), any, today));
    const bool delivered = standing == Standing::delivered || standing == Standing::gone;
    CHECK(is_another(row, sample_listed(101), any, today) == delivered);
  }
}

TEST_CASE("TOP is asked where a header can decide, RETR elsewhere, and nothing of what is left alone") {
  state::RowSummary row{};
  row.uidl = "a";
  row.standing = Standing::delivered;
  auto asked = [&row](Action action, ServerTraits server) -> std::optional<Ask> {
    Step step{.message = sample_listed(100), .identity = {}, .reason = {}};
    step.action = action;
    step.identity.row = &row;
    const auto request = first_request(step, server);
    return request ? std::optional(request->ask) : std::nullopt;
  };
  const ServerTraits top{.top = true, .sizes_are_off = false}, neither{};
  CHECK(asked(Action::fetch, top) == Ask::whole);
  CHECK(asked(Action::remove, top) == Ask::header);
  CHECK(asked(Action::remove, neither) == Ask::whole);
  CHECK(asked(Action::verify, top) == Ask::whole);
  CHECK(asked(Action::verify, {.top = true, .sizes_are_off = true}) == Ask::header);
  CHECK(asked(Action::verify, {.top = false, .sizes_are_off = true}) == Ask::whole);
  CHECK(asked(Action::leave, top) == std::nullopt);
  row.suspect = true;
  CHECK(asked(Action::verify, top) == Ask::header);
  row.failures = 1;  // its RETR may have failed because TOP came before it
  for (const auto action : {Action::verify, Action::remove}) CHECK(asked(action, top) == Ask::whole);
  row.failures = 0;
  row.standing = Standing::gone;
  CHECK(asked(Action::verify, top) == Ask::whole);
  row.uidl = {};
  CHECK(asked(Action::remove, top) == Ask::whole);
}
