// SPDX-License-Identifier: MIT
#include "state/document_writer.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "util/escape.h"
#include "util/utc.h"

namespace mailhaul::state {

namespace {

using OrderedJson = nlohmann::ordered_json;

/// User names and hosts may have any bytes; they are written as UIDs are.
OrderedJson object_of(const DocumentMailbox& mailbox) {
  OrderedJson object{{"account", mailbox.account},
                     {"user", util::escape_uid(mailbox.user)},
                     {"host", util::escape_uid(mailbox.host)}};
  if (mailbox.port != 0) object["port"] = mailbox.port;
  return object;
}

}  // namespace

std::string document_text(const Row& row) {
  OrderedJson object = OrderedJson::object();
  if (!row.uidl.empty()) object["uid"] = util::escape_uid(row.uidl);
  object["standing"] = document_standings.at(static_cast<std::size_t>(row.standing));
  object["bytes"] = row.bytes;
  if (row.ordinal != 0) object["ordinal"] = row.ordinal;
  if (row.delivered) object["delivered"] = util::format_utc(*row.delivered);
  if (row.gone) object["gone"] = util::format_utc(*row.gone);
  if (row.header) object["header"] = util::hex(*row.header);
  if (row.content) object["content"] = util::hex(*row.content);
  if (row.failures != 0) object["failures"] = row.failures;
  if (row.received_bytes != 0) object["received_bytes"] = row.received_bytes;
  if (row.suspect) object["suspect"] = true;
  if (row.told) object["told"] = true;
  if (row.remade) object["remade"] = true;
  return object.dump();
}

void DocumentHash::add(const DocumentMailbox& mailbox) { hash_.add(object_of(mailbox).dump() + "\n"); }
void DocumentHash::add(const Row& row) { hash_.add(document_text(row) + "\n"); }
std::string DocumentHash::finish() { return util::hex(hash_.finish()); }

DocumentWriter::DocumentWriter(Sink sink, Time now) : sink_(std::move(sink)) {
  const OrderedJson heading{
      {"format", document_format}, {"version", document_version}, {"written", util::format_utc(now)}};
  auto text = heading.dump();
  text.pop_back();
  write(text + ", \"mailboxes\": [");
}

void DocumentWriter::begin(const DocumentMailbox& mailbox) {
  hash_.add(mailbox);
  auto text = object_of(mailbox).dump();
  text.pop_back();
  write((mailboxes_++ == 0 ? "\n" : "\n]},\n") + text + ", \"messages\": [");
  rows_ = 0;
}

void DocumentWriter::add(const Row& row) {
  hash_.add(row);
  write((rows_++ == 0 ? "\n" : ",\n") + document_text(row));
}

void DocumentWriter::finish() {
  write((mailboxes_ == 0 ? "" : "\n]}\n") + std::string("], \"sha256\": \"") + hash_.finish() + "\"}\n");
  sink_(std::exchange(buffer_, {}));
}

void DocumentWriter::write(std::string_view text) {
  constexpr std::size_t enough = 64U << 10U;
  buffer_ += text;
  if (buffer_.size() >= enough) sink_(std::exchange(buffer_, {}));
}

}  // namespace mailhaul::state
