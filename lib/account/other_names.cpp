// SPDX-License-Identifier: MIT
// What fetchmail, getmail, mpop, fdm, curl and mail programs call our keys.
#include <algorithm>
#include <array>

#include "account/config.h"

namespace mailhaul::account {
namespace {

constexpr std::array<std::array<std::string_view, 2>, 32> other_names{
    {{"username", "user"},
     {"login", "user"},
     {"host", "server"},
     {"hostname", "server"},
     {"poll", "server"},
     {"port", "server"},
     {"protocol", "server"},
     {"ssl", "tls"},
     {"starttls", "tls"},
     {"tls_starttls", "tls"},
     {"ca_certs", "tls_ca_file"},
     {"sslcertfile", "tls_ca_file"},
     {"tls_trust_file", "tls_ca_file"},
     {"sslproto", "tls_min_version"},
     {"tls_fingerprint", "tls_pin"},
     {"sslfingerprint", "tls_pin"},
     {"pass", "password"},
     {"passwd", "password"},
     {"passwordeval", "password_command"},
     {"keep", "leave_on_server"},
     {"delete", "leave_on_server"},
     {"nokeep", "leave_on_server"},
     {"limit", "max_size"},
     {"killsize", "max_size"},
     {"max_message_size", "max_size"},
     {"fetchlimit", "max_messages"},
     {"max_messages_per_session", "max_messages"},
     {"fetchall", "fetch_all"},
     {"mailbox", "deliver"},
     {"folder", "deliver"},
     {"mda", "deliver"},
     {"delivery", "deliver"}}};

}  // namespace

std::string_view key_elsewhere_called(std::string_view name) {
  const auto found = std::ranges::find(other_names, name, [](const auto& pair) { return pair[0]; });
  return found == other_names.end() ? std::string_view() : (*found)[1];
}

}  // namespace mailhaul::account
