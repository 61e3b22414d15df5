// SPDX-License-Identifier: MIT
#include "app/metrics.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <vector>

#include "util/file.h"

namespace mailhaul::app {

namespace {

using Value = std::optional<std::uint64_t>;  ///< empty: the account has none

/// A time in seconds, which alerts subtract from the present; 0, which is long ago, if there is none.
Value seconds_or_0(const std::optional<state::Time>& time) {
  return time ? static_cast<std::uint64_t>(std::max<std::int64_t>(time->time_since_epoch().count(), 0)) : 0;
}

Value seconds_if_any(const std::optional<state::Time>& time) {
  return time ? seconds_or_0(time) : std::nullopt;
}

std::optional<state::Time> ended(const engine::AccountStatus& status) {
  return status.run ? std::optional(status.run->ended) : std::nullopt;
}

Value last_status(const AccountMetrics& one) {
  if (!one.status) return util::exit_status(util::Kind::config);
  return one.status->run ? Value(one.status->run->status) : std::nullopt;
}

struct MetricRow {
  std::string_view name, help;
  Value (*value)(const AccountMetrics& one);
};

/// A value that the last run has recorded.
template <auto member>
Value of_run(const AccountMetrics& one) {
  if (!one.status || !one.status->run) return std::nullopt;
  return (*one.status->run).*member;
}

/// A time of the last runs; 0 where there is none.
template <auto member>
Value time_of_run(const AccountMetrics& one) {
  if (!one.status) return std::nullopt;
  return one.status->run ? seconds_or_0((*one.status->run).*member) : 0;
}

constexpr std::array metric_rows{
    MetricRow{"mailhaul_last_run_timestamp_seconds", "When the last run ended; 0 if none has.",
              [](const AccountMetrics& one) {
                return one.status ? seconds_or_0(ended(*one.status)) : std::nullopt;
              }},
    MetricRow{"mailhaul_last_success_timestamp_seconds", "When a run last succeeded; 0 if none has.",
              time_of_run<&state::LastRun::succeeded>},
    MetricRow{"mailhaul_last_mail_timestamp_seconds", "When a run last delivered mail; 0 if none has.",
              time_of_run<&state::LastRun::mail>},
    MetricRow{"mailhaul_failing_since_timestamp_seconds",
              "The time since which every run has failed; missing for an account that works.",
              [](const AccountMetrics& one) {
                return one.status && one.status->run ? seconds_if_any(one.status->run->failing_since)
                                                     : std::nullopt;
              }},
    MetricRow{"mailhaul_paused_until_timestamp_seconds",
              "The time before which no login is tried; missing for an account without a pause.",
              [](const AccountMetrics& one) {
                return one.status ? seconds_if_any(one.status->not_before) : std::nullopt;
              }},
    MetricRow{"mailhaul_last_status", "The exit status of the last run, as in sysexits.h.", last_status},
    MetricRow{"mailhaul_messages_on_server", "Messages that were on the server after the last run.",
              of_run<&state::LastRun::listed>},
    MetricRow{"mailhaul_messages_waiting", "Messages that are on the server and not delivered.",
              of_run<&state::LastRun::waiting>},
    MetricRow{"mailhaul_waiting_bytes", "The size of the messages that are not delivered.",
              of_run<&state::LastRun::waiting_bytes>},
};

std::string label_value(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n')
      escaped += "\\n";
    else
      escaped += c;
  }
  return escaped;
}

/// A new file beside `target`, which it replaces when it is published. Only one process at a time has the new
/// file; if that process is killed, the next one takes the file over.
class Replacement {
 public:
  /// Throws Error.
  explicit Replacement(const util::Path& target) : target_(target), fresh_(target) {
    fresh_ += ".new";
    file_ = lock();
  }
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement() {
    if (!is_published_) ::unlink(fresh_.c_str());
  }

