// SPDX-License-Identifier: MIT
#include "net/refusal.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <utility>

#include "util/ascii.h"
#include "util/units.h"

namespace mailhaul::net {

namespace {

using util::Kind;

constexpr std::size_t longest_code = 64;
constexpr std::chrono::seconds longest_pause = std::chrono::days(1);

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

/// "lock" and "locked", but neither "blocked" nor "clock", nor a locked account, which does not open again by
/// waiting.
bool speaks_of_locked_maildrop(std::string_view words) {
  return has_any(words, {"lock"}) && !has_any(words, {"account", "block", "clock", "too many"});
}

bool speaks_of_timeout(std::string_view words) {
  return has_any(words, {"timeout", "time-out", "time out", "timed out"});
}

/// "login limit" and "rate limited", but neither "unlimited" nor "limited to paying customers".
bool speaks_of_limit(std::string_view words) {
  for (auto at = words.find("limit"); at != std::string_view::npos; at = words.find("limit", at + 1)) {
    if (!words.substr(at).starts_with("limited")) return true;
  }
  const bool too_long = has_any(words, {"length", "characters", "too long"});  // about a command
  return speaks_of_timeout(words) || (has_any(words, {"exceed"}) && !too_long) ||
         has_any(words,
                 {"rate limited", "rate-limited", "frequency", "quota", "throttl", "too many", "too much",
                  "too often", "too frequent", "too fast", "too quick", "too soon", "backoff", "back off",
                  "back-off", "slow down", "please wait", "must wait", "have to wait"});
}

bool speaks_of_passing_trouble(std::string_view words) {
  return has_any(words, {"busy", "temporar", "again later", "try later", "unavailable", "overload"});
}

/// "message 3 does not exist", but not "the message store does not exist".
bool denies_message(std::string_view words) {
  constexpr std::string_view noun = "message";
  const auto at = words.find(noun);
  if (at == std::string_view::npos) return false;
  words.remove_prefix(at + noun.size());
  words.remove_prefix(std::min(words.find_first_not_of(" #0123456789"), words.size()));
  return words.starts_with("does not exist") || words.starts_with("doesn't exist");
}

bool speaks_of_removed_message(std::string_view words) {
  if (has_any(words, {"expunged", "no such message"}) || denies_message(words)) return true;
  return has_any(words, {"message"}) && has_any(words, {" deleted", "been removed", "is removed", "is gone",
                                                        "no longer exist", "no longer available"});
}

Reason reason_for(std::string_view code, std::string_view words) {
  if (code == "AUTH") return Reason::credentials;
  if (code == "IN-USE") return Reason::in_use;
  if (code == "LOGIN-DELAY") return Reason::limit;
  if (code == "SYS/PERM") return Reason::permanent;
  if (speaks_of_locked_maildrop(words)) return Reason::in_use;
  if (speaks_of_limit(words)) return Reason::limit;  // Gmail writes of limits after [SYS/TEMP]
  if (code == "SYS" || code.starts_with("SYS/")) return Reason::trouble;
  if (has_any(words, {"in use"})) return Reason::in_use;
  if (speaks_of_passing_trouble(words)) return Reason::trouble;
  return speaks_of_removed_message(words) ? Reason::gone : Reason::unknown;
}

Kind kind_for(Reason reason, Kind otherwise) {
  switch (reason) {
    case Reason::credentials:
      return Kind::login;
    case Reason::in_use:
    case Reason::limit:
    case Reason::trouble:
    case Reason::hung_up:
      return Kind::temporary;
    case Reason::permanent:
      return Kind::unavailable;
    case Reason::unknown:
    case Reason::gone:
      break;
  }
  return otherwise;
}

std::chrono::milliseconds length_of(std::string_view unit) {
  using namespace std::chrono_literals;
  using Names = std::initializer_list<std::string_view>;
  const auto is_any = [unit](Names names) { return std::ranges::find(names, unit) != names.end(); };
  if (is_any({"ms", "msec", "msecs", "millisecond", "milliseconds"})) return 1ms;
  if (is_any({"s", "sec", "secs", "second", "seconds"})) return 1s;
  if (is_any({"m", "min", "mins", "minute", "minutes"})) return 1min;
  if (is_any({"h", "hr", "hrs", "hour", "hours"})) return 1h;
  if (is_any({"d", "day", "days"})) return 24h;
  return 0ms;
}

/// Removes the beginning of `text` that consists of these characters, and returns it.
std::string_view take_while(std::string_view& text, std::string_view characters) {
  const auto taken = text.substr(0, text.find_first_not_of(characters));
  text.remove_prefix(taken.size());
  return taken;
}

/// The first length of time in lower-case words, rounded up to seconds: "15 minute", "299972 milliseconds",
/// "10-minute", "30s".
std::optional<std::chrono::seconds> time_named_in(std::string_view words) {
  constexpr std::string_view digits = "0123456789";
  for (auto at = words.find_first_of(digits); at != std::string_view::npos;
       at = words.find_first_of(digits)) {
    words.remove_prefix(at);
    const auto number = util::parse_number(take_while(words, digits));
    if (words.starts_with('.')) take_while(words, ".0123456789");
    take_while(words, " -");
    const auto unit = length_of(take_while(words, "abcdefghijklmnopqrstuvwxyz"));
    if (!number || *number == 0 || unit.count() == 0) continue;
    const auto most = static_cast<std::uint64_t>(longest_pause / unit) + 1;
    const auto time = unit * static_cast<std::int64_t>(std::min(*number, most));
    return std::min(std::chrono::ceil<std::chrono::seconds>(time), longest_pause);
  }
  return std::nullopt;
}

/// Whether a time in the words may be the time to wait. The refusal of a password often names other times,
/// such as how long the server took to answer.
bool speaks_of_waiting(const Refusal& refusal, std::string_view words) {
  if (refusal.kind == Kind::login) return has_any(words, {"again in", "again after", "retry", "wait"});
  return refusal.kind == Kind::temporary && refusal.reason != Reason::unknown;
}

bool speaks_of_switched_off_access(std::string_view words) {
  return has_any(words, {"not enabled", "disabled", "not allowed"});
}

/// Whether the text contains the whole word: for "user", "no such user" does, but "superuser" does not.
bool has_word(std::string_view text, std::string_view word) {
  const auto is_letter = [&](std::size_t at) {
    return at < text.size() && text[at] >= 'a' && text[at] <= 'z';
  };
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    if ((at == 0 || !is_letter(at - 1)) && !is_letter(at + word.size())) return true;
  }
  return false;
}

/// With any of these words, the refusal may be about who logs in, whatever else it says.
bool may_blame_the_credentials(std::string_view words) {
  return has_word(words, "user") || has_word(words, "pin") ||
         has_any(words, {"passphrase", "permission", "authoriz", "authoris", "access", "refused", "passw",
                         "credential", "username", "account", "denied", "disabled", "authenticat", "login",
                         "logon", "log on", "log in", "mailbox", "secret"});
}

/// Sentences that refuse a command or mechanism, although they contain a word of may_blame_the_credentials().
constexpr std::array<std::string_view, 9> lost_mechanism = {
    "not valid in authorization state",       "unsupported authentication mechanism",
    "unknown authentication mechanism",       "invalid authentication mechanism",
    "authentication mechanism not supported", "authentication mechanism is not supported",
    "unrecognized authentication type",       "authentication type not supported",
    "authentication method not supported"};

constexpr std::string_view hint_to_switch_on =
    "POP3 may have to be switched on for this mailbox in the provider's web settings";

std::string_view hint_for_login(std::string_view words) {
  if (has_any(words, {"plaintext", "cleartext", "clear text", "plain text"}))
    return "the server accepts no password without encryption: leave \"tls\" at \"required\"";
  if (has_any(words, {"application-specific", "app password", "app-specific"}))
    return "the provider requires an app password: create one in its web settings and use it here";
  if (speaks_of_switched_off_access(words)) return hint_to_switch_on;
  return "check user name and password; some providers require an app password or OAuth (\"auth\")";
}

std::string hint_for_limit(std::string_view words, const std::optional<std::chrono::seconds>& pause) {
  if (speaks_of_timeout(words)) return "the server gave up waiting; the next run asks again";
  const std::string wait = pause ? "wait " + util::format_duration(*pause) + ", and " : "";
  return "the server limits how often it may be asked: " + wait + "fetch less often";
}

std::string hint_for(const Refusal& refusal, std::string_view words) {
  switch (refusal.reason) {
    case Reason::in_use:
      return "another program is using this mailbox; try again when it has finished";
    case Reason::limit:
      return hint_for_limit(words, refusal.pause);
    case Reason::permanent:
      if (speaks_of_switched_off_access(words)) return std::string(hint_to_switch_on);
      return "this will not go away by itself: ask the server's administrator";
    case Reason::trouble:
    case Reason::gone:
    case Reason::hung_up:
      return {};
    case Reason::credentials:
    case Reason::unknown:
      break;
  }
  if (refusal.kind == Kind::login) return std::string(hint_for_login(words));
  return {};
}

}  // namespace

