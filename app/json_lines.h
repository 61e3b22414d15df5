// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/output.h"
#include "engine/history.h"
#include "engine/list.h"
#include "engine/mark.h"
#include "engine/rebuild.h"
#include "engine/status.h"
#include "engine/transfer.h"
#include "report/listener.h"

namespace mailhaul::app {

/// --json: one object per line on standard output. Field names are stable; mailhaul(1) lists them. Any thread
/// may call it.
class JsonLines : public report::Listener {
 public:
  /// `options`: those of an account that was given on the command line.
  JsonLines(bool quiet, std::vector<account::Override> options, OutputFailure& failure)
      : quiet_(quiet), options_(std::move(options)), failure_(failure) {}
  void started(std::string_view account) override;
  void message(std::string_view account, const report::MessageEvent& message) override;
  void warned(std::string_view account, const report::Notice& notice) override;
  void failed(std::string_view account, const report::Notice& notice) override;
  void finished(std::string_view account, const report::Totals& totals, int status) override;
  void recovered(std::string_view account, std::optional<std::chrono::sys_seconds> since) override;

 private:
  void write(const std::string& line);
  void notice(std::string_view event, std::string_view account, const report::Notice& notice);
  std::mutex mutex_;
  bool quiet_;
  std::vector<account::Override> options_;
  OutputFailure& failure_;
};

/// One message, as list and fetch --dry-run print it.
std::string json_line(std::string_view account, const engine::ListedMessage& message,
                      engine::HeaderFields fields);
/// What check prints about an account.
struct Counts {
  std::size_t fresh = 0;      ///< what fetch would deliver
  std::size_t too_large = 0;  ///< not delivered, and larger than max_size
  std::size_t seen = 0, total = 0;
  std::size_t to_remove = 0;  ///< of `seen`: the next runs remove them
  std::uint64_t bytes = 0, fresh_bytes = 0;
};
std::string json_line(std::string_view account, const Counts& counts);
/// What a dry run says about an account: numbers of messages, and the bytes to read.
struct PlanTotals {
  std::size_t fetched = 0, compared = 0, removed = 0, stay = 0;
  std::uint64_t bytes = 0, compared_bytes = 0;
};
std::string json_line(std::string_view account, const PlanTotals& totals);
std::string json_line(std::string_view account, const engine::HistoryRow& row);
/// What state mark-seen, mark-delivered and forget have done.
std::string json_line(std::string_view account, std::string_view standing, const engine::Marked& marked);
std::string json_line(std::string_view account, const engine::Forgotten& forgotten);
/// When parts of an account expire by themselves; empty: the time is not known.
struct AccountEnds {
  std::optional<std::chrono::sys_seconds> login;  ///< by OAuth 2
  std::optional<std::chrono::sys_seconds> password, client_certificate;
};
std::string json_line(std::string_view account, const engine::AccountStatus& status, const AccountEnds& ends);
std::string json_line(std::string_view account, const engine::Rebuilt& rebuilt);
std::string json_line(std::string_view account, const engine::Verified& verified);
std::string json_line(const engine::Imported& imported);
/// What state move has done: `from` is the old name of the account's mailbox.
std::string json_line_of_move(std::string_view account, const account::MailboxKey& from,
                              std::size_t messages);
/// What login and logout have done.
std::string json_line_of_login(std::string_view account, std::string_view user);
enum class WasLoggedIn { no, yes };
std::string json_line_of_logout(std::string_view account, WasLoggedIn was);
/// What version prints.
struct Versions {
  std::string version, libraries, features;
  std::vector<std::string> auth, kinds;  ///< login methods, and kinds of delivery
  std::string config;                    ///< the configuration file
};
std::string json_line(const Versions& versions);

}  // namespace mailhaul::app
