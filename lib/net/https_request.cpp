// SPDX-License-Identifier: MIT
#include "net/https_request.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "net/environment_proxy.h"
#include "net/proxy_url.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::net {
namespace {

using util::Error;
using util::Kind;

struct FreeRequest {
  void operator()(void* handle) const noexcept { curl_easy_cleanup(handle); }
};
struct FreeRequests {
  void operator()(void* handle) const noexcept { curl_multi_cleanup(handle); }
};
struct FreeHeaders {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

/// What the callbacks of one request share.
struct Transfer {
  const util::Cancel* cancel;
  std::size_t largest;
  std::string body;
  bool too_large = false;
  std::optional<std::chrono::steady_clock::time_point> stop_at = {};  ///< set when a cancel is noticed
};

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* transfer) noexcept {
  Transfer& to = *static_cast<Transfer*>(transfer);
  to.too_large = to.body.size() + size * count > to.largest;
  if (to.too_large) return 0;
  to.body.append(bytes, size * count);
  return size * count;
}

/// Once a body was sent, its answer may contain a token that replaces the one that was sent: after a cancel,
/// it is waited for.
int check_cancel(void* transfer, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent) noexcept {
  Transfer& to = *static_cast<Transfer*>(transfer);
  if (!to.cancel->requested()) return 0;
  if (sent == 0) return 1;
  const auto now = std::chrono::steady_clock::now();
  if (!to.stop_at) to.stop_at = now + to.cancel->grace();
  return now < *to.stop_at ? 0 : 1;
}

template <typename Value>
void give(CURL* handle, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(handle, option, value);
  if (code == CURLE_OK) return;
  throw Error(Kind::internal,
              "libcurl refuses option " + std::to_string(option) + ": " + curl_easy_strerror(code));
}

/// "https://oauth2.googleapis.com/token" -> "oauth2.googleapis.com"; the query may contain secrets.
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
  if (code == CURLE_PEER_FAILED_VERIFICATION)
    throw Error(Kind::unavailable, what,
                "its certificate is not trusted; perhaps a proxy or a firewall intercepts the connection");
  if (code == CURLE_SSL_CACERT_BADFILE)
    throw Error(Kind::unavailable, what,
                request.ca_file.empty()
                    ? "the system has no certificates to trust: install some (Debian: ca-certificates)"
                    : "\"tls_ca_file\" must contain certificates in PEM");
  throw Error(Kind::temporary, what, "try again later; nothing has changed");
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
  give(handle, CURLOPT_QUICK_EXIT, 1L);  // the end does not wait for a resolver that does not answer
  give(handle, CURLOPT_PROTOCOLS_STR, "https");
  give(handle, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!request.ca_file.empty()) give(handle, CURLOPT_CAINFO, request.ca_file.c_str());
  require_proxy_url(request.proxy);
  if (request.proxy == "env") {
    static_cast<void>(proxy_of_environment(request.url));  // throws if the proxy is invalid
    return;
  }
  give(handle, CURLOPT_PROXY, request.proxy.c_str());
  give(handle, CURLOPT_NOPROXY, "");
}

std::unique_ptr<curl_slist, FreeHeaders> headers_for(const HttpsRequest& request) {
  std::unique_ptr<curl_slist, FreeHeaders> list(
      curl_slist_append(nullptr, ("Accept: " + request.accept).c_str()));
  if (request.type == BodyType::json) {
    auto* const longer = curl_slist_append(list.get(), "Content-Type: application/json");
    if (longer == nullptr) throw Error(Kind::os, "libcurl is out of memory");
  }
  return list;
}

/// One request on its way. The request and `cancel` must outlive it.
class HttpsTransfer {
 public:
  HttpsTransfer(const HttpsRequest& request, const util::Cancel& cancel)
      : request_(request),
        transfer_{.cancel = &cancel, .largest = request.largest, .body = {}},
        headers_(headers_for(request)),
        handle_(curl_easy_init()) {
    require_https(request.url);
    if (!handle_) throw Error(Kind::os, "libcurl cannot be started: out of memory");
    transfer_.body.reserve(request.largest / 16);  // so that no copy of a token stays behind in memory
    give(handle(), CURLOPT_URL, request.url.c_str());
    give(handle(), CURLOPT_ERRORBUFFER, problem_.data());
    give(handle(), CURLOPT_HTTPHEADER, headers_.get());
    give(handle(), CURLOPT_WRITEFUNCTION, &take_body);
    give(handle(), CURLOPT_WRITEDATA, &transfer_);
    give(handle(), CURLOPT_XFERINFOFUNCTION, &check_cancel);
    give(handle(), CURLOPT_XFERINFODATA, &transfer_);
    give(handle(), CURLOPT_NOPROGRESS, 0L);
    set_network(handle(), request);
    if (request.type != BodyType::none) set_body(handle(), request);
  }
  HttpsTransfer(const HttpsTransfer&) = delete;  // libcurl has pointers into it
  HttpsTransfer& operator=(const HttpsTransfer&) = delete;

