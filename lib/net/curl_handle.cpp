// SPDX-License-Identifier: MIT
#include "net/curl_handle.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "net/certificate.h"
#include "net/environment_proxy.h"
#include "net/lookup.h"
#include "net/proxy_url.h"
#include "net/tls_files.h"
#include "net/tls_sessions.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/join.h"

namespace mailhaul::net {

namespace {

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

long resolve_option(Family family) {
  switch (family) {
    case Family::any:
      return CURL_IPRESOLVE_WHATEVER;
    case Family::ipv4:
      return CURL_IPRESOLVE_V4;
    case Family::ipv6:
      return CURL_IPRESOLVE_V6;
  }
  return CURL_IPRESOLVE_WHATEVER;
}

}  // namespace

void CurlHandle::Free::operator()(void* thing) const noexcept { curl_easy_cleanup(thing); }
void CurlHandle::FreeList::operator()(void* list) const noexcept {
  curl_slist_free_all(static_cast<curl_slist*>(list));
}

/// No exception may pass through C: these functions are noexcept, so that an exception ends the program.
struct CurlHandle::Callbacks {
  static std::size_t header(char* bytes, std::size_t size, std::size_t count, void* self) noexcept {
    CurlHandle& curl = *static_cast<CurlHandle*>(self);
    const std::string_view line(bytes, size * count);
    curl.dialogue_->received(line);
    // 0 ends the connection. Otherwise libcurl would go on waiting for a POP3 greeting.
    return curl.dialogue_->transcript().foreign_greeting() ? 0 : line.size();
  }

  static int debug(CURL* /*handle*/, curl_infotype type, char* bytes, std::size_t size, void* self) noexcept {
    CurlHandle& curl = *static_cast<CurlHandle*>(self);
    const std::string_view text(bytes, size);
    if (type == CURLINFO_HEADER_OUT && curl.dialogue_ != nullptr) curl.dialogue_->sent(text);
    if (type != CURLINFO_TEXT) return 0;
    if (curl.dialogue_ != nullptr) curl.dialogue_->remark(text);
    if (const auto end = certificate_end(text)) curl.result_.certificate_until = end;
    if (text.starts_with("OpenSSL ")) curl.tls_words_ = std::string(text.substr(0, text.find('\n')));
    return 0;
  }

  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
    CurlHandle& curl = *static_cast<CurlHandle*>(self);
    return curl.cancel_.requested() || curl.finds_mute_peer() ? 1 : 0;
  }

  static curl_socket_t note_socket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) noexcept {
    CurlHandle& curl = *static_cast<CurlHandle*>(self);
    const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (socket < 0) return CURL_SOCKET_BAD;
    curl.sockets_.push_back(socket);
    if (auto text = in_digits(&address->addr, address->addrlen); !text.empty())
      curl.result_.tried.push_back(std::move(text));
    return socket;
  }

  static int close_socket(void* self, curl_socket_t socket) noexcept {
    std::erase(static_cast<CurlHandle*>(self)->sockets_, socket);
    return ::close(socket);
  }

  /// Gives libcurl a duplicate of the socket, because libcurl closes the socket that it gets.
  static curl_socket_t open_socket(void* self, curlsocktype /*purpose*/,
                                   curl_sockaddr* /*address*/) noexcept {
    const CurlHandle& curl = *static_cast<CurlHandle*>(self);
    const int socket = curl.tunnel_ ? curl.tunnel_->fd() : curl.plain_->socket();
    return socket < 0 ? CURL_SOCKET_BAD : ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  }

  static int is_connected(void* /*self*/, curl_socket_t /*socket*/, curlsocktype /*purpose*/) noexcept {
    return CURL_SOCKOPT_ALREADY_CONNECTED;
  }

  static std::size_t body(char* /*bytes*/, std::size_t size, std::size_t count, void* /*self*/) noexcept {
    return size * count;
  }
};

