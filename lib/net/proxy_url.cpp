// SPDX-License-Identifier: MIT
#include "net/proxy_url.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "util/error.h"

namespace mailhaul::net {

namespace {

constexpr std::string_view proxy_hint = "write it as http://HOST:PORT or socks5h://HOST:PORT";

struct FreeUrl {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

/// One URL, read as libcurl reads that of a proxy.
class ProxyUrl {
 public:
  explicit ProxyUrl(const std::string& text) : url_(curl_url()) {
    if (!url_) throw util::Error(util::Kind::os, "libcurl cannot read a URL: out of memory");
    problem_ =
        curl_url_set(url_.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME);
  }
  CURLUcode problem() const noexcept { return problem_; }
  /// Empty if the URL does not have this part.
  std::string part(CURLUPart what) const {
    char* text = nullptr;
    if (problem_ != CURLUE_OK || curl_url_get(url_.get(), what, &text, CURLU_URLDECODE) != CURLUE_OK)
      return {};
    std::string result(text);
    curl_free(text);
    return result;
  }

 private:
  std::unique_ptr<CURLU, FreeUrl> url_;
  CURLUcode problem_ = CURLUE_OK;
};

}  // namespace

std::string password_in(const std::string& proxy) { return ProxyUrl(proxy).part(CURLUPART_PASSWORD); }

/// The error does not quote the URL: it may contain a password, at a place that is not known.
void require_proxy_url(const std::string& proxy, const std::string& where) {
  if (proxy.empty() || proxy == "env") return;
  const ProxyUrl url(proxy);
  if (url.problem() != CURLUE_OK || url.part(CURLUPART_HOST).empty()) {
    const char* const why = url.problem() != CURLUE_OK ? curl_url_strerror(url.problem()) : "no host";
    throw util::Error(util::Kind::config, where + ": this is not the URL of a proxy: " + why,
                      std::string(proxy_hint));
  }
  constexpr std::array<std::string_view, 6> schemes = {"http",    "https",  "socks4",
                                                       "socks4a", "socks5", "socks5h"};
  if (std::ranges::find(schemes, url.part(CURLUPART_SCHEME)) == schemes.end()) {
    throw util::Error(util::Kind::config,
                      where + ": " + url.part(CURLUPART_SCHEME) + ":// is not a scheme for proxies",
                      std::string(proxy_hint));
  }
}

}  // namespace mailhaul::net
