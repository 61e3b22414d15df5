// SPDX-License-Identifier: MIT
#include "net/environment_proxy.h"

#include <curl/curl.h>

#include <memory>
#include <string_view>

#include "net/proxy_url.h"
#include "util/ascii.h"

namespace mailhaul::net {

namespace {

struct FreeHandle {
  void operator()(void* handle) const noexcept { curl_easy_cleanup(handle); }
};

/// Reads libcurl's remark "Uses proxy env variable NAME == 'URL'": there is no other way to learn the proxy.
int note_proxy(CURL* /*handle*/, curl_infotype type, char* bytes, std::size_t size, void* found) noexcept {
  constexpr std::string_view says = "Uses proxy env variable ", between = " == '";
  std::string_view text(bytes, size);
  if (type != CURLINFO_TEXT || !text.starts_with(says)) return 0;
  text.remove_prefix(says.size());
  const auto middle = text.find(between), end = text.rfind('\'');
  if (middle == std::string_view::npos || end < middle + between.size()) return 0;
  const std::string name(text.substr(0, middle));
  if (util::lower(name) == "no_proxy") return 0;
  const auto url = text.substr(middle + between.size(), end - middle - between.size());
  *static_cast<EnvironmentProxy*>(found) = {name, std::string(url)};
  return 0;
}

int refuse_lookup(void* /*resolver*/, void* /*reserved*/, void* /*user*/) noexcept { return 1; }

curl_socket_t refuse_socket(void* /*user*/, curlsocktype /*purpose*/, curl_sockaddr* /*address*/) noexcept {
  return CURL_SOCKET_BAD;
}

}  // namespace

EnvironmentProxy proxy_of_environment(const std::string& url) {
  EnvironmentProxy found;
  const std::unique_ptr<void, FreeHandle> handle(curl_easy_init());
  if (!handle) return found;
  curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_DEBUGFUNCTION, &note_proxy);
  curl_easy_setopt(handle.get(), CURLOPT_DEBUGDATA, &found);
  curl_easy_setopt(handle.get(), CURLOPT_RESOLVER_START_FUNCTION, &refuse_lookup);
  curl_easy_setopt(handle.get(), CURLOPT_OPENSOCKETFUNCTION, &refuse_socket);
  static_cast<void>(curl_easy_perform(handle.get()));  // fails, because it may not look up or connect
  require_proxy_url(found.url, found.variable);
  return found;
}

}  // namespace mailhaul::net
