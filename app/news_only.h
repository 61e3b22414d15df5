// SPDX-License-Identifier: MIT
// What `watch` prints: trouble when it begins, changes and ends, but not at every poll.
#pragma once
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "report/listener.h"

namespace mailhaul::app {

/// Passes on only what is news. Any thread may call it. The number of notices that it remembers is limited.
class NewsOnly : public report::Listener {
 public:
  explicit NewsOnly(report::Listener& inner) : inner_(inner) {}
  void expected(const std::vector<std::string>& accounts) override { inner_.expected(accounts); }
  void started(std::string_view account) override { inner_.started(account); }
  void doing(std::string_view account, report::Activity activity) override {
    inner_.doing(account, activity);
  }
  void planned(std::string_view account, std::uint32_t messages, std::uint64_t bytes) override {
    inner_.planned(account, messages, bytes);
  }
  void received(std::string_view account, std::uint64_t bytes) override { inner_.received(account, bytes); }
  void arrived(std::string_view account) override { inner_.arrived(account); }
  void removing(std::string_view account, std::uint32_t messages) override {
    inner_.removing(account, messages);
  }
  void message(std::string_view account, const report::MessageEvent& message) override {
    inner_.message(account, message);
  }
  void warned(std::string_view account, const report::Notice& notice) override;
  void failed(std::string_view account, const report::Notice& notice) override;
  void done(std::string_view account) override { inner_.done(account); }
  void finished(std::string_view account, const report::Totals& totals, int status) override;
  void recovered(std::string_view account, std::optional<std::chrono::sys_seconds> since) override;
  void noted(std::string_view account, std::string_view sentence) override {
    inner_.noted(account, sentence);
  }
  void traced(std::string_view account, char direction, std::string_view line) override {
    inner_.traced(account, direction, line);
  }

 private:
  report::Listener& inner_;
  std::mutex mutex_;
  /// By account and UID: the status.
  std::map<std::string, std::map<std::string, int>, std::less<>> trouble_;
  std::set<std::pair<std::string, std::string>> warned_;  ///< account and sentence
};

}  // namespace mailhaul::app
