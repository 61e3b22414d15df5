// SPDX-License-Identifier: MIT
// What a domain says about its mail servers: in XML (draft-ietf-mailmaint-autoconfig) and in JSON (PACC,
// draft-ietf-mailmaint-pacc). The texts are not trusted until they have been checked.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"

namespace mailhaul::setup {

/// A POP3 server as somebody describes it. The host is a host name, in lower case.
struct AnnouncedServer {
  std::string host;
  std::uint16_t port = 995;
  net::Tls tls = net::Tls::implicit;
  std::string user;  ///< the user name of the address
  bool takes_password = true, takes_oauth = false;
};

struct Announcement {
  std::optional<AnnouncedServer> server;  ///< the first one that can be used
  std::string why_none;                   ///< if there is none: "it offers no POP3"
  std::string page;                       ///< an https page where POP3 is switched on; may be empty
};

/// The largest text that is read, in bytes.
inline constexpr std::size_t largest_announcement = std::size_t{64} << 10U;

/// Reads a config-v1.1.xml. Fetches nothing that it names, and replaces only the five entities of XML. Throws
/// Error{protocol} "its answer is not XML: ...".
[[nodiscard]] Announcement read_autoconfig(std::string_view xml, std::string_view address);

/// Reads a user-agent-configuration.json. One of the TXT records must have the hash of the text. Throws
/// Error{protocol}.
[[nodiscard]] Announcement read_pacc(std::string_view json, const std::vector<std::string>& records,
                                     std::string_view address);

}  // namespace mailhaul::setup
