// SPDX-License-Identifier: MIT
#include "engine/notices.h"

#include <utility>

#include "pop3/session.h"
#include "util/units.h"

namespace mailhaul::engine {

report::Notice notice_of(const util::Error& error, std::string_view uid) {
  return {
      .sentence = error.what(), .hint = error.hint(), .uid = uid, .status = util::exit_status(error.kind())};
}

Notices::Notices(const std::string& account, report::Listener& listener, const std::vector<std::string>& told)
    : account_(account), listener_(listener), told_(told.begin(), told.end()) {}

void Notices::warn(std::string_view sentence, std::string_view hint, std::string_view uid) {
  listener_.warned(account_, {.sentence = sentence, .hint = hint, .uid = uid});
}

void Notices::warn_once(std::string_view sentence, std::string_view hint, std::string_view about) {
  const bool repeated = !first_time(about.empty() ? sentence : about);
  listener_.warned(account_, {.sentence = sentence, .hint = hint, .uid = {}, .quiet_skips_it = repeated});
}

void Notices::warn_of_place(std::string_view sentence, std::string_view hint) {
  {
    const std::lock_guard lock(mutex_);
    if (!said_of_places_.emplace(sentence).second) return;
  }
  warn_once(sentence, hint);
}

void Notices::logged_in_without_capabilities() {
  warn_once("CAPA did not work before the login, so mailhaul logged in without it",
            "nothing is lost; tell the server's administrator", "CAPA before the login");
}

void Notices::capabilities_unanswered(std::string_view why) {
  warn_once("CAPA does not work after the login: " + std::string(why),
            "mailhaul continues without CAPA, which takes longer; tell the server's administrator", "CAPA");
}

void Notices::pipelining_is_broken() {
  warn_once(
      "the server announces PIPELINING but does not handle it correctly: for 7 days its messages are "
      "requested one by one",
      "nothing is lost, but fetching is slower; tell the server's administrator");
}

void Notices::tell_of(const pop3::ListingFaults& faults) {
  const auto lines = faults.malformed_lines;
  if (!faults.contradiction.empty()) {
    if (std::exchange(said_of_listing_, true)) return;
    const bool told_before = !first_time("listing with mail missing");
    return message_failed(
        {util::Kind::protocol, faults.contradiction,
         "what is listed is fetched; the other messages stay on the server; tell the server's administrator"},
        {}, told_before);
  }
  if (lines == 0) return;
  const std::string which = lines == 1 ? ": \"" : ", the first of them \"";
  warn("ignored " + util::counted(lines, "malformed line") + " in the server's listing" + which +
           faults.first_malformed_line + '"',
       "messages that only such lines name stay on the server; tell the server's administrator");
}

bool Notices::first_time(std::string_view sentence) {
  const std::lock_guard lock(mutex_);
  if (!told_.emplace(sentence).second) return false;
  newly_told_.emplace_back(sentence);
  return true;
}

std::vector<std::string> Notices::newly_told() const {
  const std::lock_guard lock(mutex_);
  return newly_told_;
}

void Notices::message_failed(const util::Error& error, std::string_view uid, bool failed_before) {
  message_errors_.push_back(error.kind());
  last_failure_ = error.what();
  auto notice = notice_of(error, uid);
  // With -q, temporary trouble is reported once for the whole account, after a day: trouble.cpp.
  const bool passing = error.kind() == util::Kind::temporary;
  notice.quiet_skips_it = passing || (failed_before && told_lately_);
  lasting_failure_told_ = lasting_failure_told_ || !notice.quiet_skips_it;
  if (passing) last_trouble_ = error.what();
  listener_.failed(account_, notice);
}

}  // namespace mailhaul::engine
