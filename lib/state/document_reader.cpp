// SPDX-License-Identifier: MIT
#include "state/document_reader.h"

#include <algorithm>
#include <istream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "util/error.h"
#include "util/escape.h"
#include "util/utc.h"

namespace mailhaul::state {

namespace {

using util::Error;
using util::Kind;
using ParsedJson = nlohmann::json;
using ParseEvent = ParsedJson::parse_event_t;

[[noreturn]] void refuse_value(const std::string& key, const std::string& needs) {
  throw Error(Kind::content, "\"" + util::escape(key) + "\" must be " + needs);
}

const std::string& text_at(const std::string& key, const ParsedJson& value) {
  if (!value.is_string()) refuse_value(key, "a string");
  return value.get_ref<const std::string&>();
}

template <typename Number>
Number number_at(const std::string& key, const ParsedJson& value) {
  constexpr auto most = std::min(std::uint64_t{std::numeric_limits<Number>::max()}, std::uint64_t{INT64_MAX});
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most)
    refuse_value(key, "a whole number up to " + std::to_string(most));
  return static_cast<Number>(value.get<std::uint64_t>());
}

bool flag_at(const std::string& key, const ParsedJson& value) {
  if (!value.is_boolean()) refuse_value(key, "true or false");
  return value.get<bool>();
}

Time time_at(const std::string& key, const ParsedJson& value) {
  const auto time = util::parse_utc(text_at(key, value));
  if (!time || *time < Time()) refuse_value(key, "a time such as 2026-03-01T12:34:56Z");
  return *time;
}

util::Hash hash_at(const std::string& key, const ParsedJson& value) {
  const auto& text = text_at(key, value);
  util::Hash hash{};
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  const bool is_hex =
      std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (text.size() != 2 * hash.size() || !is_hex) refuse_value(key, "64 hexadecimal digits");
  for (std::size_t i = 0; i < hash.size(); ++i)
    hash[i] = static_cast<std::uint8_t>(digit(text[2 * i]) * 16 + digit(text[2 * i + 1]));
  return hash;
}

std::string name_at(const std::string& key, const ParsedJson& value) {
  auto name = util::unescape_uid(text_at(key, value));
  if (!name || name->empty()) refuse_value(key, "a name that is not empty, with backslashes only in \\xNN");
  return std::move(*name);
}

Standing standing_at(const std::string& key, const ParsedJson& value) {
  const auto* found = std::ranges::find(document_standings, text_at(key, value));
  if (found == document_standings.end()) refuse_value(key, "pending, seen, delivered or gone");
  return static_cast<Standing>(found - document_standings.begin());
}

using RowReader = void (*)(const std::string& key, const ParsedJson& value, Row& row);

const std::map<std::string, RowReader, std::less<>>& row_readers() {
  static const std::map<std::string, RowReader, std::less<>> readers{
      {"uid", [](auto& key, auto& value, Row& row) { row.uidl = name_at(key, value); }},
      {"standing", [](auto& key, auto& value, Row& row) { row.standing = standing_at(key, value); }},
      {"bytes", [](auto& key, auto& value, Row& row) { row.bytes = number_at<std::uint64_t>(key, value); }},
      {"ordinal",
       [](auto& key, auto& value, Row& row) { row.ordinal = number_at<std::uint32_t>(key, value); }},
      {"delivered", [](auto& key, auto& value, Row& row) { row.delivered = time_at(key, value); }},
      {"gone", [](auto& key, auto& value, Row& row) { row.gone = time_at(key, value); }},
      {"header", [](auto& key, auto& value, Row& row) { row.header = hash_at(key, value); }},
      {"content", [](auto& key, auto& value, Row& row) { row.content = hash_at(key, value); }},
      {"failures",
       [](auto& key, auto& value, Row& row) { row.failures = number_at<std::uint32_t>(key, value); }},
      {"received_bytes",
       [](auto& key, auto& value, Row& row) { row.received_bytes = number_at<std::uint64_t>(key, value); }},
      {"suspect", [](auto& key, auto& value, Row& row) { row.suspect = flag_at(key, value); }},
      {"told", [](auto& key, auto& value, Row& row) { row.told = flag_at(key, value); }},
      {"remade", [](auto& key, auto& value, Row& row) { row.remade = flag_at(key, value); }}};
  return readers;
}

Row row_of(const ParsedJson& object) {
  Row row;
  for (const auto& [key, value] : object.items()) {
    const auto reader = row_readers().find(key);
    if (reader == row_readers().end()) throw Error(Kind::content, "\"" + util::escape(key) + "\" is unknown");
    reader->second(key, value, row);
  }
  if (!object.contains("standing")) throw Error(Kind::content, "\"standing\" is missing");
  if (!names_its_message(row))
    throw Error(Kind::content, "it has neither \"uid\", \"header\" nor \"content\"");
  return row;
}

DocumentMailbox mailbox_of(const ParsedJson& object) {
  DocumentMailbox mailbox;
  for (const auto& [key, value] : object.items()) {
    if (key == "account") {
      mailbox.account = text_at(key, value);
    } else if (key == "user") {
      mailbox.user = name_at(key, value);
    } else if (key == "host") {
      mailbox.host = name_at(key, value);
    } else if (key == "port") {
      mailbox.port = number_at<std::uint16_t>(key, value);
    } else if (key != "messages") {
      throw Error(Kind::content, "\"" + util::escape(key) + "\" is unknown");
    }
  }
  for (const auto* key : {"user", "host", "messages"})
    if (!object.contains(key)) throw Error(Kind::content, "\"" + std::string(key) + "\" is missing");
  if (const auto& rest = object["messages"]; !rest.is_array() || !rest.empty())
    refuse_value("messages", "an array of objects");
  return mailbox;
}

/// Takes each message, and each mailbox, out of the parser's tree as soon as it is complete.
class DocumentParser {
 public:
  explicit DocumentParser(std::string name) : name_(std::move(name)) {}