CurlHandle::CurlHandle(const Endpoint& endpoint, const util::Cancel& cancel, Dialogue& dialogue,
                       Speaks speaks)
    : handle_(curl_easy_init()),
      problem_(std::make_unique<std::array<char, CURL_ERROR_SIZE>>()),
      cancel_(cancel),
      dialogue_(&dialogue),
      speaks_(speaks),
      at_once_(endpoint.tls == Tls::implicit),
      host_(endpoint.host),
      port_(endpoint.effective_port()),
      tunnel_argv_(endpoint.tunnel) {
  if (!handle_) throw util::Error(util::Kind::os, "libcurl cannot be started: out of memory");
  problem_->front() = '\0';
  set(handle(), CURLOPT_CONNECT_ONLY, 1L);
  set(handle(), CURLOPT_NOSIGNAL, 1L);
  set(handle(), CURLOPT_PROTOCOLS_STR, speaks == Speaks::pop3 ? "pop3,pop3s" : "http,https");
  set(handle(), CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  // A header from the proxy might look like an answer from the server.
  set(handle(), CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(handle(), CURLOPT_BUFFERSIZE, 256L * 1024);  // so that few reads are needed
  set(handle(), CURLOPT_TCP_KEEPALIVE, 1L);
  set(handle(), CURLOPT_QUICK_EXIT, 1L);
  set_address(endpoint);
  set_tls(endpoint);
  set_proxy(endpoint.proxy);
  set(handle(), CURLOPT_IPRESOLVE, resolve_option(endpoint.family));
  set_callbacks();
  note_sockets();
  if (!endpoint.socket.empty()) {
    set(handle(), CURLOPT_PROXY, "");
    set(handle(), CURLOPT_UNIX_SOCKET_PATH, endpoint.socket);
  }
  if (endpoint.tunnel.empty()) return;
  connect_only_to("127.0.0.1", endpoint.effective_port());
  use_open_socket();
}

/// libcurl calls back while it closes the connection, so this comes before the other members are destroyed.
CurlHandle::~CurlHandle() { handle_.reset(); }

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
  authority_ = bracketed(name) + ":" + port;
  // The scheme decides what libcurl says once it is connected. With CONNECT_ONLY it says nothing for HTTP,
  // and begins TLS for HTTPS. Through a proxy, both use a tunnel.
  const bool at_once = endpoint.tls == Tls::implicit;
  if (speaks_ == Speaks::pop3) {
    set(handle(), CURLOPT_URL, url(at_once ? "pop3s" : "pop3"));
  } else {
    set(handle(), CURLOPT_URL, url(at_once ? "https" : "http"));
    set(handle(), CURLOPT_SSL_ENABLE_ALPN, 0L);
    set(handle(), CURLOPT_HTTPPROXYTUNNEL, 1L);
  }
  if (!renamed) return;
  connect_only_to(endpoint.host, endpoint.effective_port());
}

/// Makes libcurl connect to this host and port, whatever the URL names.
void CurlHandle::connect_only_to(const std::string& host, long port) {
  const std::string way = "::" + bracketed(host) + ":" + std::to_string(port);
  connect_to_.reset(curl_slist_append(nullptr, way.c_str()));
  set(handle(), CURLOPT_CONNECT_TO, static_cast<curl_slist*>(connect_to_.get()));
}

std::string CurlHandle::url(std::string_view scheme) const {
  return std::string(scheme) + "://" + authority_ + "/";
}

void CurlHandle::set_tls(const Endpoint& endpoint) {
  set(handle(), CURLOPT_USE_SSL, long{endpoint.tls == Tls::none ? CURLUSESSL_NONE : CURLUSESSL_ALL});
  set(handle(), CURLOPT_SSL_VERIFYPEER, 1L);
  set(handle(), CURLOPT_SSL_VERIFYHOST, 2L);
  const bool only_1_3 = endpoint.min_version == TlsVersion::v1_3;
  set(handle(), CURLOPT_SSLVERSION, long{only_1_3 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2});
  if (endpoint.tls == Tls::none) return;
  require_files(endpoint);
  set(handle(), CURLOPT_SHARE, tls_sessions());
  if (!endpoint.ca_file.empty()) {
    set(handle(), CURLOPT_CAINFO, endpoint.ca_file);
    set(handle(), CURLOPT_CAPATH, static_cast<char*>(nullptr));  // in place of the system's authorities
  } else if (has_hashed_authorities()) {
    // OpenSSL then reads only the one that it needs: reading all takes five times as long as the whole poll.
    set(handle(), CURLOPT_CAINFO, static_cast<char*>(nullptr));
  }
  if (!endpoint.pins.empty()) set(handle(), CURLOPT_PINNEDPUBLICKEY, util::joined(endpoint.pins, {}, ";"));
  if (endpoint.client_cert.empty()) return;
  set(handle(), CURLOPT_SSLCERT, endpoint.client_cert);
  set(handle(), CURLOPT_SSLKEY, endpoint.client_key.empty() ? endpoint.client_cert : endpoint.client_key);
  set(handle(), CURLOPT_KEYPASSWD, "");  // otherwise OpenSSL asks at the terminal
}

/// A configured proxy is used whatever no_proxy in the environment says. The environment names proxies by
/// scheme, and the server's scheme is POP3, whatever the URL says.
void CurlHandle::set_proxy(const std::string& proxy) {
  require_proxy_url(proxy);
  std::string found = proxy;
  if (proxy == "env") {
    auto named = proxy_of_environment(url("pop3"));
    if (speaks_ == Speaks::pop3) return;
    proxy_variable_ = std::move(named.variable);
    found = std::move(named.url);
  }
  set(handle(), CURLOPT_PROXY, found);
  set(handle(), CURLOPT_NOPROXY, "");
}

/// Uses the address of the open connection, so that no name is looked up again.
void CurlHandle::begin_tls_on(std::unique_ptr<CurlHandle> plain) {
  plain_ = std::move(plain);
  const char* address = nullptr;
  long port = 0;
  curl_easy_getinfo(plain_->handle(), CURLINFO_PRIMARY_IP, &address);
  curl_easy_getinfo(plain_->handle(), CURLINFO_PRIMARY_PORT, &port);
  const bool known = address != nullptr && *address != '\0';
  connect_only_to(known ? address : "127.0.0.1", std::max(1L, port));
  set(handle(), CURLOPT_URL, url("https"));
  use_open_socket();
}

void CurlHandle::note_sockets() {
  set(handle(), CURLOPT_OPENSOCKETFUNCTION, &Callbacks::note_socket);
  set(handle(), CURLOPT_OPENSOCKETDATA, this);
  set(handle(), CURLOPT_CLOSESOCKETFUNCTION, &Callbacks::close_socket);
  set(handle(), CURLOPT_CLOSESOCKETDATA, this);
}

/// Gives libcurl a socket that is connected already, and no proxy.
void CurlHandle::use_open_socket() {
  set(handle(), CURLOPT_PROXY, "");
  set(handle(), CURLOPT_OPENSOCKETFUNCTION, &Callbacks::open_socket);
  set(handle(), CURLOPT_OPENSOCKETDATA, this);
  set(handle(), CURLOPT_SOCKOPTFUNCTION, &Callbacks::is_connected);
}

/// Whether this is a tunnel outside TLS, where libcurl is not used: it could not pass the socket on to
/// another handle, because it calls connect(2) again for each handle, and the system allows that once.
bool CurlHandle::is_bare() const noexcept {
  return tunnel_ != nullptr && !at_once_ && speaks_ == Speaks::nothing;
}

int CurlHandle::socket() const {
  if (is_bare()) return tunnel_->fd();
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(handle(), CURLINFO_ACTIVESOCKET, &socket);
  return socket;
}

CurlHandle::Moved CurlHandle::moved(ssize_t result) {
  if (result >= 0) return {CURLE_OK, static_cast<std::size_t>(result)};
  if (errno == EAGAIN || errno == EINTR) return {CURLE_AGAIN, 0};
  util::errno_text(errno).copy(problem_->data(), problem_->size() - 1);
  return {CURLE_RECV_ERROR, 0};
}

CurlHandle::Moved CurlHandle::send(std::string_view bytes) {
  if (is_bare()) return moved(::send(tunnel_->fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
  std::size_t sent = 0;
  const CURLcode code = curl_easy_send(handle(), bytes.data(), bytes.size(), &sent);
  return {code, sent};
}

CurlHandle::Moved CurlHandle::receive(std::span<char> into) {
  if (is_bare()) return moved(::recv(tunnel_->fd(), into.data(), into.size(), 0));
  std::size_t received = 0;
  const CURLcode code = curl_easy_recv(handle(), into.data(), into.size(), &received);
  return {code, received};
}

void CurlHandle::connect_to_address(const std::string& address) { connect_only_to(address, port_); }

void CurlHandle::give_up_when_mute(std::chrono::steady_clock::time_point at,
                                   std::function<bool(const std::string&)> agrees) {
  mute_at_ = at;
  give_up_ = std::move(agrees);
}

/// Called about once a second, so that giving up half a second early is closer to the time than the next
/// call. If no address has accepted a connection yet, libcurl goes on to the next one by itself.
bool CurlHandle::finds_mute_peer() {
  if (!give_up_ || std::chrono::steady_clock::now() + std::chrono::milliseconds(500) < mute_at_) return false;
  for (const int socket : sockets_) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* const general = reinterpret_cast<sockaddr*>(&address);
    if (::getpeername(socket, general, &size) != 0) continue;
    result_.peer = in_digits(general, size);
    result_.mute = std::exchange(give_up_, {})(result_.peer);
    return result_.mute;
  }
  return false;
}

std::string CurlHandle::end_of_tunnel() { return tunnel_ ? tunnel_->end(cancel_) : std::string(); }

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
  set(handle(), CURLOPT_LOGIN_OPTIONS, "AUTH=" + util::upper(name_of(method.auth)));
  set(handle(), CURLOPT_SASL_IR, method.at_once ? 1L : 0L);
  if (!login.secret.empty()) set(handle(), CURLOPT_PASSWORD, login.secret.reveal());
}

/// CURLOPT_TIMEOUT is never set: with CONNECT_ONLY, some releases treat it as expired at once.
ConnectResult CurlHandle::connect(std::chrono::milliseconds limit) {
  if (!plain_ && !tunnel_argv_.empty()) tunnel_ = std::make_unique<Tunnel>(tunnel_argv_);
  if (is_bare()) {
    dialogue_ = nullptr;
    return {.connected = true};
  }
  const long limit_ms = std::max(1L, static_cast<long>(limit.count()));
  set(handle(), CURLOPT_CONNECTTIMEOUT_MS, limit_ms);
  set(handle(), CURLOPT_SERVER_RESPONSE_TIMEOUT, (limit_ms + 999) / 1000);
  ConnectResult& result = result_;
  const HostNameLocale locale(authority_ + host_);
  result.code = curl_easy_perform(handle());
  result.words = words(result.code);
  curl_off_t connect_time = 0;
  curl_easy_getinfo(handle(), CURLINFO_CONNECT_TIME_T, &connect_time);
  result.connected = connect_time > 0 || !result.peer.empty();
  const char* peer = nullptr;
  curl_easy_getinfo(handle(), CURLINFO_PRIMARY_IP, &peer);
  if (peer != nullptr && *peer != '\0') result.peer = peer;
  curl_easy_getinfo(handle(), CURLINFO_OS_ERRNO, &result.system_error);
  curl_easy_getinfo(handle(), CURLINFO_HTTP_CONNECTCODE, &result.proxy_status);
  curl_easy_getinfo(handle(), CURLINFO_PROXY_ERROR, &result.proxy_error);
  result.proxy_variable = proxy_variable_;
  const bool cut = result.code == CURLE_SSL_CONNECT_ERROR || result.code == CURLE_RECV_ERROR ||
                   result.code == CURLE_GOT_NOTHING;
  if (cut) result.tunnel_end = end_of_tunnel();
  if (!has_hung_up()) set(handle(), CURLOPT_VERBOSE, 0L);  // otherwise 7.88 makes a remark at every read
  set(handle(), CURLOPT_NOPROGRESS, 1L);
  set(handle(), CURLOPT_HEADERFUNCTION, static_cast<curl_write_callback>(nullptr));
  set(handle(), CURLOPT_HEADERDATA, static_cast<void*>(nullptr));
  dialogue_ = nullptr;
  return result;
}

bool CurlHandle::has_hung_up() const {
  return std::string_view(problem_->data()).starts_with("getpeername()");
}

/// The buffer gets only libcurl's first words. If the server hung up at once, these are about getpeername()
/// and say nothing; the reason, such as a TLS alert, comes as a remark.
std::string CurlHandle::words(int code) const {
  const std::string exact = has_hung_up() ? tls_words_ : problem_->data();
  if (exact.starts_with("response reading failed")) return "closed by the server";  // its errno is wrong
  return exact.empty() ? curl_easy_strerror(static_cast<CURLcode>(code)) : exact;
}

std::string address_of(const Endpoint& endpoint) {
  if (!endpoint.socket.empty()) return util::escape(endpoint.socket);
  return bracketed(endpoint.host) + ":" + std::to_string(endpoint.effective_port());
}

}  // namespace mailhaul::net
