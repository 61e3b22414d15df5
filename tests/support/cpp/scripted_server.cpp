// SPDX-License-Identifier: MIT
#include "support/cpp/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <csignal>
#include <stdexcept>
#include <thread>
#include <utility>

namespace mailhaul::test {

namespace {

struct Free {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL* tls) const noexcept { SSL_free(tls); }
};
using Context = std::unique_ptr<SSL_CTX, Free>;

Context make_context(const ScriptedServer::Options& options) {
  if (options.certificate.pem.empty()) return nullptr;
  Context context(SSL_CTX_new(TLS_server_method()));
  show_certificate(context.get(), options.certificate);
  if (!options.client_ca.empty()) require_client_certificate(context.get(), options.client_ca);
  return context;
}

}  // namespace

struct ScriptedServer::Shared {
  Script script;
  Options options;
  Context context;
  int listener = -1;
  std::uint16_t port = 0;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<int> sockets;  // of running connections
  std::vector<std::string> received, mismatches;
  int made = 0;
  bool ending = false;
  std::vector<std::jthread> threads;
  std::jthread acceptor;

  void listen();
  void accept_all();
  void serve(int socket, int number);
  void forget(int socket);
};

/// Sends and receives the bytes of one connection, over TLS once it has begun.
class Client::Channel {
 public:
  Channel(ScriptedServer::Shared& shared, int socket) : shared_(shared), socket_(socket) {}
  ~Channel() {
    if (tls_) SSL_shutdown(tls_.get());
    shared_.forget(socket_);
    ::close(socket_);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void start_tls() {
    tls_.reset(SSL_new(shared_.context.get()));
    SSL_set_fd(tls_.get(), socket_);
    if (SSL_accept(tls_.get()) == 1) return;
    tls_.reset();
    ERR_clear_error();
    drop_rest();
    throw Gone{};
  }

  /// Reads and discards what the client still sends. Closing a connection with unread bytes resets it, and
  /// what was sent last would then not arrive.
  void drop_rest() const {
    ::shutdown(socket_, SHUT_WR);
    std::array<char, 512> bytes{};
    while (::recv(socket_, bytes.data(), bytes.size(), 0) > 0) continue;
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent =
          tls_ ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(std::min(bytes.size(), most)))
               : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw Gone{};
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// Returns whether something arrived.
  bool receive() {
    std::array<char, 16384> buffer{};
    const auto got = tls_ ? SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()))
                          : ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    input_.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
  }

  std::string line() {
    for (;;) {
      if (const auto end = input_.find('\n'); end != std::string::npos) {
        std::string result = input_.substr(0, end);
        input_.erase(0, end + 1);
        if (result.ends_with('\r')) result.pop_back();
        const std::lock_guard lock(shared_.mutex);
        shared_.received.push_back(result);
        return result;
      }
      if (!receive()) throw Gone{};
    }
  }

  void swallow(std::size_t bytes) {
    while (input_.size() < bytes) {
      bytes -= input_.size();
      input_.clear();
      if (!receive()) throw Gone{};
    }
    input_.erase(0, bytes);
  }

  void dawdle(std::chrono::milliseconds time) const {
    pollfd watched{socket_, POLLRDHUP, 0};
    if (::poll(&watched, 1, static_cast<int>(time.count())) > 0) throw Gone{};
  }

  void mismatch(const std::string& what) {
    const std::lock_guard lock(shared_.mutex);
    shared_.mismatches.push_back(what);
  }

  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    tls_.reset();
  }

 private:
  static constexpr std::size_t most = 1U << 30U;
  ScriptedServer::Shared& shared_;
  int socket_;
  std::unique_ptr<SSL, Free> tls_;
  std::string input_;
};

void ScriptedServer::Shared::listen() {
  listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (listener < 0 || ::bind(listener, any, size) != 0 || ::listen(listener, 16) != 0 ||
      ::getsockname(listener, any, &size) != 0) {
    throw std::runtime_error("the test server cannot listen");
  }
  port = ntohs(address.sin_port);
}

void ScriptedServer::Shared::accept_all() {
  for (;;) {
    const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const std::lock_guard lock(mutex);
    if (ending) {
      ::close(socket);
      return;
    }
    const int at_once = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    sockets.push_back(socket);
    threads.emplace_back([this, socket, number = ++made] { serve(socket, number); });
  }
}

void ScriptedServer::Shared::serve(int socket, int number) {
  Client::Channel channel(*this, socket);
  Client client(channel, number);
  try {
    if (options.tls) channel.start_tls();
    script(client);
  } catch (const Client::Gone&) {  // scripts need not handle this
  }
}

void ScriptedServer::Shared::forget(int socket) {
  const std::lock_guard lock(mutex);
  std::erase(sockets, socket);
  changed.notify_all();
}

void Client::say(std::string_view line) { send(std::string(line) + "\r\n"); }
void Client::send(std::string_view bytes) { channel_.send(bytes); }
std::string Client::hear() { return channel_.line(); }
void Client::swallow(std::size_t bytes) { channel_.swallow(bytes); }
void Client::start_tls() { channel_.start_tls(); }
void Client::dawdle(std::chrono::milliseconds time) { channel_.dawdle(time); }
void Client::reset() { channel_.reset(); }

std::string Client::hear(std::string_view expect) {
  std::string line = hear();
  if (!line.starts_with(expect)) channel_.mismatch("expected " + std::string(expect) + ", heard " + line);
  return line;
}

void Client::wait_until_gone() {
  while (channel_.receive()) {
  }
}

Script transcript(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return [lines](Client& client) {
    for (const std::string& line : lines) {
      if (line.starts_with("S: ")) client.say(line.substr(3));
      if (line.starts_with("C: "))
        client.hear(line.substr(3, line.ends_with('*') ? line.size() - 4 : line.npos));
      if (line == "TLS") client.start_tls();
      if (line == "HANG") client.wait_until_gone();
      if (line == "RESET") return client.reset();
    }
  };
}

std::string greeting_and_capa(const std::vector<std::string>& capabilities) {
  std::string text = "S: +OK ready\nC: CAPA\nS: +OK here they are\n";
  for (const std::string& line : capabilities) text += "S: " + line + "\n";
  return text + "S: .\n";
}

ScriptedServer::ScriptedServer(Script script) : ScriptedServer(std::move(script), Options{}) {}

ScriptedServer::ScriptedServer(Script script, Options options) : shared_(std::make_unique<Shared>()) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to connections that are gone
  shared_->script = std::move(script);
  shared_->context = make_context(options);
  shared_->options = std::move(options);
  shared_->listen();
  shared_->acceptor = std::jthread([shared = shared_.get()] { shared->accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->ending = true;
    for (const int socket : shared_->sockets) ::shutdown(socket, SHUT_RDWR);
  }
  ::shutdown(shared_->listener, SHUT_RDWR);
  shared_->acceptor.join();
  shared_->threads.clear();
  ::close(shared_->listener);
}

std::uint16_t ScriptedServer::port() const noexcept { return shared_->port; }

int ScriptedServer::connections() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->made;
}

std::vector<std::string> ScriptedServer::received() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->received;
}

std::vector<std::string> ScriptedServer::mismatches() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->mismatches;
}

void ScriptedServer::wait_until_quiet() {
  std::unique_lock lock(shared_->mutex);
  shared_->changed.wait(lock, [this] { return shared_->sockets.empty(); });
}

}  // namespace mailhaul::test
