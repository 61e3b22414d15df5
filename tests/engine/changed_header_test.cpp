// SPDX-License-Identifier: MIT
// A message stays the same if a server, scanner or proxy changes its header between two sessions.
#include <doctest/doctest.h>

#include <functional>

#include "grid.h"

using namespace mailhaul;
using test::Household;
using test::mail_of;
using test::settings;
using Reply = test::MemoryServer::Reply;

namespace {

/// A message to which a server has added fields. It has a Message-ID if its number is even.
test::StoredMessage scanned_mail(int n) {
  const std::string number = std::to_string(n);
  const std::string id = n % 2 == 0 ? "Message-ID: <" + number + "@x>\r\n" : "";
  return {"uid" + number, "Received: from a by b\r\nStatus: O\r\n" + id +
                              "From: Anna <anna@example.org>\r\nTo: Bert <bert@example.org>, Cora "
                              "<cora@example.org>\r\nSubject: " +
                              number + "\r\n\r\nbody " + number + "\r\n"};
}

void change_text(std::string& bytes, const std::string& before, const std::string& after) {
  const auto at = bytes.find(before);
  if (at != std::string::npos) bytes.replace(at, before.size(), after);
}

struct HeaderChange {
  std::string what;
  std::function<void(std::string& bytes)> make;
};

const std::vector<HeaderChange> header_changes{
    {"GNU pop3d's fields",
     [](auto& bytes) { bytes = "X-IMAPbase: 1 4\r\nX-UID: 7\r\nStatus: RO\r\n" + bytes; }},
    {"fields at the end of the header",
     [](auto& bytes) {
       change_text(bytes, "\r\n\r\n", "\r\nX-UIDL: abc\r\nX-Spam-Flag: NO\r\n folded\r\n\r\n");
     }},
    {"counts",
     [](auto& bytes) {
       bytes = "Lines: " + std::to_string(bytes.size()) + "\r\nContent-Length: 9\r\n" + bytes;
     }},
    {"fields are gone",
     [](auto& bytes) { change_text(bytes, "Received: from a by b\r\nStatus: O\r\n", ""); }},
    {"another order",
     [](auto& bytes) {
       const std::string from = "From: Anna <anna@example.org>\r\n";
       change_text(bytes, from, "");
       change_text(bytes, "\r\n\r\n", "\r\n" + from + "\r\n");
     }},
    {"folded elsewhere",
     [](auto& bytes) {
       change_text(bytes, ", Cora ", ",\r\n\tCora\r\n ");
       change_text(bytes, "Subject: ", "SUBJECT:\r\n  ");
     }},
    {"one more line end", [](auto& bytes) { bytes += "\r\n"; }},
};

/// Makes LIST announce the sizes that the messages have now, before they are changed.
void keep_sizes(Household& house) {
  std::vector<std::string> lines;
  for (const auto& message : house.server.messages)
    lines.push_back(std::to_string(lines.size() + 1) + ' ' + std::to_string(message.bytes.size()));
  house.server.misbehave = [&house, lines](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command != "LIST" || house.server.messages.size() != lines.size()) return std::nullopt;
    return test::multi_line(lines);
  };
}

void check_changed_header(const test::Setting& setting, const HeaderChange& change, bool top,
                          bool same_sizes) {
  CAPTURE(setting);
  CAPTURE(change.what);
  CAPTURE(top);
  CAPTURE(same_sizes);
  Household house;
  set_up(house, setting);
  house.server.options.top = top;
  house.account.policy.leave_on_server = true;
  for (int n = 1; n <= 4; ++n) house.server.messages.push_back(scanned_mail(n));
  CHECK(house.run().totals.fetched == 4);
  if (same_sizes) keep_sizes(house);
  for (auto& message : house.server.messages) change.make(message.bytes);
  house.account.policy.leave_on_server = setting.leave;
  for (int run = 1; run <= 2; ++run) {
    const auto outcome = house.run();
    CHECK(engine::status_of(outcome) == 0);
    CHECK(outcome.totals.fetched == 0);
  }
  for (int n = 1; n <= 4; ++n) CHECK(house.copies_of(n) == 1);
  CHECK(house.server.messages.size() == setting.left_of(4));
}

}  // namespace

TEST_CASE("mail whose header the server changes between two sessions is not delivered again, and removed") {
  for (const auto& setting : settings()) {
    for (const auto& change : header_changes) {
      check_changed_header(setting, change, true, false);
    }
    for (const bool top : {true, false}) check_changed_header(setting, header_changes.front(), top, top);
  }
}
