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
  int result = 0;  ///< getaddrinfo's; 0: there are addresses
  std::vector<std::string> addresses;
};
/// May take as long as the system's resolver does.
Lookup look_up(const std::string& host, Family family);

/// "192.0.2.1"; empty if it is no address of the internet.
std::string in_digits(const sockaddr* address, socklen_t size);

/// While it lives, this thread reads host names as UTF-8 whatever the user's locale is: libidn2, which
/// libcurl and the system call for a name beyond ASCII, asks the locale. Does nothing for other names.
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
