// SPDX-License-Identifier: MIT
// The key `metrics`: how the accounts are doing, as a text file for Prometheus.
#pragma once
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "account/account.h"
#include "app/invocation.h"
#include "app/once_a_day.h"
#include "engine/environment.h"
#include "engine/status.h"
#include "report/listener.h"

namespace mailhaul::app {

/// What the file says of one account.
struct AccountMetrics {
  std::string account;
  std::optional<engine::AccountStatus> status;  ///< empty: its configuration has a mistake
};

/// The text exposition format of Prometheus, version 0.0.4.
std::string metrics_text(std::span<const AccountMetrics> accounts);

/// Replaces the file of the configuration, if it names one, with what the database knows of all enabled
/// accounts. Any thread may call it.
class Metrics {
 public:
  /// The arguments must outlive this object.
  Metrics(const Invocation& invocation, const account::Config& config, const engine::Environment& environment,
          report::Listener& tell);
  /// Writes the file. If another thread is writing it, that thread writes it once more instead. A failure is
  /// reported once, until the file can be written again, and with -q once a day.
  void update();

 private:
  void replace();
  [[nodiscard]] std::string text() const;

  const account::Config& config_;
  const engine::Environment& environment_;
  report::Listener& tell_;
  util::Path file_;  ///< empty: none
  std::mutex mutex_;
  bool is_due_ = false, is_at_work_ = false;
  bool told_ = false;  ///< this and for_quiet_ are only used by the thread that writes
  OnceADay for_quiet_;
};

}  // namespace mailhaul::app
