// SPDX-License-Identifier: MIT
#include "credentials/oauth.h"

#include <algorithm>
#include <array>

namespace mailhaul::credentials {
namespace {

constexpr std::string_view google_advice =
    "For OAuth 2 you need a client id of your own:\n"
    "  1. Create a project at https://console.cloud.google.com/projectcreate.\n"
    "  2. At https://console.cloud.google.com/auth/overview, choose the audience \"External\" and publish "
    "the\n"
    "     app, so that it is \"In production\". While it is in \"Testing\", each login ends after 7 days.\n"
    "     The browser warns that the app is not verified. This is normal: choose \"Advanced\" to continue.\n"
    "  3. At https://console.cloud.google.com/auth/clients, create a client of the type \"Desktop app\". A "
    "client\n"
    "     for \"TVs and Limited Input devices\" can never read mail.\n"
    "  4. In the configuration: \"oauth\": {\"provider\": \"google\", \"client_id\": "
    "\"...apps.googleusercontent.com\",\n"
    "     \"client_secret_command\": [\"pass\", \"show\", \"mail/google-client\"]}. Google requires "
    "the client's secret\n"
    "     even for a desktop app.\n";

constexpr std::string_view microsoft_advice =
    "You need a client id of your own:\n"
    "  1. At https://entra.microsoft.com, open \"App registrations\" and register an application. A "
    "personal\n"
    "     account can do so only with a directory, which an Azure subscription or your organisation has.\n"
    "  2. Supported accounts: \"any organizational directory and personal Microsoft accounts\". If you "
    "choose fewer, set\n"
    "     \"tenant\" in the configuration to \"consumers\", \"organizations\" or the id of your directory.\n"
    "  3. Under \"Authentication\", add the platform \"Mobile and desktop applications\" with the address\n"
    "     http://localhost, and allow public client flows, which the device code needs. Create no secret.\n"
    "  4. Under \"API permissions\", add the delegated permission POP.AccessAsUser.All of Office 365 "
    "Exchange\n"
    "     Online or Microsoft Graph. Some organisations require an administrator to agree.\n"
    "  5. In the configuration: \"oauth\": {\"provider\": \"microsoft\", \"client_id\": \"the application "
    "(client) id\"}.\n";

constexpr std::string_view other_advice =
    "Register a client (a \"native\" or \"desktop\" application) with the provider of the mailbox, with the "
    "address\n"
    "http://127.0.0.1 for its answer, and put its id into the configuration as \"client_id\" in \"oauth\".\n";

constexpr std::array rows{
    ProviderRow{.name = "google",
                .title = "Google",
                .authorize_url = "https://accounts.google.com/o/oauth2/v2/auth",
                .token_url = "https://oauth2.googleapis.com/token",
                // Google has a device flow, but refuses it for mail.
                .device_url = "",
                .scope = "https://mail.google.com/",
                .tenant = "",
                .redirect_host = "127.0.0.1",
                .authorize_extra = "&access_type=offline&prompt=consent",
                .client_id_advice = google_advice},
    ProviderRow{.name = "microsoft",
                .title = "Microsoft",
                .authorize_url = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
                .token_url = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
                .device_url = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode",
                .scope = "https://outlook.office.com/POP.AccessAsUser.All offline_access",
                .tenant = "common",
                .redirect_host = "localhost",
                .authorize_extra = "&prompt=select_account",
                .client_id_advice = microsoft_advice},
};

void fill(std::string& value, std::string_view otherwise, const std::string& tenant) {
  if (!value.empty()) return;
  value = otherwise;
  constexpr std::string_view hole = "{tenant}";
  if (const auto at = value.find(hole); at != std::string::npos) value.replace(at, hole.size(), tenant);
}

}  // namespace

std::span<const ProviderRow> provider_rows() { return rows; }

const ProviderRow* find_provider(std::string_view name) {
  const auto found = std::ranges::find(rows, name, &ProviderRow::name);
  return found == rows.end() ? nullptr : &*found;
}

OAuth completed(const OAuth& given) {
  OAuth oauth = given;
  const auto* row = find_provider(given.provider);
  if (row == nullptr) return oauth;
  fill(oauth.tenant, row->tenant, {});
  fill(oauth.scope, row->scope, {});
  fill(oauth.authorize_url, row->authorize_url, oauth.tenant);
  fill(oauth.token_url, row->token_url, oauth.tenant);
  fill(oauth.device_url, row->device_url, oauth.tenant);
  return oauth;
}

std::string client_id_advice(const OAuth& oauth) {
  const auto* row = find_provider(oauth.provider);
  return std::string(row == nullptr ? other_advice : row->client_id_advice);
}

}  // namespace mailhaul::credentials
