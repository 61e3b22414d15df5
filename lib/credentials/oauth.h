// SPDX-License-Identifier: MIT
// The key `oauth`, and what is known of the providers.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::credentials {

/// The key `oauth` as it was written; completed() fills in what the provider decides.
struct OAuth {
  std::string provider;  ///< "google", "microsoft", or empty: the URLs are given
  std::string client_id;
  std::vector<std::string> client_secret_command;
  std::string tenant, scope, authorize_url, token_url, device_url, redirect_url;
};

/// What is known about a provider. In URLs, "{tenant}" stands for the tenant.
struct ProviderRow {
  std::string_view name, title;
  std::string_view authorize_url, token_url, device_url, scope, tenant;
  std::string_view redirect_host;     ///< the host of the loopback address that it accepts
  std::string_view authorize_extra;   ///< more parameters of the page where the user agrees
  std::string_view client_id_advice;  ///< the shortest way to a client id, and its traps
};
std::span<const ProviderRow> provider_rows();
const ProviderRow* find_provider(std::string_view name);  ///< nullptr: none of that name

/// Fills in the provider's URLs, scope and tenant where the profile has none.
[[nodiscard]] OAuth completed(const OAuth& given);

/// What to say if `client_id` is missing: how to get one, in several lines.
std::string client_id_advice(const OAuth& oauth);

}  // namespace mailhaul::credentials
