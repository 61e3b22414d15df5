// SPDX-License-Identifier: MIT
// A name server on an ephemeral loopback port, over UDP, that knows what a test tells it.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "util/cancel.h"
#include "util/fd.h"

namespace mailhaul::test {

inline std::string two_bytes(unsigned number) {
  return {static_cast<char>(number >> 8U), static_cast<char>(number & 0xffU)};
}

/// A name as labels (RFC 1035 section 3.1); "." is the root.
inline std::string dns_name(const std::string& name) {
  std::string bytes;
  for (std::size_t at = 0; at < name.size() && name != ".";) {
    const auto end = std::min(name.find('.', at), name.size());
    bytes += static_cast<char>(end - at) + name.substr(at, end - at);
    at = end + 1;
  }
  return bytes + '\0';
}

class NameServer {
 public:
  /// The data of each record, by type and name: "33 _pop3s._tcp.example.org". Any other name does not exist.
  /// A single record "drop" means that there is no answer at all.
  using Records = std::map<std::string, std::vector<std::string>>;

  explicit NameServer(Records records)
      : records_(std::move(records)), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    auto* const address = reinterpret_cast<sockaddr*>(&here);
    if (::bind(socket_.get(), address, size) != 0 || ::getsockname(socket_.get(), address, &size) != 0)
      std::abort();
    at_ = "127.0.0.1:" + std::to_string(ntohs(here.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  ~NameServer() {
    stop_.request();
    thread_.join();
  }

  const std::string& at() const { return at_; }

 private:
  void serve() {
    for (;;) {
      std::array<struct pollfd, 2> waits{{{socket_.get(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}}};
      ::poll(waits.data(), waits.size(), -1);
      if (stop_.requested()) return;
      std::array<char, 512> packet{};
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      auto* const address = reinterpret_cast<sockaddr*>(&from);
      const auto length = ::recvfrom(socket_.get(), packet.data(), packet.size(), 0, address, &size);
      if (length < 17) continue;
      const auto reply = answer({packet.data(), static_cast<std::size_t>(length)});
      if (!reply.empty()) ::sendto(socket_.get(), reply.data(), reply.size(), 0, address, size);
    }
  }

  std::string answer(const std::string& query) const {
    std::string name;
    std::size_t at = 12;
    while (query[at] != '\0') {
      const auto length = static_cast<std::size_t>(query[at]);
      name += (name.empty() ? "" : ".") + query.substr(at + 1, length);
      at += length + 1;
    }
    const auto question = query.substr(12, at - 12 + 5);
    const auto type = question.substr(question.size() - 4, 2);
    const auto key = std::to_string(static_cast<unsigned>(type[1])) + " " + name;
    const auto found = records_.find(key);
    const bool exists = found != records_.end();
    if (exists && found->second == std::vector<std::string>{"drop"}) return {};
    const auto count = exists ? static_cast<unsigned>(found->second.size()) : 0U;
    std::string reply = query.substr(0, 2) + (exists ? "\x81\x80" : "\x81\x83") + two_bytes(1) +
                        two_bytes(count) + std::string(4, '\0') + question;
    for (unsigned i = 0; i < count; ++i)
      reply += "\xc0\x0c" + type + two_bytes(1) + std::string(4, '\0') +
               two_bytes(static_cast<unsigned>(found->second[i].size())) + found->second[i];
    return reply;
  }

  Records records_;
  util::Fd socket_;
  std::string at_;
  util::Cancel stop_;
  std::thread thread_;
};

}  // namespace mailhaul::test
