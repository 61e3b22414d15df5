// SPDX-License-Identifier: MIT
// A POP3 server for quickstart, tests and benchmarks: correct, in memory, on loopback only, one blocking
// thread per connection, and faster than any client.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <list>
#include <stdexcept>
#include <thread>

#include "options.h"
#include "session.h"

namespace mailhaul::demo {
namespace {

void demand(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("cannot ") + what);
}

/// One client and its thread. The socket stays open until the thread has been joined, so that cut() can never
/// hit the descriptor of another client.
class Client {
 public:
  Client(int socket, Service& service) : socket_(socket), thread_([this, &service] { serve(service); }) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() {
    cut();
    thread_.join();
    close(socket_);
  }
  void cut() const { shutdown(socket_, SHUT_RDWR); }
  bool done() const noexcept { return done_; }

 private:
  void serve(Service& service) noexcept {
    try {
      Channel channel(socket_);
      Session(channel, service).run();
    } catch (const Gone&) {
    } catch (const std::exception& error) {
      std::fprintf(stderr, "mailhaul-demo-server: %s\n", error.what());
    }
    cut();
    done_ = true;
  }

  int socket_;
  std::atomic<bool> done_ = false;
  std::thread thread_;  // the last member: it uses the others
};

struct Listening {
  int socket = -1;
  std::uint16_t port = 0;
};

Listening listen_on(const std::string& at, std::uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  demand(listener >= 0, "make a socket");
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  demand(inet_pton(AF_INET, at.c_str(), &address.sin_addr) == 1, "understand the address");
  socklen_t bytes = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  demand(bind(listener, any, bytes) == 0, "bind to that port");
  demand(listen(listener, 128) == 0 && getsockname(listener, any, &bytes) == 0, "listen");
  return {listener, ntohs(address.sin_port)};
}

/// Blocks the server's signals for all threads, and returns a descriptor that reports them.
int catch_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const int descriptor = signalfd(-1, &signals, SFD_CLOEXEC);
  demand(descriptor >= 0, "wait for signals");
  return descriptor;
}

/// Restores every maildrop to its initial content, as soon as no session uses it.
void restore(Service& service) {
  std::size_t left = 0;
  for (auto& [name, maildrop] : service.users) {
    demand(maildrop.lock(std::chrono::minutes(1)), "restore a maildrop in use");
    left += maildrop.messages.size();
    maildrop.restore();
    maildrop.unlock();
  }
  std::printf("%zu were left, all are back\n", left);
  std::fflush(stdout);
}

/// Serves until a signal asks to stop; then ends every session without QUIT.
void serve(int listener, int signals, Service& service) {
  std::list<Client> clients;
  std::array<pollfd, 2> waiting{{{listener, POLLIN, 0}, {signals, POLLIN, 0}}};
  while (true) {
    if (poll(waiting.data(), waiting.size(), -1) < 0) continue;
    if (waiting[1].revents != 0) {
      signalfd_siginfo signal{};
      if (read(signals, &signal, sizeof signal) != sizeof signal || signal.ssi_signo != SIGUSR1) {
        for (const Client& client : clients) client.cut();  // some may wait for the end of others
        return;
      }
      restore(service);
      continue;
    }
    const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    clients.remove_if([](const Client& client) { return client.done(); });
    if (socket < 0) continue;
    const int on = 1;
    const timeval idle_limit{600, 0};  // RFC 1939, section 3: not less than ten minutes
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &idle_limit, sizeof idle_limit);
    clients.emplace_back(socket, service);
  }
}

void dump(const std::vector<Source>& sources, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const Source& source : sources) {
    std::ofstream out(folder / source.uid, std::ios::binary);
    out << source.bytes;
    out.close();
    demand(out.good(), "write the dump");
  }
}

void write_digests(std::ostream& out, const std::string& user, const std::vector<Source>& sources) {
  for (const Source& source : sources) out << user << ' ' << source.uid << ' ' << digest_of(source) << '\n';
}

void fill(Service& service, const Options& options) {
  std::ofstream digests;
  if (!options.digests.empty()) digests.open(options.digests);
  for (const User& user : options.users) {
    const std::vector<Source> sources = open_mailbox(user.mailbox);
    const std::filesystem::path folder = options.dump;
    if (!options.dump.empty()) dump(sources, options.users.size() > 1 ? folder / user.name : folder);
    if (digests.is_open()) write_digests(digests, user.name, sources);
    service.users.try_emplace(user.name, sources);
  }
  digests.close();
  demand(options.digests.empty() || digests.good(), "write the digests");
  service.password = options.password;
  service.lock_timeout = options.lock_timeout;
  service.pipelining = options.pipelining;
  service.uidl = options.uidl;
  service.top = options.top;
  service.tls = options.tls;
  if (options.tls == TlsMode::none) return;
  service.context = options.cert.empty() ? make_certificate(options.address, options.ca_out)
                                         : load_certificate(options.cert, options.key);
}

void run(const Options& options) {
  if (options.exit_with_parent) prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int signals = catch_signals();
  Service service;
  fill(service, options);
  const Listening here = listen_on(options.address, options.port);
  if (!options.port_file.empty()) write_file_at_once(options.port_file, std::to_string(here.port) + "\n");
  std::printf("listening on %s:%d\n", options.address.c_str(), here.port);
  std::fflush(stdout);
  serve(here.socket, signals, service);
}

}  // namespace
}  // namespace mailhaul::demo

int main(int argc, char** argv) {
  try {
    const auto options = mailhaul::demo::parse_options({argv + 1, static_cast<std::size_t>(argc - 1)});
    if (options.help) {
      std::fputs(mailhaul::demo::usage, stdout);
    } else {
      mailhaul::demo::run(options);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mailhaul-demo-server: %s\n", error.what());
    return 1;
  }
}
