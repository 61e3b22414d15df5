// SPDX-License-Identifier: MIT
#include "setup/autoconfig.h"

#include <algorithm>
#include <pugixml.hpp>

#include "setup/host_names.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::setup {
namespace {

using net::Tls;
using util::Error;
using util::Kind;

std::string_view text_of(const pugi::xml_node& node, const char* name) {
  return util::trimmed(node.child_value(name));
}

/// Replaces placeholders such as "%EMAILLOCALPART%" by parts of the address; empty if the result is no name.
std::string filled_in(std::string_view form, std::string_view address) {
  const auto at = address.rfind('@');
  const std::pair<std::string_view, std::string_view> holes[] = {{"%EMAILADDRESS%", address},
                                                                 {"%EMAILLOCALPART%", address.substr(0, at)},
                                                                 {"%EMAILDOMAIN%", address.substr(at + 1)}};
  std::string name;
  while (!form.empty()) {
    const auto* const hole =
        std::ranges::find_if(holes, [&](const auto& row) { return form.starts_with(row.first); });
    if (hole != std::end(holes)) {
      name += hole->second;
      form.remove_prefix(hole->first.size());
    } else {
      name += form.front();
      form.remove_prefix(1);
    }
  }
  const bool fits =
      name.size() <= 320 && name.find('%') == std::string::npos && !util::has_control_character(name);
  return fits ? name : "";
}

bool read_encryption(std::string_view socket_type, AnnouncedServer& server) {
  if (util::equal_nocase(socket_type, "SSL")) {
    server.tls = Tls::implicit;
  } else if (util::equal_nocase(socket_type, "STARTTLS")) {
    server.tls = Tls::starttls;
  } else {
    return false;
  }
  return true;
}

/// Reads how users log in. If no method is known, a password is assumed; the login shows if that is wrong.
void read_methods(const pugi::xml_node& node, AnnouncedServer& server) {
  bool password = false;
  for (const auto& method : node.children("authentication")) {
    const auto name = util::trimmed(method.child_value());
    if (util::equal_nocase(name, "OAuth2")) server.takes_oauth = true;
    password = password || name.starts_with("password") || util::equal_nocase(name, "plain") ||
               util::equal_nocase(name, "secure");
  }
  server.takes_password = password || !server.takes_oauth;
}

/// One <incomingServer type="pop3">. Throws a sentence about what is wrong with it.
AnnouncedServer read_server(const pugi::xml_node& node, std::string_view address) {
  AnnouncedServer server;
  const auto host = text_of(node, "hostname");
  const auto port = util::parse_number(text_of(node, "port"));
  server.host = util::lower(filled_in(host, address));
  server.user = filled_in(text_of(node, "username"), address);
  if (!is_host_name(server.host))
    throw Error(Kind::protocol, "it names a server that is not a valid host: '" + util::escape(host) + "'");
  if (!read_encryption(text_of(node, "socketType"), server))
    throw Error(Kind::protocol, "it offers POP3 without encryption only");
  if (!port || *port == 0 || *port > 65535) throw Error(Kind::protocol, "it names a server without a port");
  server.port = static_cast<std::uint16_t>(*port);
  if (server.user.empty()) server.user = address;
  read_methods(node, server);
  return server;
}

/// The page of <enable>, where POP3 is switched on.
std::string page_of(const pugi::xml_node& provider) {
  const std::string page(util::trimmed(provider.child("enable").attribute("visiturl").value()));
  const auto host = page.substr(0, page.find('/', 8)).substr(std::min<std::size_t>(8, page.size()));
  const bool is_page = page.starts_with("https://") && page.size() <= 200 && is_host_name(host) &&
                       util::escape(page) == page && page.find(' ') == std::string::npos;
  return is_page ? page : "";
}

}  // namespace

Announcement read_autoconfig(std::string_view xml, std::string_view address) {
  pugi::xml_document document;
  const auto result = document.load_buffer(xml.data(), std::min(xml.size(), largest_announcement),
                                           pugi::parse_minimal | pugi::parse_escapes | pugi::parse_cdata,
                                           pugi::encoding_utf8);
  if (!result || xml.size() > largest_announcement)
    throw Error(Kind::protocol, xml.size() > largest_announcement
                                    ? std::string("its answer is too large")
                                    : std::string("its answer is not XML: ") + result.description());
  const auto provider = document.child("clientConfig").child("emailProvider");
  if (!provider) throw Error(Kind::protocol, "its answer is about something else");
  Announcement announcement{.server = {}, .why_none = "it offers no POP3", .page = page_of(provider)};
  for (const auto& node : provider.children("incomingServer")) {
    if (!util::equal_nocase(util::trimmed(node.attribute("type").value()), "pop3")) continue;
    try {
      announcement.server = read_server(node, address);
      return announcement;
    } catch (const Error& error) {
      announcement.why_none = error.what();
    }
  }
  return announcement;
}

}  // namespace mailhaul::setup
