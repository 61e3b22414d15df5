// SPDX-License-Identifier: MIT
#include "account/endpoint.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <array>

#include "util/ascii.h"
#include "util/base64.h"

namespace mailhaul::account {
namespace {

using net::Tls;

constexpr std::string_view example_server = "pop3s://pop.example.org";
constexpr std::string_view socket_scheme = "unix:";

/// HOST[:PORT], the host without brackets.
struct Authority {
  std::string_view host, port;
  bool has_port = false;
};

Authority split_authority(const Setting& setting, std::string_view text) {
  Authority parts;
  const bool bracketed = text.starts_with('[');
  const auto close = text.find(']');
  if (bracketed && close == std::string_view::npos)
    setting.refuse("the ']' after the IPv6 address is missing");
  parts.host = bracketed ? text.substr(1, close - 1) : text.substr(0, text.find(':'));
  auto rest = text.substr(bracketed ? close + 1 : parts.host.size());
  if (!bracketed && std::ranges::count(text, ':') > 1)
    setting.refuse("an IPv6 address must be in brackets, for example pop3s://[2001:db8::1]:995");
  if (!rest.empty() && !rest.starts_with(':')) setting.refuse("only a port may follow the ']'");
  parts.has_port = !rest.empty();
  if (parts.has_port) parts.port = rest.substr(1);
  if (parts.host.empty())
    setting.refuse("the host is missing; write for example " + std::string(example_server));
  return parts;
}

std::uint16_t port_of(const Setting& setting, const Authority& parts) {
  if (!parts.has_port) return 0;
  const auto port = util::parse_number(parts.port);
  if (!port || *port < 1 || *port > 65535) setting.refuse("the port must be a number from 1 to 65535");
  return static_cast<std::uint16_t>(*port);
}

/// An IPv6 address in its canonical form (RFC 5952), with its zone ("fe80::1%eth0").
std::string ipv6_of(const Setting& setting, std::string_view text) {
  const auto zone = text.find('%');
  const std::string address(text.substr(0, zone));
  in6_addr bytes{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  if (inet_pton(AF_INET6, address.c_str(), &bytes) != 1)
    setting.refuse("the brackets do not contain an IPv6 address");
  inet_ntop(AF_INET6, &bytes, canonical.data(), canonical.size());
  return canonical.data() + std::string(zone == std::string_view::npos ? "" : text.substr(zone));
}

/// Letters, digits, ".", "-", "_", and all bytes beyond ASCII: libcurl translates internationalized names.
bool is_host_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

std::string host_of(const Setting& setting, std::string_view authority, std::string_view host) {
  if (authority.starts_with('[')) return ipv6_of(setting, host);
  if (host.starts_with('-') || !std::ranges::all_of(host, is_host_byte))
    setting.refuse("the host name is not valid");
  return std::string(host);
}

Tls scheme_of(const Setting& setting, std::string_view text, std::size_t colon) {
  if (colon == std::string_view::npos)
    setting.refuse("has no scheme; write pop3s://HOST (TLS from the first byte) or pop3://HOST (STLS)");
  const auto scheme = util::lower(text.substr(0, colon));
  if (scheme == "pop3s") return Tls::implicit;
  if (scheme == "imap" || scheme == "imaps")
    setting.refuse("IMAP is not supported; write pop3s:// or pop3:// if the server speaks POP3 as well");
  if (scheme != "pop3") setting.refuse("must begin with pop3s://, pop3:// or unix:");
  return Tls::starttls;
}

/// A local socket needs neither a host nor TLS.
void set_socket(net::Endpoint& endpoint, const Setting& setting, std::string_view path) {
  if (path.empty()) setting.refuse("the path of the socket is missing");
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  endpoint.tls = Tls::none;
  endpoint.host = "localhost";
  endpoint.port = 0;
  endpoint.socket = absolute(setting, path).string();
  if (endpoint.socket.size() > longest)
    setting.refuse("the path of a socket has " + std::to_string(longest) + " bytes at most");
}

constexpr std::array<std::string_view, 6> proxy_schemes{"socks5h", "socks5", "socks4a",
                                                        "socks4",  "http",   "https"};

/// The "user:password" part of a URL, up to the last @, empty when there is none. A password that is not
/// encoded may contain a character that would end this part in a valid URL.
std::string_view userinfo_of(std::string_view url) {
  const auto begin = url.find("://");
  if (begin == std::string_view::npos) return {};
  const auto rest = url.substr(begin + 3);
  const auto at = rest.rfind('@');
  return at == std::string_view::npos ? std::string_view() : rest.substr(0, at);
}

std::string pin_of(const Setting& setting) {
  constexpr std::string_view prefix = "sha256//";
  const auto pin = text_of(setting);
  const auto hash = pin.starts_with(prefix) ? util::base64_decode(std::string_view(pin).substr(prefix.size()))
                                            : std::optional<std::string>();
  if (!hash || hash->size() != 32)
    setting.refuse(
        "must be sha256// and then a SHA-256 hash in base64 (44 characters)",
        "openssl x509 -in CERT -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 "
        "-binary | base64");
  return pin;
}

}  // namespace

void set_server(net::Endpoint& endpoint, const Setting& setting) {
  const auto url = text_of(setting);
  const std::string_view text = url;
  if (text.starts_with(socket_scheme))
    return set_socket(endpoint, setting, text.substr(socket_scheme.size()));
  endpoint.socket.clear();
  const auto colon = text.find("://");
  const auto tls = scheme_of(setting, text, colon);
  auto authority = text.substr(colon + 3);
  if (authority.find('@') != std::string_view::npos)
    setting.refuse("must not contain a user name or password",
                   "put them into " + setting.key("user") + " and " + setting.key("password_command"));
  if (authority.ends_with('/')) authority.remove_suffix(1);
  if (authority.find_first_of("/?#\\") != std::string_view::npos)
    setting.refuse("nothing may follow the host and port; write for example " + std::string(example_server) +
                   ":995");
  const auto parts = split_authority(setting, authority);
  endpoint.tls = tls;
  endpoint.host = host_of(setting, authority, parts.host);
  endpoint.port = port_of(setting, parts);
}

std::string server_url(const net::Endpoint& endpoint) {
  if (!endpoint.socket.empty()) return std::string(socket_scheme) + endpoint.socket;
  std::string url = endpoint.tls == Tls::implicit ? "pop3s://" : "pop3://";
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  url += is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host;
  return url + ":" + std::to_string(endpoint.effective_port());
}

std::string proxy_of(const Setting& setting) {
  const auto url = text_of(setting);
  if (url == "none") return {};
  if (url == "env") return url;
  const auto colon = url.find("://");
  const auto scheme = util::lower(url.substr(0, colon));
  if (colon == std::string::npos || std::ranges::find(proxy_schemes, scheme) == proxy_schemes.end())
    setting.refuse(
        "must begin with socks5h://, socks5://, socks4a://, socks4://, http:// or https://, or be env or "
        "none");
  const auto userinfo = userinfo_of(url);
  const auto host = url.substr(colon + 3 + (userinfo.empty() ? 0 : userinfo.size() + 1));
  if (host.empty() || host.front() == '/' || host.front() == ':')
    setting.refuse("the proxy's host is missing");
  if (setting.on_command_line() && has_password(url))
    setting.refuse("a password on the command line can be read by other users",
                   "put the proxy into the configuration file");
  if (userinfo.find_first_of("/?#") != std::string_view::npos)
    setting.refuse("contains /, ? or # before the @",
                   "in the user name and the password write %2F for /, %3F for ? and %23 for #");
  return url;
}

bool has_password(std::string_view proxy) { return userinfo_of(proxy).find(':') != std::string_view::npos; }

std::string without_password(std::string_view proxy) {
  if (!has_password(proxy)) return std::string(proxy);
  const auto userinfo = userinfo_of(proxy);
  const auto begin = static_cast<std::size_t>(userinfo.data() - proxy.data());
  const auto colon = begin + userinfo.find(':');
  return std::string(proxy.substr(0, colon + 1)) + "***" + std::string(proxy.substr(begin + userinfo.size()));
}

std::vector<std::string> pins_of(const Setting& setting) {
  if (setting.node->form != Node::Form::list) return {pin_of(setting)};
  if (setting.node->items.empty()) setting.refuse("contains no pin");
  std::vector<std::string> pins;
  for (const auto& item : setting.node->items)
    pins.push_back(pin_of(setting.part(item, "[" + std::to_string(pins.size()) + "]")));
  return pins;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost") || host == "::1") return true;
  in_addr address{};
  return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 && host.starts_with("127.");
}

}  // namespace mailhaul::account
