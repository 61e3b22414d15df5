// SPDX-License-Identifier: MIT
#include <curl/curl.h>

#include "net/problem.h"

namespace mailhaul::net {

namespace {

using util::Error;
using util::Kind;

/// Where the proxy was named: the key, or the variable of the environment that libcurl took.
std::string place_of(const LoginFailure& failure) {
  return failure.result.proxy_variable.empty() ? "\"proxy\"" : failure.result.proxy_variable;
}

bool has_login(const LoginFailure& failure) { return failure.endpoint.proxy.find('@') != std::string::npos; }

Error refused_login(const LoginFailure& failure, const std::string& answer, const std::string& scheme) {
  if (!failure.result.proxy_variable.empty() || has_login(failure)) {
    return {Kind::config, "the proxy refuses the login: " + answer,
            "check user name and password in " + place_of(failure)};
  }
  return {Kind::config, "the proxy requires a login: " + answer,
          "add the user and the password to \"proxy\": " + scheme + "://USER:PASSWORD@HOST:PORT"};
}

Error answered(const LoginFailure& failure) {
  constexpr long authentication_required = 407;
  const long status = failure.result.proxy_status;
  const std::string answer = "it answers HTTP " + std::to_string(status);
  if (status == authentication_required) return refused_login(failure, answer, "http");
  const bool for_good = status < 500;
  return {for_good ? Kind::unavailable : Kind::temporary,
          "the proxy does not connect to " + address_of(failure.endpoint) + ": " + answer,
          for_good ? "many proxies only allow web ports: ask its administrator, or connect without the proxy"
                   : "perhaps the proxy cannot reach the server; the next run tries again"};
}

Error socks(const LoginFailure& failure, const std::string& words) {
  switch (failure.result.proxy_error) {
    case CURLPX_NO_AUTH:
    case CURLPX_USER_REJECTED:
    case CURLPX_GSSAPI:
    case CURLPX_GSSAPI_PERMSG:
    case CURLPX_GSSAPI_PROTECTION:
      return refused_login(failure, words, "socks5h");
    default:
      return {Kind::temporary, "the proxy does not connect to " + address_of(failure.endpoint) + ": " + words,
              "check that " + place_of(failure) + " is right, and that the proxy can reach the server"};
  }
}

}  // namespace

std::optional<Error> explain_proxy(const LoginFailure& failure) {
  const bool from_environment = failure.endpoint.proxy == "env";
  if (failure.endpoint.proxy.empty() || (from_environment && failure.result.proxy_variable.empty()))
    return std::nullopt;
  const std::string words = failure.redactor.shown(failure.result.words);
  if (failure.result.proxy_status >= 300) return answered(failure);
  switch (failure.result.code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Error(Kind::temporary, "cannot look up the proxy: " + words, "check " + place_of(failure));
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:  // libcurl talks only to the proxy, which looks up names
      return Error(Kind::temporary,
                   "cannot reach " + address_of(failure.endpoint) + " through the proxy: " + words,
                   "check " + place_of(failure) + ", and that the proxy is up");
    case CURLE_PROXY:
      return socks(failure, words);
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:  // before the proxy reported that it had connected
      if (failure.result.proxy_status != 0 || failure.transcript.greeted()) return std::nullopt;
      return Error(Kind::temporary,
                   "the proxy does not connect to " + address_of(failure.endpoint) + ": " + words,
                   "check " + place_of(failure) + ", and that it is a proxy of this kind");
    default:
      return std::nullopt;
  }
}

}  // namespace mailhaul::net
