// SPDX-License-Identifier: MIT
#include "net/tunnel.h"

#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "util/error.h"

namespace mailhaul::net {

namespace {

using util::Error;
using util::Fd;
using util::Kind;

constexpr std::chrono::seconds longest_end{2};

/// The address in the general form that the functions of sockets(7) take.
sockaddr* general(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

void require(int result) {
  if (result < 0) util::throw_errno(Kind::os, "make", "a connection on this machine");
}

sockaddr_in address_of_end(const Fd& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  require(::getsockname(socket.get(), general(address), &size));
  return address;
}

/// Two TCP sockets that are connected to each other. Another program may connect to the port meanwhile, but
/// not from our address.
std::pair<Fd, Fd> tcp_pair() {
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Fd ours(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  require(std::min(listener.get(), ours.get()));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(::bind(listener.get(), general(address), sizeof address));
  require(::listen(listener.get(), 8));
  address = address_of_end(listener);
  // libcurl calls connect(2) again. That succeeds once more for a socket whose first call did not wait.
  const int connected = ::connect(ours.get(), general(address), sizeof address);
  if (connected < 0 && errno != EINPROGRESS) require(connected);
  const sockaddr_in own = address_of_end(ours);
  for (;;) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    Fd theirs(::accept4(listener.get(), general(peer), &size, SOCK_CLOEXEC));
    require(theirs.get());
    if (peer.sin_port == own.sin_port && peer.sin_addr.s_addr == own.sin_addr.s_addr)
      return {std::move(ours), std::move(theirs)};
  }
}

}  // namespace

Tunnel::Tunnel(std::span<const std::string> argv) : said_(::memfd_create("error", MFD_CLOEXEC)) {
  if (!said_) util::throw_errno(Kind::os, "make", "an output buffer");
  auto [ours, theirs] = tcp_pair();
  socket_ = std::move(ours);
  try {
    program_ = std::make_unique<util::Child>(util::Launch{.argv = argv,
                                                          .environment = {},
                                                          .input = theirs.get(),
                                                          .output = theirs.get(),
                                                          .error = said_.get()});
  } catch (const Error& error) {
    if (error.kind() == Kind::os) throw;
    throw Error(Kind::config, std::string("tunnel: ") + error.what(), error.hint());
  }
}

std::string Tunnel::end(const util::Cancel& cancel) {
  if (!program_) return {};
  ::shutdown(socket_.get(), SHUT_RDWR);
  const util::Exit exit = program_->wait(longest_end, cancel);
  program_.reset();
  if (exit.timed_out) return {};
  const std::string words = util::last_words(said_);
  return util::describe(exit, longest_end) + (words.empty() ? "" : ": " + words);
}

}  // namespace mailhaul::net
