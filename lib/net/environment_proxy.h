// SPDX-License-Identifier: MIT
#pragma once
#include <string>

namespace mailhaul::net {

/// A proxy that the environment names: "all_proxy", "http://proxy:8080".
struct EnvironmentProxy {
  std::string variable, url;  ///< both are empty if there is none
};

/// What libcurl finds in the environment for this URL ("pop3://mail.example.org:110/"), by its own rules:
/// pop3_proxy, all_proxy, no_proxy. Nothing is connected to, and no name is looked up. Throws Error{config}
/// "ALL_PROXY: ..." if the variable does not contain the URL of a proxy.
EnvironmentProxy proxy_of_environment(const std::string& url);

}  // namespace mailhaul::net
