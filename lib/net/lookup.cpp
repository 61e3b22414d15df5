// SPDX-License-Identifier: MIT
#include "net/lookup.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace mailhaul::net {

namespace {

int family_option(Family family) {
  switch (family) {
    case Family::any:
      return AF_UNSPEC;
    case Family::ipv4:
      return AF_INET;
    case Family::ipv6:
      return AF_INET6;
  }
  return AF_UNSPEC;
}

}  // namespace

std::string in_digits(const sockaddr* address, socklen_t size) {
  std::array<char, NI_MAXHOST> text{};
  const int failed = getnameinfo(address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
  return failed != 0 ? std::string() : std::string(text.data());
}

Lookup look_up(const std::string& host, Family family) {
  const HostNameLocale locale(host);
  addrinfo wanted{};
  wanted.ai_flags = AI_IDN;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_family = family_option(family);
  addrinfo* found = nullptr;
  Lookup lookup{.result = getaddrinfo(host.c_str(), nullptr, &wanted, &found)};
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    std::string address = in_digits(entry->ai_addr, entry->ai_addrlen);
    if (!address.empty() && std::ranges::find(lookup.addresses, address) == lookup.addresses.end())
      lookup.addresses.push_back(std::move(address));
  }
  if (found != nullptr) freeaddrinfo(found);
  return lookup;
}

HostNameLocale::HostNameLocale(std::string_view host) {
  const bool ascii = std::ranges::all_of(host, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) return;
  utf8_ = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (utf8_ != nullptr) before_ = uselocale(utf8_);
}

HostNameLocale::~HostNameLocale() {
  if (utf8_ == nullptr) return;
  uselocale(before_);
  freelocale(utf8_);
}

}  // namespace mailhaul::net