  Document parse(std::istream& text) {
    const auto take = [this](int depth, ParseEvent event, ParsedJson& parsed) {
      return take_part(depth, event, parsed);
    };
    try {
      finish(ParsedJson::parse(text, take));
    } catch (const ParsedJson::parse_error& error) {
      if (text.bad()) throw Error(Kind::storage, "cannot read " + name_);
      if (!format_) throw foreign();
      throw Error(Kind::content,
                  name_ + " is damaged or incomplete: it is not valid JSON at byte " +
                      std::to_string(error.byte) + "; nothing was changed",
                  "export it again");
    } catch (const ParsedJson::out_of_range&) {  // such as 1e999
      if (!format_) throw foreign();
      throw Error(Kind::content, name_ + " is damaged: a number in it is too large; nothing was changed",
                  "export it again");
    }
    return std::move(document_);
  }

 private:
  enum : int { document_depth = 0, key_depth = 1, mailbox_depth = 2, messages_depth = 3, row_depth = 4 };

  Error foreign() const {
    return {Kind::content, name_ + " is not a document written by mailhaul state export; nothing was changed",
            "to take over what another program has fetched: mailhaul import PROGRAM"};
  }

  bool take_part(int depth, ParseEvent event, ParsedJson& parsed) {
    const bool begins = event == ParseEvent::object_start || event == ParseEvent::array_start;
    if (begins &&
        (depth > row_depth || (depth == document_depth) != (event == ParseEvent::object_start && !begun_)))
      throw foreign();
    begun_ = true;
    if (event == ParseEvent::key && depth == key_depth) begin_value(parsed);
    if (event == ParseEvent::value && depth == key_depth) check_value(parsed);
    if (event != ParseEvent::object_end) return true;
    if (depth == row_depth) return take_row(parsed);
    if (depth == mailbox_depth) return take_mailbox(parsed);
    return true;
  }

  /// Another program's document is refused at its first key, however long it is.
  void begin_value(const ParsedJson& key) {
    key_ = key.get<std::string>();
    const bool is_ours =
        key_ == "format" || key_ == "version" || key_ == "written" || key_ == "mailboxes" || key_ == "sha256";
    if (!is_ours) throw foreign();
  }

  void check_value(const ParsedJson& value) {
    if (key_ == "format") {
      if (value != document_format) throw foreign();
      format_ = true;
    }
    if (key_ == "version" && value != document_version)
      throw Error(Kind::content,
                  name_ + " has version " +
                      util::escape(value.dump(-1, ' ', true, ParsedJson::error_handler_t::replace)) +
                      " of the format, and this mailhaul reads version " + std::to_string(document_version) +
                      "; nothing was changed",
                  "use the mailhaul that wrote it, or a newer one");
  }

  bool take_row(const ParsedJson& object) {
    ++rows_;
    checked("message " + std::to_string(rows_), [&] { rows_of_mailbox_.push_back(row_of(object)); });
    return false;
  }

  bool take_mailbox(const ParsedJson& object) {
    checked("mailbox " + std::to_string(document_.mailboxes.size() + 1), [&] {
      auto mailbox = mailbox_of(object);
      const auto is_same = [&](const auto& part) {
        return part.mailbox.user == mailbox.user && part.mailbox.host == mailbox.host &&
               part.mailbox.port == mailbox.port;
      };
      if (std::ranges::any_of(document_.mailboxes, is_same))
        throw Error(Kind::content, "it has the same user, host and port as another mailbox");
      document_.mailboxes.push_back({std::move(mailbox), std::exchange(rows_of_mailbox_, {})});
    });
    return false;
  }

  template <typename Read>
  void checked(const std::string& what, Read read) const {
    try {
      read();
    } catch (const Error& error) {
      throw Error(Kind::content, name_ + ": " + what + ": " + error.what() + "; nothing was changed",
                  "export it again");
    }
  }

  void finish(const ParsedJson& rest) {
    if (!rest.is_object() || !format_ || !rest.contains("version") || !rest.contains("mailboxes"))
      throw foreign();
    checked("the document",
            [&] { document_.written = time_at("written", rest.value("written", ParsedJson())); });
    if (!rest["mailboxes"].is_array() || !rest["mailboxes"].empty() || !rows_of_mailbox_.empty())
      throw foreign();
    if (!rest.contains("sha256")) return;
    DocumentHash hash;
    for (const auto& part : document_.mailboxes) {
      hash.add(part.mailbox);
      for (const auto& row : part.rows) hash.add(row);
    }
    if (rest["sha256"] != hash.finish())
      throw Error(Kind::content, name_ + " is damaged: its checksum is wrong; nothing was changed",
                  "export it again; a document that was changed on purpose must not have the key sha256");
  }

  std::string name_, key_;
  Document document_;
  std::vector<Row> rows_of_mailbox_;
  std::size_t rows_ = 0;
  bool begun_ = false, format_ = false;
};

}  // namespace

Document read_document(std::istream& text, const std::string& name) {
  return DocumentParser(name).parse(text);
}

}  // namespace mailhaul::state
