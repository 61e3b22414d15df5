// SPDX-License-Identifier: MIT
#include "setup/fdm_options.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "util/ascii.h"

namespace mailhaul::setup {
namespace {

using FdmRow = std::pair<std::string_view, std::string_view>;

constexpr std::array options_elsewhere{
    FdmRow{"delete-oversized",
           "remove large mail by hand: mailhaul list names it, and mailhaul delete removes it"},
    FdmRow{"proxy", "set proxy in the account"},
    FdmRow{"unmatched-mail",
           "mailhaul delivers each message; let a program (mda:) drop what no rule matches"},
    FdmRow{"file-umask", "mailhaul writes files for their owner alone (0600)"},
    FdmRow{"file-group", "mailhaul writes files for their owner alone (0600)"},
    FdmRow{"strip-characters", "mailhaul does not put words of a message into paths; no action is needed"},
    FdmRow{"default-user", "each user runs mailhaul as himself"},
    FdmRow{"command-user", "each user runs mailhaul as himself"},
    FdmRow{"purge-after", "mailhaul removes what is safe, in batches; no action is needed"},
    FdmRow{"lock-types", R"("lock" of an mbox says how it is locked; in most cases no action is needed)"},
    FdmRow{"queue-high", "mailhaul has no such queue; no action is needed"},
    FdmRow{"queue-low", "mailhaul has no such queue; no action is needed"},
    FdmRow{"ignore-errors",
           "if a message cannot be delivered, mailhaul continues with the next one; no action is needed"},
    FdmRow{"no-create",
           "mailhaul creates a Maildir or mbox that is missing; create it before, or check its path"},
};

constexpr std::array words_elsewhere{
    FdmRow{"no-apop", R"(mailhaul chooses a method itself; for USER and PASS alone: "auth": "user")"},
    FdmRow{"no-uidl",
           "mailhaul uses UIDL if the server has it, and otherwise recognises messages by their contents; "
           "no action is needed"},
    FdmRow{"insecure", "mailhaul accepts TLS 1.2 and 1.3 only"},
};

constexpr std::array<std::string_view, 17> steps_elsewhere{"write",
                                                           "append",
                                                           "smtp",
                                                           "lmtp",
                                                           "imap",
                                                           "imaps",
                                                           "exec",
                                                           "stdout",
                                                           "rewrite",
                                                           "tag",
                                                           "drop",
                                                           "keep",
                                                           "add-header",
                                                           "remove-header",
                                                           "to-cache",
                                                           "add-to-cache",
                                                           "remove-from-cache"};

std::string_view advice_in(std::span<const FdmRow> rows, std::string_view name) {
  const auto row = std::ranges::find(rows, name, &FdmRow::first);
  return row == rows.end() ? std::string_view() : row->second;
}

}  // namespace

std::string_view fdm_option_advice(std::string_view name) { return advice_in(options_elsewhere, name); }

std::string_view fdm_account_advice(std::string_view word) { return advice_in(words_elsewhere, word); }

bool is_fdm_step_elsewhere(std::string_view name) {
  return std::ranges::find(steps_elsewhere, name) != steps_elsewhere.end();
}

std::optional<std::uint64_t> fdm_size(std::string_view text) {
  const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  const auto count = util::parse_number(digits);
  const auto lower = util::lower(text.substr(digits.size()));
  std::string_view unit = lower;
  if (unit.ends_with('s')) unit.remove_suffix(1);
  if (!count || *count > std::uint64_t{1} << 30U) return std::nullopt;
  if (unit.empty() || unit == "b" || unit == "byte") return *count;
  if (unit == "k" || unit == "kb" || unit == "kilobyte") return *count << 10U;
  if (unit == "m" || unit == "mb" || unit == "megabyte") return *count << 20U;
  if (unit == "g" || unit == "gb" || unit == "gigabyte") return *count << 30U;
  return std::nullopt;
}

namespace {

std::optional<std::chrono::seconds> fdm_unit_of_time(std::string_view name) {
  using std::chrono::seconds;
  if (name.ends_with('s')) name.remove_suffix(1);
  if (name == "second" || name == "sec") return seconds(1);
  if (name == "minute" || name == "min") return seconds(60);
  if (name == "hour") return seconds(3600);
  if (name == "day") return seconds(86400);
  if (name == "week") return seconds(604800);
  if (name == "month") return seconds(2592000);
  if (name == "year") return seconds(31536000);
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::seconds> fdm_time(std::string_view count, std::string_view unit) {
  constexpr std::chrono::seconds day(86400);
  const auto number = util::parse_number(count);
  if (!number || *number == 0) return std::nullopt;
  const auto one = fdm_unit_of_time(unit).value_or(std::chrono::seconds(1));
  return *number > 86400 ? day : std::min(day, one * static_cast<std::int64_t>(*number));
}

}  // namespace mailhaul::setup
