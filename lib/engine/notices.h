// SPDX-License-Identifier: MIT
// What is reported about an account, and how often.
#pragma once
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "report/listener.h"
#include "util/error.h"

namespace mailhaul::pop3 {
struct ListingFaults;
}

namespace mailhaul::engine {

/// The error as a notice. The notice refers to the texts of `error` and `uid`, and must not outlive them.
report::Notice notice_of(const util::Error& error, std::string_view uid = {});

/// Warnings and failures of one account's run. Any thread may warn; failures of messages are reported by one
/// thread.
class Notices {
 public:
  /// `account` and `listener` outlive the Notices. `told`: the lasting warnings that earlier runs gave.
  Notices(const std::string& account, report::Listener& listener, const std::vector<std::string>& told);

  void warn(std::string_view sentence, std::string_view hint, std::string_view uid = {});
  /// A warning that holds until somebody changes something: -q shows it in the first run only. `about` names
  /// the condition if the sentence varies.
  void warn_once(std::string_view sentence, std::string_view hint, std::string_view about = {});
  /// The same, but at most once in this run, because a destination may be open twice.
  void warn_of_place(std::string_view sentence, std::string_view hint);
  /// Reports what is wrong with a listing. If mail may be missing from it, this is a failure, and is reported
  /// once in this run.
  void tell_of(const pop3::ListingFaults& faults);
  /// Warns that CAPA was not answered before the login, which went on without CAPA.
  void logged_in_without_capabilities();
  /// Warns that CAPA was not answered properly after the login, and is not sent any more in this run.
  void capabilities_unanswered(std::string_view why);
  /// Warns that messages are requested one by one from now on.
  void pipelining_is_broken();
  /// Returns true if no run has asked about this sentence before.
  [[nodiscard]] bool first_time(std::string_view sentence);
  /// The lasting warnings that this run was the first to give, for the store.
  std::vector<std::string> newly_told() const;

  /// From now on -q does not show a lasting failure of a message that has failed in earlier runs, because it
  /// was reported less than a day ago.
  void told_lately() noexcept { told_lately_ = true; }
  /// Reports that one message failed; the others go on. `failed_before`: in an earlier run, too.
  void message_failed(const util::Error& error, std::string_view uid, bool failed_before = false);
  /// Whether a lasting failure was reported that -q shows.
  [[nodiscard]] bool lasting_failure_told() const noexcept { return lasting_failure_told_; }
  /// Counts a failed message that the error of the account reports.
  void message_failed_as_told(util::Kind kind) { message_errors_.push_back(kind); }
  /// The kinds of all failures of messages, in the order of the calls.
  const std::vector<util::Kind>& message_errors() const noexcept { return message_errors_; }
  /// The sentence of the last temporary failure of a message; empty if there was none.
  const std::string& last_trouble() const noexcept { return last_trouble_; }
  /// The sentence of the last failure of a message, of any kind; empty if there was none.
  const std::string& last_failure() const noexcept { return last_failure_; }

 private:
  const std::string& account_;
  report::Listener& listener_;
  mutable std::mutex mutex_;                 ///< guards the next three
  std::set<std::string, std::less<>> told_;  ///< lasting warnings of all runs
  std::vector<std::string> newly_told_;      ///< those of this run
  std::set<std::string, std::less<>> said_of_places_;
  std::vector<util::Kind> message_errors_;
  std::string last_trouble_, last_failure_;
  bool told_lately_ = false, said_of_listing_ = false, lasting_failure_told_ = false;
};

}  // namespace mailhaul::engine