  void publish(std::string_view text) {
    constexpr mode_t for_everybody = 0644;  // the exporter runs as another user
    if (::ftruncate(file_.get(), 0) != 0) util::throw_errno(util::Kind::storage, "truncate", fresh_.native());
    util::pwrite_all(file_.get(), text, 0, fresh_);
    if (::fchmod(file_.get(), for_everybody) != 0)
      util::throw_errno(util::Kind::storage, "change the mode of", fresh_.native());
    if (std::rename(fresh_.c_str(), target_.c_str()) != 0)
      util::throw_errno(util::Kind::storage, "replace", target_.native());
    is_published_ = true;
  }

 private:
  [[nodiscard]] util::Fd lock() const {
    constexpr int tries = 50, pause_ms = 100;
    for (int i = 0; i < tries; ++i) {
      auto file = util::open_file(fresh_, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
      if (!util::try_lock(file.get(), util::LockMode::exclusive, fresh_)) {
        ::poll(nullptr, 0, pause_ms);
      } else if (is_still(file)) {
        return file;
      }
    }
    throw util::Error(util::Kind::temporary,
                      "cannot lock " + fresh_.native() + ": another mailhaul holds it");
  }
  /// Whether the file still has its name: no other process has published or removed it.
  [[nodiscard]] bool is_still(const util::Fd& file) const {
    return util::is_named(fresh_, util::status_of(file.get(), fresh_));
  }

  util::Path target_, fresh_;
  util::Fd file_;
  bool is_published_ = false;
};

/// Whether options name another server or user. The metrics would then be about other mailboxes than those of
/// the configuration.
bool replaces_mailbox(const Invocation& invocation) {
  return std::ranges::any_of(invocation.overrides,
                             [](const auto& one) { return one.first == "server" || one.first == "user"; });
}

}  // namespace

std::string metrics_text(std::span<const AccountMetrics> accounts) {
  std::string text;
  for (const auto& row : metric_rows) {
    std::string samples;
    for (const auto& one : accounts) {
      const auto value = row.value(one);
      if (!value) continue;
      samples.append(row.name).append("{account=\"").append(label_value(one.account)).append("\"} ");
      samples += std::to_string(*value) + "\n";
    }
    if (samples.empty()) continue;
    text.append("# HELP ").append(row.name).append(" ").append(row.help).append("\n");
    text.append("# TYPE ").append(row.name).append(" gauge\n").append(samples);
  }
  return text;
}

Metrics::Metrics(const Invocation& invocation, const account::Config& config,
                 const engine::Environment& environment, report::Listener& tell)
    : config_(config),
      environment_(environment),
      tell_(tell),
      file_(replaces_mailbox(invocation) ? util::Path() : config.metrics),
      for_quiet_(config.state_file, "metrics-told") {}

std::string Metrics::text() const {
  std::vector<account::Account> enabled;
  std::ranges::copy_if(config_.accounts, std::back_inserter(enabled), &account::Account::enabled);
  auto statuses = engine::statuses(enabled, environment_);
  std::vector<AccountMetrics> all;
  for (std::size_t i = 0; i < enabled.size(); ++i)
    all.push_back({.account = enabled[i].name, .status = std::move(statuses[i])});
  for (const auto& mistake : config_.mistakes)
    if (mistake.enabled && std::ranges::find(all, mistake.account, &AccountMetrics::account) == all.end())
      all.push_back({.account = mistake.account, .status = {}});
  return metrics_text(all);
}

void Metrics::replace() {
  try {
    Replacement replacement(file_);
    replacement.publish(text());
    told_ = false;
    for_quiet_.end();
  } catch (const util::Error& error) {
    if (told_) return;
    told_ = true;
    const auto sentence = std::string("the metrics cannot be written: ") + error.what();
    tell_.warned({}, {.sentence = sentence,
                      .hint = "mail is still fetched; correct \"metrics\"",
                      .uid = {},
                      .quiet_skips_it = !for_quiet_.is_due()});
  }
}

void Metrics::update() {
  if (file_.empty()) return;
  std::unique_lock lock(mutex_);
  is_due_ = true;
  if (is_at_work_) return;
  is_at_work_ = true;
  while (is_due_) {
    is_due_ = false;
    lock.unlock();
    replace();
    lock.lock();
  }
  is_at_work_ = false;
}

}  // namespace mailhaul::app
