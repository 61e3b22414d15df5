// SPDX-License-Identifier: MIT
#include "credentials/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string_view>

#include "util/ascii.h"
#include "util/error.h"

namespace mailhaul::credentials {
namespace {

using Clock = std::chrono::steady_clock;
using util::Error;
using util::Kind;

/// The parts of "http://127.0.0.1:8080/back"; nullopt if the URL is not http on this machine.
struct LocalUrl {
  std::string host, path;
  std::uint16_t port = 0;
};
std::optional<LocalUrl> local_url(std::string_view url) {
  for (const std::string_view host : {"127.0.0.1", "localhost"}) {
    const auto start = "http://" + std::string(host);
    if (!url.starts_with(start)) continue;
    url.remove_prefix(start.size());
    const auto path = url.find('/');
    LocalUrl local{.host = std::string(host),
                   .path = path == std::string_view::npos ? std::string() : std::string(url.substr(path))};
    const auto port = url.substr(0, path);
    if (port.empty()) return local;
    const auto number = util::parse_number(port.substr(1));
    if (port.front() != ':' || !number || *number == 0 || *number > 65535) return std::nullopt;
    local.port = static_cast<std::uint16_t>(*number);
    return local;
  }
  return std::nullopt;
}

util::Fd listen_at(std::uint16_t& port) {
  util::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) util::throw_errno(Kind::os, "create a socket for", "127.0.0.1");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (::bind(listener.get(), any, size) != 0 || ::listen(listener.get(), 8) != 0 ||
      ::getsockname(listener.get(), any, &size) != 0)
    util::throw_errno(Kind::temporary, "listen at", "127.0.0.1:" + std::to_string(port));
  port = ntohs(address.sin_port);
  return listener;
}

/// Which of two descriptors can be read; none of them if the time is over. A negative descriptor is ignored.
struct Readable {
  bool first = false, second = false;
};
Readable wait_readable(int first, int second, Clock::time_point end, const util::Cancel& cancel) {
  std::array<struct pollfd, 3> waits{{{first, POLLIN, 0}, {second, POLLIN, 0}, {cancel.fd(), POLLIN, 0}}};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  ::poll(waits.data(), waits.size(), static_cast<int>(std::max<std::int64_t>(left, 0)));
  if (cancel.requested()) throw Error(Kind::cancelled, "stopped while waiting for the login in the browser");
  return {waits[0].revents != 0, waits[1].revents != 0};
}

/// The target of a browser's request: "/?code=..."; empty if no GET arrives within five seconds.
std::string read_target(int connection, const util::Cancel& cancel) {
  constexpr std::size_t largest_request = 64U << 10U;
  const auto end = Clock::now() + std::chrono::seconds(5);
  std::string request;
  std::array<char, 4096> piece{};
  while (request.find("\r\n\r\n") == std::string::npos && request.size() < largest_request) {
    if (!wait_readable(connection, -1, end, cancel).first) return {};
    const auto n = ::recv(connection, piece.data(), piece.size(), 0);
    if (n <= 0) return {};
    request.append(piece.data(), static_cast<std::size_t>(n));
  }
  if (!request.starts_with("GET ")) return {};
  return request.substr(4, request.find(' ', 4) - 4);
}

void answer(int connection, std::string_view status, std::string_view text) {
  const std::string page =
      "<!doctype html><meta charset=utf-8><title>mailhaul</title><p>" + std::string(text) + "</p>\n";
  const std::string all = "HTTP/1.1 " + std::string(status) +
                          "\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
                          "Referrer-Policy: no-referrer\r\nConnection: close\r\nContent-Length: " +
                          std::to_string(page.size()) + "\r\n\r\n" + page;
  // An error is ignored: if the browser has gone away, it needs no answer.
  (void)::send(connection, all.data(), all.size(), MSG_NOSIGNAL);
}

std::optional<Redirected> from_browser(int listener, const Loopback::Wait& wait) {
  const util::Fd connection(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection) return std::nullopt;
  auto redirected = read_redirect(read_target(connection.get(), wait.cancel));
  if (!redirected) {
    answer(connection.get(), "404 Not Found", "There is nothing here.");
  } else if (redirected->state != wait.state) {
    answer(connection.get(), "400 Bad Request", "This is not the answer to the login that mailhaul began.");
    redirected.reset();
  } else if (!redirected->error.empty()) {
    answer(connection.get(), "200 OK", "The login was refused. mailhaul says why.");
  } else {
    answer(connection.get(), "200 OK", "mailhaul has what it needs. You can close this page.");
  }
  return redirected;
}

/// Whether the window of the terminal was closed while this program goes on, as with nohup(1).
bool has_hung_up(int terminal) {
  struct pollfd now {
    terminal, POLLIN, 0
  };
  return ::poll(&now, 1, 0) > 0 && (now.revents & (POLLHUP | POLLERR)) != 0;
}

std::optional<Redirected> from_terminal(const Loopback::Wait& wait) {
  std::string line(16U << 10U, '\0');
  const auto n = ::read(wait.terminal, line.data(), line.size());
  if (n <= 0) return std::nullopt;
  line.resize(static_cast<std::size_t>(n));
  if (util::without_line_ends(line).empty()) return std::nullopt;
  auto redirected = read_redirect(util::without_leading_blanks(line));
  if (redirected && redirected->state == wait.state) return redirected;
  wait.tell(redirected
                ? "this is not the answer to the login that was begun here; open the address above again"
                : "this address has no code in it; paste the whole address of the page that failed to load");
  return std::nullopt;
}

}  // namespace

Loopback::Loopback(const std::string& url) : url_(url) {
  auto local = local_url(url);
  if (!local) return;
  listener_ = listen_at(local->port);
  url_ = "http://" + local->host + ":" + std::to_string(local->port) + local->path;
}

Redirected Loopback::wait(const Wait& wait) const {
  const auto end = Clock::now() + wait.limit;
  int terminal = wait.terminal;
  while (Clock::now() < end) {
    const auto readable = wait_readable(listener_.get(), terminal, end, wait.cancel);
    if (readable.second && has_hung_up(terminal)) terminal = -1;  // otherwise poll(2) would never wait again
    auto redirected = readable.first ? from_browser(listener_.get(), wait) : std::nullopt;
    if (!redirected && readable.second && terminal >= 0) redirected = from_terminal(wait);
    if (redirected) return std::move(*redirected);
  }
  throw Error(Kind::login, "nobody agreed to the login in time", "to try again: mailhaul login");
}

}  // namespace mailhaul::credentials
