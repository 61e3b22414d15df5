// SPDX-License-Identifier: MIT
// A document is read as it was written, and anything else is refused.
#include <doctest/doctest.h>

#include <sstream>

#include "fixture.h"
#include "state/document_reader.h"
#include "state/document_writer.h"

using namespace mailhaul;
using namespace mailhaul::test;
using namespace std::string_literals;
using state::Row;
using state::Standing;

namespace {

std::string document_with(const std::vector<Row>& rows) {
  std::string text;
  state::DocumentWriter writer([&text](std::string_view piece) { text += piece; }, at_day(4));
  writer.begin({.account = "home", .user = "j\xf6rg", .host = "mail.example.org"});
  for (const auto& row : rows) writer.add(row);
  writer.begin({.account = "work", .user = "bert", .host = "127.0.0.1", .port = 1110});
  writer.finish();
  return text;
}

state::Document read(const std::string& text) {
  std::istringstream stream(text);
  return state::read_document(stream, "the file");
}

}  // namespace

TEST_CASE("a document is read as it was written, but for marks for removal") {
  const Row whole = full_row();
  const auto document = read(document_with({whole, delivered_row(8, "b")}));
  CHECK(document.written == at_day(4));
  REQUIRE(document.mailboxes.size() == 2);
  CHECK(document.mailboxes[0].mailbox.user == "j\xf6rg");
  CHECK(document.mailboxes[1].mailbox.port == 1110);
  REQUIRE(document.mailboxes[0].rows.size() == 2);
  const auto& row = document.mailboxes[0].rows[0];
  CHECK(row.id == 0);
  CHECK_FALSE(row.due);
  CHECK(row.uidl == whole.uidl);
  CHECK(row.standing == whole.standing);
  CHECK(row.bytes == whole.bytes);
  CHECK(row.header == whole.header);
  CHECK(row.content == whole.content);
  CHECK(row.ordinal == whole.ordinal);
  CHECK(row.delivered == whole.delivered);
  CHECK(row.gone == whole.gone);
  CHECK(row.failures == whole.failures);
  CHECK(row.received_bytes == whole.received_bytes);
  CHECK((row.suspect && row.told && row.remade));
  CHECK(document.mailboxes[0].rows[1].uidl == "b");
}

TEST_CASE("a document that is cut anywhere is refused") {
  const auto text = document_with({full_row(), delivered_row(8, "b")});
  for (std::size_t length = 0; length + 1 < text.size(); ++length)
    CHECK_THROWS_AS(read(text.substr(0, length)), util::Error);
}

TEST_CASE("a number that is too large is called damage") {
  for (const auto* key : {"\"version\":", "\"bytes\":"}) {
    auto text = document_with({full_row()});
    const auto at = text.find(key);
    REQUIRE(at != std::string::npos);
    text.insert(at + std::string_view(key).size(), "1e999");
    const auto error = error_of([&] { read(text); });
    CHECK(error.kind() == util::Kind::content);
  }
}

TEST_CASE("a changed bit is noticed wherever it is") {
  const auto text = document_with({full_row(), delivered_row(8, "b")});
  for (std::size_t i = text.find("mailboxes"); i < text.size(); ++i) {
    if (text[i] == ' ' || text[i] == '\n') continue;
    auto changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_THROWS_AS(read(changed), util::Error);
  }
}

TEST_CASE("rows are read in one transaction, and several mailboxes change in one") {
  Place place;
  auto store = place.open();
  const auto anna = store.mailbox("anna", "h", 0), bert = store.mailbox("bert", "h", 0);
  const std::vector<state::Store::MailboxChange> changes{
      {anna, {.rows = {delivered_row(store.next_row(anna), "a"), delivered_row(store.next_row(anna), "b")}}},
      {bert, {.rows = {delivered_row(store.next_row(bert), "c")}}}};
  store.commit(changes);
  std::string uidls;
  for (const auto mailbox : {anna, bert})
    store.for_each_row(mailbox, [&uidls](const Row& row) { uidls += row.uidl; });
  CHECK(uidls == "abc");
  CHECK(place.open().rows(anna).rows().size() == 2);
}
