// SPDX-License-Identifier: MIT
#pragma once
#include <sys/socket.h>

#include <clocale>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"

namespace mailhaul::net {

/// The addresses of a host, in the order in which they are to be tried.
struct Lookup {
  int result = 0;  ///< of getaddrinfo(3); 0 if there are addresses
  std::vector<std::string> addresses;
};
/// May take as long as the system's resolver does.
Lookup look_up(const std::string& host, Family family);

/// The address as text: "192.0.2.1"; empty if it cannot be written so.
std::string in_digits(const sockaddr* address, socklen_t size);

/// While this object exists, its thread reads host names as UTF-8, whatever the user's locale is. libcurl and
/// the system pass names that are not ASCII to libidn2, which asks the locale. Does nothing for ASCII names.
class HostNameLocale {
 public:
  explicit HostNameLocale(std::string_view host);
  HostNameLocale(const HostNameLocale&) = delete;
  HostNameLocale& operator=(const HostNameLocale&) = delete;
  ~HostNameLocale();

 private:
  locale_t utf8_ = nullptr, before_ = nullptr;
};

}  // namespace mailhaul::net
