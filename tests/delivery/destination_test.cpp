// SPDX-License-Identifier: MIT
#include "delivery/destination.h"

#include <doctest/doctest.h>

#include <cstdio>

#include "delivery/names.h"
#include "delivery/ticket_fields.h"
#include "fixture.h"

using namespace mailhaul;
using namespace mailhaul::delivery;
using mailhaul::test::contains;
using mailhaul::test::Fixture;
using mailhaul::test::put;
using mailhaul::test::thrown;

TEST_CASE_FIXTURE(Fixture, "an id is made from the clock of the run, not of the system") {
  for (const int micros : {0, 7, 123456, 999999}) {
    ticks = std::chrono::microseconds(micros);
    Ids of_a_run(context);
    char expected[64];
    std::snprintf(expected, sizeof expected, "1700000000.mhabcd1234k7m%06d.host", micros);
    CHECK(of_a_run.next() == expected);
  }
}

TEST_CASE_FIXTURE(Fixture, "ids never repeat and never go backwards with the clock") {
  std::set<std::string> seen;
  std::string last;
  for (int i = 0; i < 1000; ++i) {
    if (i % 100 == 50) clock -= 7;
    const auto id = ids.next();
    CHECK(id > last);
    CHECK(leading_id(id, context) == id);
    CHECK(seen.insert(id).second);
    last = id;
  }
}

TEST_CASE("an id is recognised among other names") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"12.mhIkm5.host", "12.mhIkm5.host"},
      {"12.mhIkm5.host,S=3:2,", "12.mhIkm5.host"},
      {"12.mhIkm5.a\\057b", "12.mhIkm5.a\\057b"},
      {".mhIkm5.host", ""},
      {"12.mhIkm.host", ""},
      {"12.mhIkm5", ""},
      {"12.mhIkm5m6.host", ""},
      {"12.mhIqm5.host", ""},
      {"x12.mhIkm5.host", ""},
      {"12.mhI0a1b2c3dm5.host", "12.mhI0a1b2c3dm5.host"},
      {"12.mhI0a1b2c3gm5.host", ""},
      {"12.mhI0a1b2c3m5.host", ""},
      {"12.mhIk", ""},
      {"12.mhI", ""},
      {"", ""}};
  RunContext context;
  context.instance = "I";
  context.mailbox = "k";
  for (const auto& [name, id] : table) {
    CAPTURE(name);
    CHECK(leading_id(name, context) == id);
  }
}

TEST_CASE("ticket fields keep any bytes, and refuse what they did not write") {
  TicketFields fields;
  const std::string odd("/a=b\nc\\ \0\xff", 11);
  fields.set("path", odd);
  fields.set("size", 18446744073709551615U);
  const TicketFields again(Ticket{"", fields.data()});
  CHECK(again.text("path") == odd);
  CHECK(again.number("size") == 18446744073709551615U);
  CHECK(thrown([&] { again.text("other"); }).kind() == util::Kind::storage);
  CHECK(thrown([&] { again.number("path"); }).kind() == util::Kind::storage);
  for (const auto* data : {"x", "\n", "x=\\", "x=\\xg0\n"}) {
    CHECK(thrown([&, text = std::string(data)] {
            const TicketFields broken(Ticket{"", text});
          }).kind() == util::Kind::storage);
  }
}

TEST_CASE_FIXTURE(Fixture, "each kind is opened by name, and again by its ticket") {
  const std::vector<Spec> specs{test::place("maildir", dir / "m"), test::place("mbox", dir / "b"),
                                test::program({"cat"})};
  for (const auto& spec : specs) {
    const auto destination = open(spec, context);
    const auto letter = envelope();
    std::vector<Ticket> tickets{put(*destination, letter, "x\r\n")};
    CHECK(tickets[0].target == destination->target());
    CHECK(id_of(tickets[0]) == letter.id);
    test::deliver(*destination, tickets);
    CHECK(reopen(tickets[0], context)->target() == destination->target());
  }
  CHECK(thrown([&] { reopen({"smtp:x", ""}, context); }).kind() == util::Kind::storage);
}
