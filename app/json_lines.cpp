// SPDX-License-Identifier: MIT
#include "app/json_lines.h"

#include <nlohmann/json.hpp>

#include "app/columns.h"
#include "app/header_text.h"
#include "app/output.h"
#include "util/join.h"
#include "util/utc.h"

namespace mailhaul::app {

namespace {

using Json = nlohmann::ordered_json;

std::string line_of(const Json& object) {
  return object.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

void put(Json& object, const char* name, std::string_view text) {
  if (!text.empty()) object[name] = text;
}

/// A header field decoded, and as it is in the message.
void put_field(Json& object, const std::string& name, std::string_view field) {
  if (field.empty()) return;
  object[name] = in_columns(decoded(field), 0);
  object[name + "_raw"] = in_columns(field, 0);
}

/// The places, and the files that the message is in.
void put_arrivals(Json& object, std::span<const report::Arrival> arrivals) {
  auto paths = Json::array();
  for (const auto& arrival : arrivals)
    if (!arrival.path.empty()) paths.push_back(arrival.path);
  put(object, "deliver", util::joined(arrivals, &report::Arrival::target));
  if (!paths.empty()) object["path"] = paths.front();
  if (paths.size() > 1) object["paths"] = paths;
}

/// The present time, for logs.
std::string time_now() {
  return util::format_utc(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

}  // namespace

void JsonLines::write(const std::string& line) {
  const std::lock_guard lock(mutex_);
  failure_.print_or_note(line);
}

void JsonLines::started(std::string_view account) {
  write(line_of({{"event", "account"}, {"account", account}}));
}

void JsonLines::message(std::string_view account, const report::MessageEvent& message) {
  Json object{{"event", "message"}, {"account", account},     {"number", message.number},
              {"uid", message.uid}, {"bytes", message.bytes}, {"action", report::name_of(message.action)}};
  put(object, "reason", message.reason);
  put_arrivals(object, message.arrivals);
  put(object, "message_id", in_columns(message.message_id, 0));
  put_field(object, "from", message.from);
  put_field(object, "subject", message.subject);
  object["time"] = time_now();
  write(line_of(object));
}

void JsonLines::notice(std::string_view event, std::string_view account, const report::Notice& notice) {
  Json object{{"event", event}};
  put(object, "account", account);
  put(object, "uid", notice.uid);
  object["error"] = notice.sentence;
  put(object, "hint", hint_for(notice.hint, account, options_));
  object["status"] = notice.status;
  object["time"] = time_now();
  write(line_of(object));
}

void JsonLines::warned(std::string_view account, const report::Notice& what) {
  if (!quiet_ || !what.quiet_skips_it) notice("warning", account, what);
}
void JsonLines::failed(std::string_view account, const report::Notice& what) {
  notice("error", account, what);
}

void JsonLines::finished(std::string_view account, const report::Totals& totals, int status) {
  Json object{
      {"event", "summary"},        {"account", account},        {"listed", totals.listed},
      {"fetched", totals.fetched}, {"failed", totals.failed},   {"removed", totals.removed},
      {"left", totals.left},       {"waiting", totals.waiting}, {"waiting_bytes", totals.waiting_bytes},
      {"bytes", totals.bytes},     {"seconds", totals.seconds}, {"status", status},
      {"time", time_now()}};
  if (totals.unconfirmed != 0) object["unconfirmed"] = totals.unconfirmed;
  put(object, "not_asked", totals.not_asked);
  write(line_of(object));
}

void JsonLines::recovered(std::string_view account, std::optional<std::chrono::sys_seconds> since) {
  Json object{{"event", "recovered"}, {"account", account}};
  if (since) object["failing_since"] = util::format_utc(*since);
  object["time"] = time_now();
  write(line_of(object));
}

std::string json_line(std::string_view account, const engine::ListedMessage& message,
                      engine::HeaderFields fields) {
  Json object{{"event", "message"},       {"account", account},
              {"number", message.number}, {"uid", message.uid},
              {"bytes", message.bytes},   {"action", report::name_of(message.action)},
              {"reason", message.reason}, {"removes", message.removes}};
  if (message.due) object["due"] = util::format_utc(*message.due);
  if (fields == engine::HeaderFields::read) {
    object["date"] = message.date;
    if (const auto time = parse_date(message.date)) object["time"] = util::format_utc(*time);
    object["from"] = in_columns(decoded(message.from), 0);
    object["subject"] = in_columns(decoded(message.subject), 0);
    object["from_raw"] = in_columns(message.from, 0);
    object["subject_raw"] = in_columns(message.subject, 0);
    put(object, "message_id", in_columns(message.message_id, 0));
  } else {
    object["time"] = time_now();
  }
  return line_of(object);
}

std::string json_line(std::string_view account, const PlanTotals& totals) {
  return line_of({{"event", "plan"},
                  {"account", account},
                  {"to_fetch", totals.fetched},
                  {"to_compare", totals.compared},
                  {"to_remove", totals.removed},
                  {"stay", totals.stay},
                  {"bytes", totals.bytes},
                  {"compare_bytes", totals.compared_bytes}});
}

std::string json_line(std::string_view account, const Counts& counts) {
  return line_of({{"event", "account"},
                  {"account", account},
                  {"new", counts.fresh},
                  {"too_large", counts.too_large},
                  {"seen", counts.seen},
                  {"to_remove", counts.to_remove},
                  {"total", counts.total},
                  {"bytes", counts.bytes},
                  {"new_bytes", counts.fresh_bytes}});
}

std::string json_line(std::string_view account, const engine::HistoryRow& row) {
  Json object{{"event", "message"},
              {"account", account},
              {"uid", row.uid},
              {"bytes", row.bytes},
              {"standing", row.standing}};
  if (row.delivered) object["delivered"] = util::format_utc(*row.delivered);
  if (row.due) object["due"] = util::format_utc(*row.due);
  if (!row.open_landings.empty()) object["open"] = row.open_landings;
  return line_of(object);
}

std::string json_line(std::string_view account, std::string_view standing, const engine::Marked& marked) {
  return line_of({{"event", "marked"},
                  {"account", account},
                  {"standing", standing},
                  {"messages", marked.messages},
                  {"not_listed", marked.not_listed}});
}

std::string json_line(std::string_view account, const engine::Forgotten& forgotten) {
  return line_of({{"event", "forgotten"},
                  {"account", account},
                  {"messages", forgotten.messages},
                  {"not_listed", forgotten.not_recorded}});
}

std::string json_line(std::string_view account, const engine::AccountStatus& status,
                      const AccountEnds& ends) {
  Json object{{"event", "status"}, {"account", account}};
  const auto put_time = [&object](const char* name, const std::optional<state::Time>& time) {
    if (time) object[name] = util::format_utc(*time);
  };
  if (status.run) {
    const auto& run = *status.run;
    object["status"] = run.status;
    put_time("last_run", run.ended);
    put_time("last_success", run.succeeded);
    put_time("last_mail", run.mail);
    put_time("failing_since", run.failing_since);
    put(object, "error", run.error);
    put(object, "hint", run.hint);
    object["left"] = run.listed;
    object["waiting"] = run.waiting;
    object["waiting_bytes"] = run.waiting_bytes;
  }
  if (status.run) put_time("certificate_until", status.run->certificate_until);
  put_time("not_before", status.not_before);
  put_time("login_until", ends.login);
  put_time("password_until", ends.password);
  put_time("client_certificate_until", ends.client_certificate);
  return line_of(object);
}

std::string json_line(std::string_view account, const engine::Rebuilt& rebuilt) {
  return line_of({{"event", "rebuilt"},
                  {"account", account},
                  {"read", rebuilt.read},
                  {"recorded", rebuilt.recorded},
                  {"unfinished", rebuilt.unfinished}});
}

std::string json_line(std::string_view account, const engine::Verified& verified) {
  return line_of({{"event", "verified"},
                  {"account", account},
                  {"unchanged", verified.unchanged},
                  {"changed", verified.changed.size()},
                  {"missing", verified.missing}});
}

std::string json_line_of_move(std::string_view account, const account::MailboxKey& from,
                              std::size_t messages) {
  return line_of({{"event", "moved"},
                  {"account", account},
                  {"user", from.user},
                  {"host", from.host},
                  {"messages", messages}});
}

std::string json_line_of_login(std::string_view account, std::string_view user) {
  return line_of({{"event", "logged_in"}, {"account", account}, {"user", user}});
}

std::string json_line_of_logout(std::string_view account, WasLoggedIn was) {
  return line_of({{"event", "logged_out"}, {"account", account}, {"was_logged_in", was == WasLoggedIn::yes}});
}

std::string json_line(const Versions& versions) {
  return line_of({{"event", "version"},
                  {"version", versions.version},
                  {"libraries", versions.libraries},
                  {"features", versions.features},
                  {"auth", versions.auth},
                  {"kinds", versions.kinds},
                  {"file", in_columns(versions.config, 0)}});
}

std::string json_line(const engine::Imported& imported) {
  return line_of({{"event", "state_imported"},
                  {"user", imported.mailbox.user},
                  {"host", imported.mailbox.host},
                  {"messages", imported.messages},
                  {"added", imported.added},
                  {"completed", imported.completed}});
}

}  // namespace mailhaul::app