  CURL* handle() const { return handle_.get(); }

  /// The answer, after the transfer has ended with `code`. Throws like ask_https().
  HttpsAnswer finish(CURLcode code) {
    HttpsAnswer answer{.body = util::Secret(std::move(transfer_.body))};
    if (code != CURLE_OK && transfer_.cancel->requested())
      throw Error(Kind::cancelled, "stopped while asking " + host_in(request_.url));
    if (code != CURLE_OK)
      fail(request_, code, transfer_.too_large ? "its answer is too large" : problem_.data());
    long status = 0;
    curl_easy_getinfo(handle(), CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    curl_off_t wait = 0;
    curl_easy_getinfo(handle(), CURLINFO_RETRY_AFTER, &wait);
    if (wait > 0) answer.retry_after = std::chrono::seconds(std::min<curl_off_t>(wait, 86400));
    return answer;
  }

 private:
  const HttpsRequest& request_;
  Transfer transfer_;
  std::array<char, CURL_ERROR_SIZE> problem_{};
  std::unique_ptr<curl_slist, FreeHeaders> headers_;
  std::unique_ptr<CURL, FreeRequest> handle_;
};

HttpsOutcome outcome_of(HttpsTransfer& transfer, CURLcode code) {
  try {
    return {.answer = transfer.finish(code), .error = {}};
  } catch (const Error& error) {
    if (error.kind() == Kind::cancelled) throw;
    return {.answer = {}, .error = error};
  }
}

/// Several transfers in one thread. The destructor releases their handles, which must still exist then.
class Together {
 public:
  Together() : all_(curl_multi_init()) {
    if (!all_) throw Error(Kind::os, "libcurl cannot be started: out of memory");
  }
  Together(const Together&) = delete;
  Together& operator=(const Together&) = delete;
  ~Together() {
    for (auto* const handle : running_) curl_multi_remove_handle(all_.get(), handle);
  }

  void start(CURL* handle) {
    running_.push_back(handle);
    if (curl_multi_add_handle(all_.get(), handle) != CURLM_OK)
      throw Error(Kind::os, "libcurl is out of memory");
  }

  /// Runs until all transfers have ended; calls `tell` at the end of each.
  template <typename Tell>
  void run(const util::Cancel& cancel, Tell tell) {
    curl_waitfd stop{.fd = cancel.fd(), .events = CURL_WAIT_POLLIN, .revents = 0};
    for (int left = 1; left != 0 && !cancel.requested();) {
      curl_multi_perform(all_.get(), &left);
      int queued = 0;
      while (const auto* const ended = curl_multi_info_read(all_.get(), &queued))
        if (ended->msg == CURLMSG_DONE) tell(ended->easy_handle, ended->data.result);
      if (left != 0) curl_multi_poll(all_.get(), &stop, 1, 1000, nullptr);
    }
    if (cancel.requested()) throw Error(Kind::cancelled, "stopped while asking web servers");
  }

 private:
  std::unique_ptr<CURLM, FreeRequests> all_;
  std::vector<CURL*> running_;
};

}  // namespace

HttpsAnswer ask_https(const HttpsRequest& request, const util::Cancel& cancel) {
  HttpsTransfer transfer(request, cancel);
  return transfer.finish(curl_easy_perform(transfer.handle()));
}

std::vector<HttpsOutcome> ask_https_together(std::span<const HttpsRequest> requests,
                                             const util::Cancel& cancel) {
  std::vector<HttpsOutcome> outcomes(requests.size());
  std::vector<std::unique_ptr<HttpsTransfer>> transfers;
  Together together;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    try {
      transfers.push_back(std::make_unique<HttpsTransfer>(requests[i], cancel));
      together.start(transfers.back()->handle());
    } catch (const Error& error) {
      outcomes[i].error = error;
      transfers.resize(i + 1);
    }
  }
  together.run(cancel, [&](CURL* handle, CURLcode code) {
    for (std::size_t i = 0; i < transfers.size(); ++i)
      if (transfers[i] && transfers[i]->handle() == handle) outcomes[i] = outcome_of(*transfers[i], code);
  });
  return outcomes;
}

}  // namespace mailhaul::net
