// SPDX-License-Identifier: MIT
#include "net/https_request.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "net/proxy_url.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::net {
namespace {

using util::Error;
using util::Kind;

constexpr std::size_t largest_answer = 1U << 20U;

struct FreeRequest {
  void operator()(void* handle) const noexcept { curl_easy_cleanup(handle); }
};
struct FreeHeaders {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

/// What the callbacks of one request share.
struct Transfer {
  const util::Cancel* cancel;
  std::string body;
  bool too_large = false;
};

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* transfer) noexcept {
  Transfer& to = *static_cast<Transfer*>(transfer);
  to.too_large = to.body.size() + size * count > largest_answer;
  if (to.too_large) return 0;
  to.body.append(bytes, size * count);
  return size * count;
}

int check_cancel(void* transfer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  return static_cast<Transfer*>(transfer)->cancel->requested() ? 1 : 0;
}

template <typename Value>
void give(CURL* handle, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(handle, option, value);
  if (code == CURLE_OK) return;
  throw Error(Kind::internal,
              "libcurl refuses option " + std::to_string(option) + ": " + curl_easy_strerror(code));
}

/// "https://oauth2.googleapis.com/token" -> "oauth2.googleapis.com"; a query may have secrets in it.
std::string host_in(std::string_view url) {
  url.remove_prefix(std::min(url.size(), std::string_view("https://").size()));
  return util::escape(url.substr(0, url.find_first_of("/?#")));
}

void require_https(const std::string& url) {
  const auto host = host_in(url);
  if (util::lower(url.substr(0, 8)) == "https://" && !host.empty() && !util::has_control_character(url))
    return;
  throw Error(Kind::config, "\"" + util::escape(url) + "\" is not an https:// URL",
              "tokens are sent over HTTPS only");
}

[[noreturn]] void fail(const HttpsRequest& request, CURLcode code, const char* words) {
  const std::string what = "cannot ask " + host_in(request.url) + ": " +
                           util::escape(*words != '\0' ? words : curl_easy_strerror(code));
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
    throw Error(Kind::unavailable, what, "its certificate is not trusted; is something between you and it?");
  throw Error(Kind::temporary, what, "try again later; the login that is stored stays as it is");
}

void set_body(CURL* handle, const HttpsRequest& request) {
  give(handle, CURLOPT_POST, 1L);
  give(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.reveal().size()));
  give(handle, CURLOPT_POSTFIELDS, request.body.reveal().c_str());  // borrowed until the answer is here
}

void set_network(CURL* handle, const HttpsRequest& request) {
  const long limit = static_cast<long>(request.limit.count());
  give(handle, CURLOPT_TIMEOUT, limit);
  give(handle, CURLOPT_CONNECTTIMEOUT, std::max(1L, limit * 2 / 3));
  give(handle, CURLOPT_NOSIGNAL, 1L);
  give(handle, CURLOPT_PROTOCOLS_STR, "https");
  give(handle, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!request.ca_file.empty()) give(handle, CURLOPT_CAINFO, request.ca_file.c_str());
  require_proxy_url(request.proxy);
  if (request.proxy == "env") return;
  give(handle, CURLOPT_PROXY, request.proxy.c_str());
  give(handle, CURLOPT_NOPROXY, "");
}

std::unique_ptr<curl_slist, FreeHeaders> headers_for(BodyType type) {
  std::unique_ptr<curl_slist, FreeHeaders> list(curl_slist_append(nullptr, "Accept: application/json"));
  if (type == BodyType::json) {
    auto* const longer = curl_slist_append(list.get(), "Content-Type: application/json");
    if (longer == nullptr) throw Error(Kind::os, "libcurl is out of memory");
  }
  return list;
}

}  // namespace

HttpsAnswer ask_https(const HttpsRequest& request, const util::Cancel& cancel) {
  require_https(request.url);
  const std::unique_ptr<CURL, FreeRequest> handle(curl_easy_init());
  if (!handle) throw Error(Kind::os, "libcurl cannot be started: out of memory");
  Transfer transfer{.cancel = &cancel};
  transfer.body.reserve(largest_answer / 16);  // so that no copy of a token stays behind in memory
  std::array<char, CURL_ERROR_SIZE> problem{};
  const auto headers = headers_for(request.type);
  give(handle.get(), CURLOPT_URL, request.url.c_str());
  give(handle.get(), CURLOPT_ERRORBUFFER, problem.data());
  give(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  give(handle.get(), CURLOPT_WRITEFUNCTION, &take_body);
  give(handle.get(), CURLOPT_WRITEDATA, &transfer);
  give(handle.get(), CURLOPT_XFERINFOFUNCTION, &check_cancel);
  give(handle.get(), CURLOPT_XFERINFODATA, &transfer);
  give(handle.get(), CURLOPT_NOPROGRESS, 0L);
  set_network(handle.get(), request);
  if (request.type != BodyType::none) set_body(handle.get(), request);
  const CURLcode code = curl_easy_perform(handle.get());
  HttpsAnswer answer{.body = util::Secret(std::move(transfer.body))};
  if (cancel.requested()) throw Error(Kind::cancelled, "stopped while asking " + host_in(request.url));
  if (code != CURLE_OK) fail(request, code, transfer.too_large ? "its answer is too large" : problem.data());
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  curl_off_t wait = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RETRY_AFTER, &wait);
  if (wait > 0) answer.retry_after = std::chrono::seconds(std::min<curl_off_t>(wait, 86400));
  return answer;
}

}  // namespace mailhaul::net
