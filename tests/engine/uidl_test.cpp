// SPDX-License-Identifier: MIT
// Servers whose UIDLs cannot be relied on: changed, used again, message numbers, or none at all.
#include <doctest/doctest.h>

#include "engine/history.h"
#include "engine/mark.h"
#include "fixture.h"
#include "rows.h"

using namespace mailhaul;
using namespace std::chrono_literals;
using test::body_of;
using test::change_first_row;
using test::Household;
using test::mail_of;
using Reply = test::MemoryServer::Reply;
using Bodies = std::vector<std::string>;

TEST_CASE("UIDLs that are message numbers stay correct when another client deletes the first message") {
  Household house;
  house.account.policy.leave_on_server = true;
  for (int n = 1; n <= 6; ++n) {
    auto mail = mail_of(n);
    mail.bytes += std::string(static_cast<std::size_t>(n), 'x') + "\r\n";
    house.server.messages.push_back(mail);
  }
  const auto number = [&] {
    for (std::size_t i = 0; i < house.server.messages.size(); ++i)
      house.server.messages[i].uidl = std::to_string(i + 1);
  };
  number();
  house.run();
  house.server.messages.erase(house.server.messages.begin());
  number();
  for (int run = 0; run < 2; ++run) {
    CHECK(engine::status_of(house.run()) == 0);
    CHECK(house.mail().size() == 6);
  }
}

TEST_CASE("messages marked as seen stay marked when the server changes its UIDLs") {
  Household house;
  house.server.messages = {mail_of(1), mail_of(2), mail_of(3)};
  engine::mark(house.account, house.environment, house.told, {}).messages;
  for (auto& message : house.server.messages) message.uidl += "'";
  for (int run = 0; run < 2; ++run) CHECK(house.run().totals.fetched == 0);
  CHECK(house.server.messages.size() == 3);
}

TEST_CASE("a temporary refusal of UIDL does not make old mail new") {
  Household house;
  house.server.options.top = false;
  house.server.messages = {mail_of(1)};
  house.account.policy.leave_on_server = true;
  house.run();
  house.server.misbehave = [](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command != "UIDL") return std::nullopt;
    return Reply("-ERR temporary failure, try again later\r\n");
  };
  CHECK(engine::status_of(house.run()) == 75);
  CHECK(house.server.count("RETR 1") == 1);
}

TEST_CASE("a body that arrives under its neighbour's number does not keep a known row") {
  Household house;
  house.account.policy.leave_on_server = true;
  auto known = mail_of(3);
  house.server.messages = {known};
  house.run();
  known.uidl = "renamed";
  house.server.messages = {mail_of(1), mail_of(2), known};
  std::size_t asked = 0;
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command.starts_with("RETR ") && ++asked == 2) return Reply("");  // this command gets no answer
    return std::nullopt;
  };
  house.run();
  house.server.misbehave = nullptr;
  for (int run = 0; run < 2; ++run) CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.mail() == Bodies{body_of(1), body_of(2), body_of(3)});
}

TEST_CASE("without UIDL, an unconfirmed removal does not remove another message of equal header and size") {
  Household house;
  house.server.options.uidl = false;
  house.server.messages = {{"", "Subject: alarm\r\n\r\ndisk 1 failed\r\n"}};
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command != "QUIT") return std::nullopt;
    house.server.messages.clear();
    house.server.misbehave = nullptr;
    return Reply("", true);
  };
  house.run();
  house.server.messages = {{"", "Subject: alarm\r\n\r\ndisk 2 failed\r\n"}};
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.mail().size() == 2);
  CHECK(house.server.messages.empty());
}

TEST_CASE("messages stay known when the server changes its UIDLs and the connection breaks") {
  Household house;
  house.account.policy.leave_on_server = true;
  for (int n = 1; n <= 5; ++n) house.server.messages.push_back(mail_of(n));
  house.run();
  for (auto& message : house.server.messages) message.uidl += "'";
  for (int broken = 0; broken < 3; ++broken) {
    house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
      if (command != "RETR " + std::to_string(broken + 1)) return std::nullopt;
      return Reply("+OK\r\nSubject: ", true);
    };
    house.run();
  }
  house.server.misbehave = nullptr;
  CHECK(engine::status_of(house.run()) == 0);
  CHECK(house.mail().size() == 5);
}

