// SPDX-License-Identifier: MIT
// What --json prints, as a JSON Schema. The tests compare what the commands print with it.
#include "app/output_schema.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

namespace mailhaul::app {
namespace {

using Form = nlohmann::ordered_json;

/// Names are separated by blanks. An event of several commands that print different fields has several rows.
struct EventRow {
  std::string_view event, meaning, required, optional = {};
};

constexpr auto event_rows = std::to_array<EventRow>({
    {"account", "fetch, watch: work on an account begins", "account"},
    {"account", "check: what is in the mailbox",
     "account new too_large seen to_remove total bytes new_bytes"},
    {"message", "fetch, watch, delete: what was done with a message", "account number uid bytes action time",
     "reason deliver path paths message_id from from_raw subject subject_raw"},
    {"message", "list, and a dry run: what would be done with a message",
     "account number uid bytes action reason removes",
     "due date time message_id from from_raw subject subject_raw"},
    {"message", "state show: what is recorded about a message", "account uid bytes standing",
     "delivered due open"},
    {"warning", "something worth knowing", "error status time", "account uid hint"},
    {"error", "a message, an account or the whole run failed", "error status time", "account uid hint"},
    {"recovered", "an account whose trouble was reported works again", "account time", "failing_since"},
    {"summary", "work on an account has ended",
     "account listed fetched failed removed left waiting waiting_bytes bytes seconds status time",
     "unconfirmed not_asked"},
    {"plan", "totals of a dry run of an account",
     "account to_fetch to_compare to_remove stay bytes compare_bytes"},
    {"status", "status: what the last runs of an account have recorded", "account",
     "status last_run last_success last_mail failing_since error hint left waiting waiting_bytes "
     "certificate_until not_before login_until password_until client_certificate_until"},
    {"asked", "init: a source that was asked for the server", "who outcome"},
    {"found", "init --print: the account that would be added", "account server user file profile"},
    {"added", "init: the account that was added", "account server user file messages bytes"},
    {"logged_in", "login: the login or the password is kept", "account user"},
    {"logged_out", "logout: the login or the password is forgotten", "account was_logged_in"},
    {"marked", "state mark-seen, mark-delivered: what was marked", "account standing messages not_listed"},
    {"forgotten", "state forget: how many messages were forgotten", "account messages not_listed"},
    {"moved", "state move: what is now recorded for the account", "account user host messages"},
    {"rebuilt", "state rebuild: what was found", "account read recorded unfinished"},
    {"verified", "state verify: what was found", "account unchanged changed missing"},
    {"state_imported", "state import: a mailbox of the document", "user host messages added completed"},
    {"imported", "import: an account that was taken over", "account file line enabled known profile"},
    {"finding", "doctor: one check", "grade check text status", "account hint"},
    {"version", "version: the versions", "version libraries features auth kinds file"},
});

/// The fields that are not strings.
struct TypeRow {
  std::string_view type, names;
};

constexpr auto type_rows = std::to_array<TypeRow>({
    {"integer",
     "number bytes status listed fetched failed removed left waiting waiting_bytes to_fetch to_compare "
     "to_remove stay compare_bytes messages added completed read recorded unfinished unchanged changed "
     "missing not_listed new too_large seen total new_bytes line known unconfirmed"},
    {"number", "seconds"},
    {"boolean", "removes enabled was_logged_in"},
    {"time",
     "time due delivered failing_since last_run last_success last_mail certificate_until not_before "
     "login_until password_until client_certificate_until"},
    {"array", "paths open auth kinds"},
    {"object", "profile"},
});

std::vector<std::string_view> words_in(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = text.find(' ');
    words.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return words;
}

Form form_of(std::string_view name) {
  for (const auto& [type, names] : type_rows) {
    if (std::ranges::count(words_in(names), name) == 0) continue;
    if (type == "time") return {{"type", "string"}, {"format", "date-time"}, {"pattern", "Z$"}};
    if (type == "array") return {{"type", type}, {"items", {{"type", "string"}}}};
    if (type == "integer") return {{"type", type}, {"minimum", 0}};
    return {{"type", type}};
  }
  return {{"type", "string"}};
}

Form form_of(const EventRow& row) {
  Form properties{{"event", {{"const", row.event}}}};
  Form::array_t required{"event"};
  for (const auto name : words_in(row.required)) {
    properties[std::string(name)] = form_of(name);
    required.emplace_back(name);
  }
  for (const auto name : words_in(row.optional)) properties[std::string(name)] = form_of(name);
  return {{"description", row.meaning},
          {"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)}};
}

}  // namespace

std::string output_schema(account::Layout layout) {
  Form::array_t forms;
  for (const auto& row : event_rows) forms.push_back(form_of(row));
  const Form whole{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                   {"title", "a line that mailhaul --json prints"},
                   {"anyOf", std::move(forms)}};
  return whole.dump(layout == account::Layout::one_line ? -1 : 2) + "\n";
}

}  // namespace mailhaul::app
