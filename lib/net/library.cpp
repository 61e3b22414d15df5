// SPDX-License-Identifier: MIT
#include <ares.h>
#include <curl/curl.h>

#include <array>
#include <utility>

#include "net/connection.h"
#include "util/error.h"

namespace mailhaul::net {

std::string library_versions() {
  const auto* curl = curl_version_info(CURLVERSION_NOW);
  std::string text = std::string("libcurl ") + curl->version;
  if (curl->ssl_version != nullptr) text += std::string(", ") + curl->ssl_version;
  if (curl->libidn != nullptr) text += std::string(", libidn2 ") + curl->libidn;
  return text + ", c-ares " + ares_version(nullptr);
}

std::string library_features() {
  constexpr auto known = std::to_array<std::pair<int, std::string_view>>({
      {CURL_VERSION_IDN, "umlauts in host names"},
      {CURL_VERSION_IPV6, "IPv6"},
      {CURL_VERSION_GSSAPI, "Kerberos"},
      {CURL_VERSION_NTLM, "NTLM"},
      {CURL_VERSION_HTTPS_PROXY, "HTTPS proxies"},
  });
  const int there = curl_version_info(CURLVERSION_NOW)->features;
  std::string text;
  for (const auto& [bit, name] : known)
    if ((there & bit) != 0) text.append(text.empty() ? "" : ", ") += name;
  return text;
}

void start_library() {
  const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code == CURLE_OK) return;
  throw util::Error(util::Kind::os, std::string("cannot start libcurl: ") + curl_easy_strerror(code));
}

}  // namespace mailhaul::net