TEST_CASE("max_size also applies to a UIDL that is used again") {
  Household house;
  house.account.policy.max_size = 1000;
  house.account.policy.leave_on_server = true;
  house.server.messages = {mail_of(1)};
  house.run();
  house.server.messages.front().bytes = "Subject: big\r\n\r\n" + std::string(5000, 'x') + "\r\n";
  CHECK(house.run().totals.fetched == 0);
  CHECK(house.server.count("RETR 1") == 1);
  REQUIRE(house.told.warnings.size() == 1);
  CHECK(house.told.warnings.front().find("max_size") != std::string::npos);
}

TEST_CASE("rows of messages that are gone from the server are deleted in the end") {
  Household house;
  house.server.messages = {mail_of(1)};
  house.run();
  for (int n = 0; n < 80; ++n) {
    house.now += 5 * 24h;
    house.run();
  }
  CHECK(engine::history(house.account, house.environment).empty());
}

TEST_CASE("with EXPIRE 0 a stop in the middle does not confirm messages that were retrieved and held back") {
  Household house;
  house.server.options.more_capabilities = {"EXPIRE 0"};
  for (int n = 10; n < 40; ++n) house.server.messages.push_back(mail_of(n));
  std::size_t asked = 0;
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command.starts_with("RETR") && ++asked == 20) house.cancel.request(15);
    if (command != "LIST") return std::nullopt;
    std::string list = "+OK\r\n";
    for (int n = 1; n <= 30; ++n) list += std::to_string(n) + " 5\r\n";
    return list + ".\r\n";
  };
  house.run();
  CHECK(house.server.count("QUIT") == 0);
}

TEST_CASE("with EXPIRE 0 three equal refusals do not confirm messages that were retrieved and put off") {
  Household house;
  house.server.options.more_capabilities = {"EXPIRE 0"};
  for (int n = 10; n < 30; ++n) house.server.messages.push_back(mail_of(n));
  std::size_t asked = 0;
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command.starts_with("RETR") && ++asked > 17 && asked <= 20) return Reply("-ERR busy\r\n");
    if (command != "LIST") return std::nullopt;
    std::vector<std::string> lines;
    for (int n = 1; n <= 20; ++n) lines.push_back(std::to_string(n) + " 5");
    return test::multi_line(lines);
  };
  house.run();
  CHECK(house.server.count("QUIT") == 0);
  house.server.misbehave = {};
  house.run();
  CHECK(house.mail().size() == 20);
}

namespace {

/// Two messages have one UIDL, so that only their content tells them apart.
void list_with_twins(Household& house, std::vector<test::StoredMessage> others) {
  house.server.options.top = false;
  house.account.policy.leave_on_server = true;
  house.server.messages = std::move(others);
  for (const int n : {7, 8}) house.server.messages.push_back({"twin", mail_of(n).bytes});
}

}  // namespace

TEST_CASE("beside messages of one UIDL, a UIDL that comes back with another message is noticed") {
  Household house;
  list_with_twins(house, {mail_of(1), mail_of(2)});
  CHECK(house.run().totals.fetched == 4);
  list_with_twins(house, {mail_of(2)});
  CHECK(house.run().totals.fetched == 0);
  list_with_twins(house, {{"uid1", mail_of(3).bytes}, mail_of(2)});
  CHECK(house.run().totals.fetched == 1);
  CHECK(house.copies_of(3) == 1);
}

TEST_CASE("beside messages of one UIDL, messages stay known when their UIDLs change") {
  Household house;
  list_with_twins(house, {mail_of(1), mail_of(2)});
  CHECK(house.run().totals.fetched == 4);
  list_with_twins(house, {{"other1", mail_of(1).bytes}, {"other2", mail_of(2).bytes}});
  for (int run = 0; run < 2; ++run) CHECK(house.run().totals.fetched == 0);
  CHECK(house.mail().size() == 4);
}

