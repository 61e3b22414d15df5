// SPDX-License-Identifier: MIT
#include "net/proxy_url.h"

#include <doctest/doctest.h>

#include <string>

#include "net/connection.h"
#include "util/error.h"

namespace {

using mailhaul::net::password_in;
using mailhaul::net::require_proxy_url;
using mailhaul::util::Kind;

TEST_CASE("the URL of a proxy is accepted as libcurl accepts it") {
  for (const std::string proxy :
       {"", "env", "http://proxy", "http://proxy:8080", "proxy:8080", "https://proxy.example.org:443",
        "socks5h://anna:geheim@proxy:1080", "socks4://10.0.0.1", "socks4a://proxy", "socks5://[::1]:1080",
        "HTTP://proxy", "http://anna:ge%20heim@proxy/"}) {
    CAPTURE(proxy);
    CHECK_NOTHROW(require_proxy_url(proxy));
  }
}

TEST_CASE(
    "what is not the URL of a proxy is a mistake in the configuration, and a password in it is not shown") {
  for (const std::string proxy :
       {"http://", "://proxy", "http://anna:geheim@proxy:99999", "http://anna:ge heim@proxy:8080",
        "http://proxy:port", "ftp://anna:geheim@proxy", "socks://proxy:1080", "http://[::1", "http:// proxy",
        "http://anna:geheim@"}) {
    CAPTURE(proxy);
    mailhaul::net::Endpoint endpoint;
    endpoint.host = "mail.example.org";
    endpoint.proxy = proxy;
    try {
      mailhaul::net::require_usable(endpoint, mailhaul::net::Auth::automatic);
      FAIL_CHECK("it was accepted");
    } catch (const mailhaul::util::Error& error) {
      const std::string all = std::string(error.what()) + error.hint();
      CHECK(error.kind() == Kind::config);
      CHECK(all.starts_with("proxy: "));
      CHECK(all.find("heim") == std::string::npos);
    }
  }
}

TEST_CASE("the password in the URL of a proxy is found") {
  CHECK(password_in("http://anna:ge%20heim@proxy:8080") == "ge heim");
  CHECK(password_in("anna:geheim@proxy") == "geheim");
  CHECK(password_in("http://anna@proxy").empty());
  CHECK(password_in("").empty());
}

}  // namespace