std::string response_code(std::string_view words) {
  words.remove_prefix(std::min(words.find_first_not_of(' '), words.size()));
  if (!words.starts_with('[')) return {};
  const auto end = words.find(']');
  if (end == std::string_view::npos || end < 2 || end > longest_code) return {};
  std::string code(words.substr(1, end - 1));
  for (char& c : code) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f) return {};
    c = static_cast<char>(std::toupper(byte));
  }
  return code;
}

Refusal understand(std::string_view words, Kind otherwise) {
  const std::string lower = util::lower(words);
  Refusal refusal;
  refusal.reason = reason_for(response_code(words), lower);
  refusal.kind = kind_for(refusal.reason, otherwise);
  if (speaks_of_waiting(refusal, lower)) refusal.pause = time_named_in(lower);
  refusal.hint = hint_for(refusal, lower);
  return refusal;
}

bool blames_the_way(std::string_view words) {
  if (!response_code(words).empty() || understand(words, Kind::login).reason != Reason::unknown) return false;
  std::string lower = util::lower(words);
  for (const std::string_view sentence : lost_mechanism) {
    const auto at = lower.find(sentence);
    if (at != std::string::npos) lower.replace(at, sentence.size(), "unsupported");
  }
  if (may_blame_the_credentials(lower)) return false;
  return has_any(
      lower,
      {"unknown command", "unrecognized",       "unrecognised",    "not recognized", "not recognised",
       "not implemented", "unimplemented",      "not supported",   "unsupported",    "syntax",
       "protocol error",  "invalid command",    "bad command",     "not understood", "mechanism",
       "malformed",       "argument",           "parameter",       "base64",         "initial response",
       "line too long",   "command not",        "command unknown", "wrong command",  "command is not",
       "no such command", "not a valid command"});
}

RefusedError::RefusedError(const util::Error& error, Refusal refusal)
    : util::Error(error), refusal_(std::move(refusal)) {}

}  // namespace mailhaul::net
