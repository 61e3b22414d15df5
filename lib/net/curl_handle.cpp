// SPDX-License-Identifier: MIT
#include "net/curl_handle.h"

#include <curl/curl.h>

#include <algorithm>
#include <filesystem>

#include "net/proxy_url.h"
#include "net/tls_files.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/join.h"

namespace mailhaul::net {

namespace {

constexpr long receive_buffer_bytes = 256L * 1024;  // so that few reads do

template <typename Value>
void set(void* handle, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(handle, option, value);
  if (code == CURLE_OK) return;
  throw util::Error(util::Kind::internal,
                    "libcurl refuses option " + std::to_string(option) + ": " + curl_easy_strerror(code));
}

void set(void* handle, CURLoption option, const std::string& value) { set(handle, option, value.c_str()); }

bool is_host(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f &&
           std::string_view("/@?#\\\"").find(c) == std::string_view::npos;
  });
}

std::string bracketed(const std::string& host) {
  const bool is_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return is_ipv6 ? "[" + host + "]" : host;
}

/// True if OpenSSL can find an authority there by the hash of its name: openssl-rehash(1).
bool has_hashed_authorities(const char* directory) {
  if (directory == nullptr) return false;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(directory, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const auto name = entry->path().filename().native();
    if (name.size() == 10 && name.ends_with(".0")) return true;  // 8 digits
  }
  return false;
}

}  // namespace

void CurlHandle::Free::operator()(void* thing) const noexcept { curl_easy_cleanup(thing); }
void CurlHandle::FreeList::operator()(void* list) const noexcept {
  curl_slist_free_all(static_cast<curl_slist*>(list));
}

/// No exception may pass through C: what throws in one of these ends the program.
struct CurlHandle::Callbacks {
  static std::size_t header(char* bytes, std::size_t size, std::size_t count, void* self) noexcept {
    CurlHandle& curl = *static_cast<CurlHandle*>(self);
    const std::string_view line(bytes, size * count);
    const bool greeted = curl.dialogue_->transcript().greeted();
    curl.dialogue_->received(line);
    if (!greeted && curl.checks_timestamp_ && curl.dialogue_->transcript().greeted()) {
      curl.forged_timestamp_ =
          apop_timestamp(curl.dialogue_->transcript().greeting()) == ApopTimestamp::forged;
    }
    // 0 ends the connection: before a digest is sent, or where libcurl would go on waiting for a greeting.
    const bool foreign = curl.dialogue_->transcript().foreign_greeting().has_value();
    return curl.forged_timestamp_ || foreign ? 0 : line.size();
  }

  /// libcurl offers no other way to learn whether the environment names a proxy for this host.
  static void note_proxy(CurlHandle& curl, std::string_view text) {
    constexpr std::string_view says = "Uses proxy env variable ";
    if (!text.starts_with(says)) return;
    const std::string name(text.substr(says.size(), text.find(' ', says.size()) - says.size()));
    if (util::lower(name) != "no_proxy") curl.proxy_variable_ = name;
  }

  static int debug(CURL* /*handle*/, curl_infotype type, char* bytes, std::size_t size, void* self) noexcept {
    CurlHandle& curl = *static_cast<CurlHandle*>(self);
    const std::string_view text(bytes, size);
    if (type == CURLINFO_HEADER_OUT) {
      curl.dialogue_->sent(text);
      curl.last_sent_ = std::chrono::steady_clock::now();
    }
    if (type != CURLINFO_TEXT) return 0;
    curl.dialogue_->remark(text);
    if (text.starts_with("OpenSSL ")) curl.tls_words_ = std::string(text.substr(0, text.find('\n')));
    note_proxy(curl, text);
    return 0;
  }

  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
    const CurlHandle& curl = *static_cast<CurlHandle*>(self);
    return curl.cancel_.requested() || curl.capa_takes_too_long() ? 1 : 0;
  }

  static std::size_t body(char* /*bytes*/, std::size_t size, std::size_t count, void* /*self*/) noexcept {
    return size * count;
  }
};

