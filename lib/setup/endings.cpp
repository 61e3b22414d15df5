// SPDX-License-Identifier: MIT
#include "setup/endings.h"

#include "net/connection.h"
#include "setup/providers.h"
#include "util/utc.h"

namespace mailhaul::setup {

std::optional<std::chrono::sys_seconds> password_end(const account::Account& account) {
  if (!account.password_set || account.oauth) return std::nullopt;
  if (account.password_valid) return *account.password_set + *account.password_valid;
  const auto* const provider = provider_of_server(account.server.host);
  if (provider == nullptr || provider->password_valid.count() == 0) return std::nullopt;
  return *account.password_set + provider->password_valid;
}

void tell_endings(const account::Account& account, std::chrono::sys_seconds now,
                  const std::function<std::string(std::chrono::sys_seconds)>& shown,
                  const std::function<void(const Ending&)>& tell) {
  const auto verb = [now](std::chrono::sys_seconds end) { return end > now ? " expires " : " expired "; };
  const auto is_told = [now](const auto& end) { return end && *end - now <= net::certificate_notice; };
  if (const auto end = password_end(account); is_told(end)) {
    const auto day = util::format_utc(*end).substr(0, std::string_view("YYYY-MM-DD").size());
    tell({.key = "password",
          .sentence = "the password" + std::string(verb(*end)) + "on " + day,
          .cure = "create a new one at the provider, store it, and write the day into \"password_set\""});
  }
  if (const auto end = net::client_certificate_end(account.server); is_told(end))
    tell(
        {.key = "tls_client_cert",
         .sentence = "the certificate in \"tls_client_cert\"" + std::string(verb(*end)) + "at " + shown(*end),
         .cure = "get a new one from the server's administrator"});
}

}  // namespace mailhaul::setup
