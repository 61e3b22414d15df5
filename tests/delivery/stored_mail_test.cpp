// SPDX-License-Identifier: MIT
// Mail is read back as it was on the wire.
#include "delivery/stored_mail.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace mailhaul;

namespace {

constexpr const char* id = "1700000000.mhabcd12347m1700000000123456.here";

struct Found {
  std::vector<delivery::StoredMessage> messages;
  std::vector<std::string> bytes;
  bool wanted = true;
  delivery::StoredMailVisitor visitor() {
    return {.begin =
                [this](const delivery::StoredMessage& message) {
                  messages.push_back(message);
                  bytes.emplace_back();
                  return wanted;
                },
            .append = [this](std::string_view wire) { bytes.back() += wire; },
            .end = [this] { bytes.back() += "|"; }};
  }
  std::string of(std::string_view stored, std::size_t step) {
    const auto visit = visitor();
    delivery::StoredText text(visit);
    text.start({.where = "file"});
    for (; !stored.empty(); stored.remove_prefix(std::min(step, stored.size())))
      if (!text.append(stored.substr(0, step))) break;
    text.finish();
    return bytes.back();
  }
};

}  // namespace

TEST_CASE("a stored message is read back without its trace header, and with line ends of the wire") {
  const std::string trace =
      std::string("Received: from pop.example.org by here with POP3S (mailhaul)\n\tid ") + id + "; Mon, 1\n";
  for (const std::size_t step : {1U, 2U, 7U, 1000U}) {
    Found found;
    CHECK(found.of(trace + "Subject: a\n\nb\r\n\r\nc", step) == "Subject: a\r\n\r\nb\r\r\n\r\r\nc|");
    CHECK(found.messages.back().server == "pop.example.org");
    CHECK(found.messages.back().id == id);
    CHECK(found.messages.back().time == std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000)));
    CHECK(found.of("Received: from a by b\n\tid 7; Mon\n\nc\n", step) ==
          "Received: from a by b\r\n\tid 7; Mon\r\n\r\nc\r\n|");
    CHECK(found.messages.back().id.empty());
    CHECK(found.of("", step) == "|");
    CHECK(found.of(trace.substr(0, 50), step) == trace.substr(0, 50) + "|");
    CHECK(found.of("R", step) == "R|");
  }
}

TEST_CASE("the bytes of a message that is not wanted are not asked for") {
  Found found;
  found.wanted = false;
  CHECK(found.of("Subject: a\n\nb\n", 1).empty());
}

TEST_CASE("the parts of an id") {
  const auto parts = delivery::parts_of_id(id);
  REQUIRE(parts);
  CHECK(parts->instance == "abcd1234");
  CHECK(parts->mailbox == "7");
  for (const auto* other : {"", "1700000000", "1700000000.mh", "1700000000.R17.here", "x.mhabcd12347m17.here",
                            ".mhabcd12347m17.here", "1.mhabcd1234m17.here", "1.mhabcd12347m17",
                            "99999999999999999999.mhabcd12347m17.here"})
    CHECK_FALSE(delivery::parts_of_id(other));
}
