// SPDX-License-Identifier: MIT
#include "channel.h"

#include <sys/socket.h>

#include <cerrno>

namespace mailhaul::demo {
namespace {

constexpr std::size_t longest_line = 16'384;  // an initial response of AUTH may be 12 KiB (RFC 4954)
constexpr std::size_t read_bytes = 65'536;
constexpr std::size_t send_bytes = 262'144;  // large enough to cost few system calls, small enough for L2

}  // namespace

void Channel::start_tls(SSL_CTX& context) {
  flush();
  input_.clear();
  read_at_ = 0;
  std::unique_ptr<SSL, FreeConnection> tls(SSL_new(&context));
  if (!tls || SSL_set_fd(tls.get(), socket_) != 1 || SSL_accept(tls.get()) != 1) throw Gone{};
  tls_ = std::move(tls);
}

bool Channel::fill() {
  input_.erase(0, read_at_);
  read_at_ = 0;
  const std::size_t had = input_.size();
  input_.resize(had + read_bytes);
  std::size_t got = 0;
  if (tls_) {
    if (SSL_read_ex(tls_.get(), input_.data() + had, read_bytes, &got) != 1) got = 0;
  } else {
    ssize_t n = 0;
    do {
      n = recv(socket_, input_.data() + had, read_bytes, 0);
    } while (n < 0 && errno == EINTR);
    if (n > 0) got = static_cast<std::size_t>(n);
  }
  input_.resize(had + got);
  return got > 0;
}

std::optional<std::string> Channel::read_line() {
  std::size_t looked = read_at_;
  for (;;) {
    const std::size_t end = input_.find('\n', looked);
    if (end != input_.npos) {
      std::string line = input_.substr(read_at_, end - read_at_);
      if (line.ends_with('\r')) line.pop_back();
      read_at_ = end + 1;
      return line;
    }
    if (input_.size() - read_at_ > longest_line) return std::nullopt;
    flush();
    looked = input_.size() - read_at_;
    if (!fill()) return std::nullopt;
  }
}

void Channel::put(std::string_view bytes) {
  const bool large = bytes.size() > send_bytes / 4;  // too large to copy
  if (large || output_.size() + bytes.size() > send_bytes) flush();
  if (large) {
    send_now(bytes);
  } else {
    output_ += bytes;
  }
}

void Channel::flush() {
  send_now(output_);
  output_.clear();
}

void Channel::send_now(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t sent = 0;
    if (tls_) {
      if (SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &sent) != 1) throw Gone{};
    } else {
      const ssize_t n = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) throw Gone{};
      sent = static_cast<std::size_t>(n);
    }
    bytes.remove_prefix(sent);
  }
}

void Channel::close() {
  flush();
  if (tls_) SSL_shutdown(tls_.get());
  shutdown(socket_, SHUT_RDWR);
}

}  // namespace mailhaul::demo
