// SPDX-License-Identifier: MIT
#include "account/run_keys.h"

#include <string>
#include <utility>
#include <vector>

#include "util/units.h"

namespace mailhaul::account {

namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Span keeping{seconds(1), hours(24 * 36500)};
constexpr Span resting{seconds(1), hours(24 * 366)};

Node command_node(const std::vector<std::string>& words) {
  return words.empty() ? Node() : Node::of_words(words);
}

/// A program; none for the word "none". A program of that name can be written as an array or with its path.
std::vector<std::string> hook_of(const Setting& setting) {
  if (setting.node->form == Node::Form::text && setting.node->text == "none") return {};
  return words_of(setting);
}

}  // namespace

void set_delete_after(Account& account, const Setting& setting) {
  account.policy.delete_after.reset();
  if (setting.node->text != "never") account.policy.delete_after = duration_of(setting, keeping);
}

void set_min_interval(Account& account, const Setting& setting) {
  account.policy.min_interval = seconds(0);
  if (setting.node->text != "none") account.policy.min_interval = duration_of(setting, resting);
}

void set_after_fetch(Account& account, const Setting& setting) {
  account.hooks.after_fetch = hook_of(setting);
}

void set_on_trouble(Account& account, const Setting& setting) { account.hooks.on_trouble = hook_of(setting); }

Node show_size(std::uint64_t bytes) {
  for (auto [unit, factor] :
       {std::pair("G", 1ULL << 30U), std::pair("M", 1ULL << 20U), std::pair("k", 1ULL << 10U)})
    if (bytes != 0 && bytes % factor == 0) return Node::of(std::to_string(bytes / factor) + unit);
  return Node::of_number(bytes);
}

Node show_delete_after(const Account& account) {
  const auto& after = account.policy.delete_after;
  return after ? Node::of(util::format_duration(*after)) : Node();
}

Node show_min_interval(const Account& account) {
  const auto interval = account.policy.min_interval;
  return interval > seconds(0) ? Node::of(util::format_duration(interval)) : Node();
}

Node show_after_fetch(const Account& account) { return command_node(account.hooks.after_fetch); }

Node show_on_trouble(const Account& account) { return command_node(account.hooks.on_trouble); }

}  // namespace mailhaul::account
