// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "net/connection.h"
#include "net/curl_handle.h"

namespace mailhaul::net {

/// Chooses the address of a host to connect to. At first libcurl chooses, and takes the first address that
/// accepts the connection. If that address then says nothing, the others are tried one by one. With a proxy,
/// a tunnel or a local socket, there is nothing to choose.
class Addresses {
 public:
  explicit Addresses(const Endpoint& endpoint) : endpoint_(endpoint) {}

  /// The address to connect to; empty while libcurl chooses.
  const std::string& chosen() const noexcept { return chosen_; }
  /// Whether there is another address to try. Looks up the host, but only once.
  bool has_another_than(const std::string& address);
  /// How long one attempt may take. `left`: the time for all of them.
  std::chrono::milliseconds limit(std::chrono::milliseconds left);
  /// Keeps the addresses that an attempt has tried.
  void note(const ConnectResult& result);
  /// If the attempt found no address that works, chooses the next one; returns whether it has chosen one.
  bool go_on_after(const ConnectResult& result);

  const std::vector<std::string>& tried() const noexcept { return tried_; }

 private:
  const std::string* another_than(const std::string& address);

  const Endpoint& endpoint_;
  std::string chosen_;
  std::vector<std::string> tried_, all_, given_up_;
  bool looked_up_ = false;
};

}  // namespace mailhaul::net
