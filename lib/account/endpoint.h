// SPDX-License-Identifier: MIT
// The keys that say where to connect and how: server, proxy, tls_pin.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "account/setting.h"
#include "net/connection.h"

namespace mailhaul::account {

/// Sets host, port and the kind of TLS from "pop3s://HOST[:PORT]" or "pop3://HOST[:PORT]", or the socket from
/// "unix:PATH". An IPv6 address has brackets in the URL and none in the endpoint.
void set_server(net::Endpoint& endpoint, const Setting& setting);
std::string server_url(const net::Endpoint& endpoint);

/// "env", the URL of a proxy, or nothing for "none".
std::string proxy_of(const Setting& setting);
bool has_password(std::string_view proxy);
std::string without_password(std::string_view proxy);  ///< shows "***" instead

/// One or several "sha256//BASE64".
std::vector<std::string> pins_of(const Setting& setting);

}  // namespace mailhaul::account