TEST_CASE("messages without a UIDL of their own stay known when their sizes change and one has no header") {
  for (const bool uidl : {true, false}) {
    for (const std::string kind : {"maildir", "mbox", "mda"}) {
      CAPTURE(uidl);
      CAPTURE(kind);
      Household house;
      house.deliver_as(kind);
      house.server.options.uidl = uidl;
      house.account.policy.leave_on_server = true;
      for (int n = 1; n <= 4; ++n) house.server.messages.push_back({"same", mail_of(n).bytes});
      CHECK(house.run().totals.fetched == 4);
      house.server.messages.push_back({"same", mail_of(5).bytes});
      for (auto& message : house.server.messages) message.bytes = "Status: RO\r\n" + message.bytes;
      house.server.misbehave = [](const std::string& command, std::size_t) {
        return command == "TOP 5 0" ? std::optional<Reply>("-ERR cannot open\r\n") : std::nullopt;
      };
      CHECK(house.run().totals.fetched == 1);
      CHECK(house.run().totals.fetched == 0);
      for (int n = 1; n <= 5; ++n) CHECK(house.copies_of(n) == 1);
    }
  }
}

TEST_CASE("a large message announced as small, for which there is no room, does not hold up the others") {
  struct WriterWithLittleRoom final : delivery::Writer {
    std::unique_ptr<delivery::Writer> inner;
    std::size_t bytes = 0;
    void append(std::string_view wire) override {
      if ((bytes += wire.size()) > 2'000'000) {
        throw util::Error(util::Kind::storage, "cannot write: No space left on device");
      }
      inner->append(wire);
    }
    delivery::Ticket finish() override { return inner->finish(); }
  };
  struct DestinationWithLittleRoom final : test::ForwardingDestination {
    std::unique_ptr<delivery::Writer> begin(const delivery::Envelope& envelope,
                                            std::uint64_t bytes) override {
      auto writer = std::make_unique<WriterWithLittleRoom>();
      writer->inner = inner->begin(envelope, bytes);
      return writer;
    }
  };
  Household house;
  house.environment.open = [](const delivery::Spec& spec, const delivery::RunContext& context) {
    auto place = std::make_unique<DestinationWithLittleRoom>();
    place->inner = delivery::open(spec, context);
    return place;
  };
  for (int n = 1; n <= 5; ++n) house.server.messages.push_back(mail_of(n));
  house.server.messages[0].bytes += std::string(3'000'000, 'x') + "\r\n";
  house.server.misbehave = [&](const std::string& command, std::size_t) -> std::optional<Reply> {
    if (command != "LIST") return std::nullopt;
    std::string list = "+OK\r\n";
    for (std::size_t n = 1; n <= house.server.messages.size(); ++n) list += std::to_string(n) + " 0\r\n";
    return list + ".\r\n";
  };
  CHECK(engine::status_of(house.run()) == 74);
  CHECK(house.mail() == Bodies{body_of(2), body_of(3), body_of(4), body_of(5)});
}

TEST_CASE(
    "a message without Message-ID under a new UIDL is not taken for one that was imported as delivered") {
  for (const bool leave : {true, false}) {
    CAPTURE(leave);
    Household house;
    house.account.policy.leave_on_server = true;
    house.server.messages = {{"old", "Subject: alarm\r\n\r\nthe first one\r\n"}};
    house.run();
    change_first_row(house, [](state::Row& row) { row.content.reset(); });
    house.server.messages = {{"new", "Subject: alarm\r\n\r\nanother one\r\n\r\n"}};
    REQUIRE(house.server.messages[0].bytes.size() ==
            std::string("Subject: alarm\r\n\r\nthe first one\r\n").size());
    house.account.policy.leave_on_server = leave;
    CHECK(house.run().totals.fetched == 1);
    CHECK(house.mail().size() == 2);
    CHECK(house.run().totals.fetched == 0);
  }
}
