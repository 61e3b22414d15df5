// SPDX-License-Identifier: MIT
#include "app/news_only.h"

namespace mailhaul::app {

namespace {

constexpr std::size_t most_remembered = 1000;

}  // namespace

void NewsOnly::warned(std::string_view account, const report::Notice& notice) {
  {
    const std::lock_guard lock(mutex_);
    if (warned_.size() >= most_remembered) warned_.clear();
    if (!warned_.emplace(account, notice.sentence).second) return;
  }
  inner_.warned(account, notice);
}

void NewsOnly::failed(std::string_view account, const report::Notice& notice) {
  {
    const std::lock_guard lock(mutex_);
    auto& known = trouble_[std::string(account)];
    if (known.size() >= most_remembered) known.clear();
    const auto [before, is_new] = known.try_emplace(std::string(notice.uid), notice.status);
    if (!is_new && before->second == notice.status) return;
    before->second = notice.status;
  }
  inner_.failed(account, notice);
}

void NewsOnly::recovered(std::string_view account, std::optional<std::chrono::sys_seconds> since) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = trouble_.find(account);
    if (known != trouble_.end()) trouble_.erase(known);  // finished() need not report it again
  }
  inner_.recovered(account, since);
}

void NewsOnly::finished(std::string_view account, const report::Totals& totals, int status) {
  bool was_in_trouble = false;
  {
    const std::lock_guard lock(mutex_);
    const auto known = trouble_.find(account);
    if (status == 0 && known != trouble_.end()) {
      was_in_trouble = true;
      trouble_.erase(known);
    }
  }
  if (was_in_trouble) inner_.recovered(account, {});
  inner_.finished(account, totals, status);
}

}  // namespace mailhaul::app
