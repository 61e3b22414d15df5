// SPDX-License-Identifier: MIT
#include "engine/mailbox.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include "util/escape.h"
#include "util/file.h"

namespace mailhaul::engine {

namespace {

/// 16 hex digits (FNV-1a, 64 bits). Not the mailbox's id: the lock is taken before the database is asked, and
/// two databases in one directory must not work on one mailbox at a time. Should two mailboxes have the same
/// digits, one waits for the other. Not a secret: starting OpenSSL for it would be most of what an idle poll
/// costs.
std::string lock_key(const account::MailboxKey& key) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : key.user + '\0' + key.host + '\0' + std::to_string(key.port)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

/// "Mon, 23 Nov 2026 12:34:56 +0000" (RFC 5322 section 3.3); not by strftime: its names follow the locale.
std::string mail_date(state::Time now) {
  constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = now.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %d %s %d %02d:%02d:%02d +0000",
                days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour,
                parts.tm_min, parts.tm_sec);
  return text.data();
}

}  // namespace

util::Fd lock_mailbox(const account::MailboxKey& key, const util::Path& state_file) {
  const util::Path folder = state_file.parent_path() / "locks";
  util::make_directories(folder);
  auto lock = util::try_lock(folder / (lock_key(key) + ".lock"));
  if (!lock) {
    throw util::Error(
        util::Kind::temporary,
        "another mailhaul is at work on the mailbox of " + util::escape(key.user) + " at " + key.host,
        "wait until it has ended; a run that was killed holds no lock");
  }
  return std::move(*lock);
}

void warn_of_plain_text(const account::Account& account, const Environment& environment,
                        report::Listener& tell) {
  const auto& server = account.server;
  const bool loopback = account::mailbox_of(account).port != 0;
  if (server.tls != net::Tls::none || loopback || !environment.attended) return;
  tell.warned(account.name,
              {.sentence = "the password and all mail cross the network to " + server.host + " in clear text",
               .hint = "leave \"tls\": \"none\" out; most servers offer TLS today",
               .uid = {}});
}

std::string trace_header(const account::Account& account, const std::string& this_host, const std::string& id,
                         state::Time now) {
  const bool secure = account.server.tls != net::Tls::none;
  return "Received: from " + account.server.host + " by " + this_host + " with " +
         (secure ? "POP3S" : "POP3") + " (mailhaul)\n\tid " + id + "; " + mail_date(now) + "\n";
}

}  // namespace mailhaul::engine
