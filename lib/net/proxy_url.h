// SPDX-License-Identifier: MIT
#pragma once
#include <string>

namespace mailhaul::net {

/// The password in a proxy's URL; empty if there is none.
std::string password_in(const std::string& proxy);

/// Throws Error{config} "proxy: ..." unless `proxy` is empty, "env" or the URL of a proxy that libcurl can
/// use. `where`: the key or the variable that it is from.
void require_proxy_url(const std::string& proxy, const std::string& where = "proxy");

}  // namespace mailhaul::net