CurlHandle::CurlHandle(const Endpoint& endpoint, const util::Cancel& cancel, Dialogue& dialogue)
    : handle_(curl_easy_init()),
      problem_(std::make_unique<std::array<char, CURL_ERROR_SIZE>>()),
      cancel_(cancel),
      dialogue_(&dialogue) {
  if (!handle_) throw util::Error(util::Kind::os, "libcurl cannot be started: out of memory");
  problem_->front() = '\0';
  set(handle(), CURLOPT_CONNECT_ONLY, 1L);
  set(handle(), CURLOPT_NOSIGNAL, 1L);
  set(handle(), CURLOPT_PROTOCOLS_STR, "pop3,pop3s");
  set(handle(), CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  // A header of the proxy's might look like an answer of the server's.
  set(handle(), CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(handle(), CURLOPT_BUFFERSIZE, receive_buffer_bytes);
  set(handle(), CURLOPT_TCP_KEEPALIVE, 1L);
  set(handle(), CURLOPT_QUICK_EXIT, 1L);
  set_address(endpoint);
  set_tls(endpoint);
  set_proxy(endpoint.proxy);
  set_callbacks();
}

CurlHandle::~CurlHandle() = default;

/// If another name is expected in the certificate, the URL has that name, and the connection goes to the
/// host.
void CurlHandle::set_address(const Endpoint& endpoint) {
  const bool renamed = endpoint.tls != Tls::none && !endpoint.server_name.empty();
  const std::string& name = renamed ? endpoint.server_name : endpoint.host;
  for (const std::string* host : {&endpoint.host, &name}) {
    if (!is_host(*host))
      throw util::Error(util::Kind::config, "\"" + util::escape(*host) + "\" is not a host name");
  }
  const std::string port = std::to_string(endpoint.effective_port());
  const std::string scheme = endpoint.tls == Tls::implicit ? "pop3s://" : "pop3://";
  authority_ = bracketed(name) + ":" + port;
  set(handle(), CURLOPT_URL, scheme + authority_ + "/");
  if (!renamed) return;
  const std::string way = bracketed(name) + ":" + port + ":" + bracketed(endpoint.host) + ":" + port;
  connect_to_.reset(curl_slist_append(nullptr, way.c_str()));
  set(handle(), CURLOPT_CONNECT_TO, static_cast<curl_slist*>(connect_to_.get()));
}

void CurlHandle::set_tls(const Endpoint& endpoint) {
  set(handle(), CURLOPT_USE_SSL, long{endpoint.tls == Tls::none ? CURLUSESSL_NONE : CURLUSESSL_ALL});
  set(handle(), CURLOPT_SSL_VERIFYPEER, 1L);
  set(handle(), CURLOPT_SSL_VERIFYHOST, 2L);
  const bool only_1_3 = endpoint.min_version == TlsVersion::v1_3;
  set(handle(), CURLOPT_SSLVERSION, long{only_1_3 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2});
  if (endpoint.tls == Tls::none) return;
  require_files(endpoint);
  if (!endpoint.ca_file.empty()) {
    set(handle(), CURLOPT_CAINFO, endpoint.ca_file);
    set(handle(), CURLOPT_CAPATH, static_cast<char*>(nullptr));  // in place of the system's authorities
  } else if (has_hashed_authorities(curl_version_info(CURLVERSION_NOW)->capath)) {
    // OpenSSL then reads only the authority that it needs. To read all of them takes five times as long as
    // the rest of a poll.
    set(handle(), CURLOPT_CAINFO, static_cast<char*>(nullptr));
  }
  if (!endpoint.pins.empty()) set(handle(), CURLOPT_PINNEDPUBLICKEY, util::joined(endpoint.pins, {}, ";"));
  if (endpoint.client_cert.empty()) return;
  set(handle(), CURLOPT_SSLCERT, endpoint.client_cert);
  set(handle(), CURLOPT_SSLKEY, endpoint.client_key.empty() ? endpoint.client_cert : endpoint.client_key);
  set(handle(), CURLOPT_KEYPASSWD, "");  // otherwise OpenSSL asks at the terminal
}

/// A configured proxy is used whatever no_proxy in the environment says.
void CurlHandle::set_proxy(const std::string& proxy) {
  require_proxy_url(proxy);
  if (proxy == "env") return;
  set(handle(), CURLOPT_PROXY, proxy);
  set(handle(), CURLOPT_NOPROXY, "");
}

void CurlHandle::set_callbacks() {
  set(handle(), CURLOPT_ERRORBUFFER, problem_->data());
  set(handle(), CURLOPT_HEADERFUNCTION, &Callbacks::header);
  set(handle(), CURLOPT_HEADERDATA, this);
  set(handle(), CURLOPT_WRITEFUNCTION, &Callbacks::body);
  set(handle(), CURLOPT_DEBUGFUNCTION, &Callbacks::debug);
  set(handle(), CURLOPT_DEBUGDATA, this);
  set(handle(), CURLOPT_VERBOSE, 1L);  // the only way to know what libcurl sent
  set(handle(), CURLOPT_XFERINFOFUNCTION, &Callbacks::progress);
  set(handle(), CURLOPT_XFERINFODATA, this);
  set(handle(), CURLOPT_NOPROGRESS, 0L);
}

void CurlHandle::log_in_by(const LoginMethod& method, const Login& login) {
  set(handle(), CURLOPT_USERNAME, login.user);
  set(handle(), CURLOPT_LOGIN_OPTIONS, method.mechanisms);
  set(handle(), CURLOPT_SASL_IR, method.initial_response ? 1L : 0L);
  const auto option = method.way == LoginMethod::Way::bearer ? CURLOPT_XOAUTH2_BEARER : CURLOPT_PASSWORD;
  if (!login.secret.empty()) set(handle(), option, login.secret.reveal());
  checks_timestamp_ = method.way == LoginMethod::Way::apop;
}

/// The URL's scheme decides what libcurl says after the connection. With CONNECT_ONLY it says nothing on
/// HTTP, and HTTPS is that inside TLS; through a proxy both are a tunnel. Proxies of the environment are
/// named by scheme, and none was named for this server's.
void CurlHandle::speak_no_pop3(const Endpoint& endpoint) {
  set(handle(), CURLOPT_PROTOCOLS_STR, "http,https");
  set(handle(), CURLOPT_URL, (endpoint.tls == Tls::none ? "http://" : "https://") + authority_ + "/");
  set(handle(), CURLOPT_SSL_ENABLE_ALPN, 0L);
  set(handle(), CURLOPT_HTTPPROXYTUNNEL, 1L);
  if (endpoint.proxy == "env") set_proxy("");
}

bool CurlHandle::capa_takes_too_long() const {
  return capa_limit_ && dialogue_->transcript().awaits_capa() &&
         std::chrono::steady_clock::now() - last_sent_ > *capa_limit_;
}

/// CURLOPT_TIMEOUT is never set: with CONNECT_ONLY, some releases treat it as expired at once.
ConnectResult CurlHandle::connect(std::chrono::milliseconds limit) {
  const long limit_ms = std::max(1L, static_cast<long>(limit.count()));
  set(handle(), CURLOPT_CONNECTTIMEOUT_MS, limit_ms);
  set(handle(), CURLOPT_SERVER_RESPONSE_TIMEOUT, (limit_ms + 999) / 1000);
  ConnectResult result;
  result.code = curl_easy_perform(handle());
  result.words = problem_->data();
  if (result.words.empty()) result.words = curl_easy_strerror(static_cast<CURLcode>(result.code));
  // Only the first words get into the buffer. If the server hung up at once, they are these useless ones.
  if (result.words.starts_with("getpeername()") && !tls_words_.empty()) result.words = tls_words_;
  curl_off_t connect_time = 0;
  curl_easy_getinfo(handle(), CURLINFO_CONNECT_TIME_T, &connect_time);
  result.connected = connect_time > 0;
  curl_easy_getinfo(handle(), CURLINFO_OS_ERRNO, &result.system_error);
  curl_easy_getinfo(handle(), CURLINFO_HTTP_CONNECTCODE, &result.proxy_status);
  curl_easy_getinfo(handle(), CURLINFO_PROXY_ERROR, &result.proxy_error);
  result.proxy_variable = proxy_variable_;
  result.forged_timestamp = forged_timestamp_;
  result.capa_timed_out = result.code == CURLE_ABORTED_BY_CALLBACK && capa_takes_too_long();
  set(handle(), CURLOPT_VERBOSE, 0L);  // otherwise 7.88 makes a remark at every read
  set(handle(), CURLOPT_NOPROGRESS, 1L);
  set(handle(), CURLOPT_HEADERFUNCTION, static_cast<curl_write_callback>(nullptr));
  set(handle(), CURLOPT_HEADERDATA, static_cast<void*>(nullptr));
  dialogue_ = nullptr;
  return result;
}

std::string address_of(const Endpoint& endpoint) {
  return util::escape(bracketed(endpoint.host)) + ":" + std::to_string(endpoint.effective_port());
}

}  // namespace mailhaul::net
