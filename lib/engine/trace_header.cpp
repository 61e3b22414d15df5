// SPDX-License-Identifier: MIT
#include "engine/trace_header.h"

#include <array>
#include <ctime>

namespace mailhaul::engine {

namespace {

/// "Mon, 23 Nov 2026 12:34:56 +0000" (RFC 5322 section 3.3). setlocale() is never called, so strftime()
/// writes English names.
std::string mail_date(state::Time now) {
  const std::time_t seconds = now.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const auto length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S +0000", &parts);
  return {text.data(), length};
}

}  // namespace

std::string trace_header(const account::Account& account, const std::string& this_host, const std::string& id,
                         state::Time now) {
  const bool secure = account.server.tls != net::Tls::none;
  return "Received: from " + account.server.host + " by " + this_host + " with " +
         (secure ? "POP3S" : "POP3") + " (mailhaul)\n\tid " + id + "; " + mail_date(now) + "\n";
}

}  // namespace mailhaul::engine
