// SPDX-License-Identifier: MIT
#include <curl/curl.h>

#include "net/problem.h"

namespace mailhaul::net {

namespace {

using util::Error;
using util::Kind;

/// Where the proxy was named: the key, or the variable of the environment that libcurl took.
std::string place_of(const Failed& failed) {
  return failed.ended.proxy_variable.empty() ? "\"proxy\"" : failed.ended.proxy_variable;
}

bool has_login(const Failed& failed) { return failed.endpoint.proxy.find('@') != std::string::npos; }

Error refused_login(const Failed& failed, const std::string& answer, const std::string& scheme) {
  if (!failed.ended.proxy_variable.empty() || has_login(failed)) {
    return {Kind::config, "the proxy refuses the login: " + answer,
            "check user name and password in " + place_of(failed)};
  }
  return {Kind::config, "the proxy wants a login: " + answer,
          "write user and password into \"proxy\": " + scheme + "://USER:PASSWORD@HOST:PORT"};
}

Error answered(const Failed& failed) {
  constexpr long authentication_required = 407;
  const long status = failed.ended.proxy_status;
  const std::string answer = "it answers HTTP " + std::to_string(status);
  if (status == authentication_required) return refused_login(failed, answer, "http");
  const bool for_good = status < 500;
  return {for_good ? Kind::unavailable : Kind::temporary,
          "the proxy does not connect to " + address_of(failed.endpoint) + ": " + answer,
          for_good
              ? "many proxies let through the ports of the web alone: ask whoever runs it, or leave it out"
              : "it may not reach the server; the next run tries again"};
}

Error socks(const Failed& failed, const std::string& words) {
  switch (failed.ended.proxy_error) {
    case CURLPX_NO_AUTH:
    case CURLPX_USER_REJECTED:
    case CURLPX_GSSAPI:
    case CURLPX_GSSAPI_PERMSG:
    case CURLPX_GSSAPI_PROTECTION:
      return refused_login(failed, words, "socks5h");
    default:
      return {Kind::temporary, "the proxy does not connect to " + address_of(failed.endpoint) + ": " + words,
              "see that " + place_of(failed) + " is right, and that the proxy may reach the server"};
  }
}

}  // namespace

std::optional<Error> explain_proxy(const Failed& failed) {
  const bool from_environment = failed.endpoint.proxy == "env";
  if (failed.endpoint.proxy.empty() || (from_environment && failed.ended.proxy_variable.empty()))
    return std::nullopt;
  const std::string words = failed.mask.shown(failed.ended.words);
  if (failed.ended.proxy_status >= 300) return answered(failed);
  switch (failed.ended.code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Error(Kind::temporary, "cannot look up the proxy: " + words, "check " + place_of(failed));
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:  // libcurl talks to the proxy alone, and names are the proxy's to look up
      return Error(Kind::temporary,
                   "cannot reach " + address_of(failed.endpoint) + " through the proxy: " + words,
                   "check " + place_of(failed) + ", and that the proxy is up");
    case CURLE_PROXY:
      return socks(failed, words);
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:  // before the proxy said that it is through
      if (failed.ended.proxy_status != 0 || failed.transcript.greeted()) return std::nullopt;
      return Error(Kind::temporary,
                   "the proxy does not connect to " + address_of(failed.endpoint) + ": " + words,
                   "check " + place_of(failed) + ", and that it is a proxy of this kind");
    default:
      return std::nullopt;
  }
}

}  // namespace mailhaul::net
