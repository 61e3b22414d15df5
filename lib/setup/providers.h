// SPDX-License-Identifier: MIT
// The table of mail providers: where their POP3 servers are, and what must be known to log in there. `init`
// reads it before it asks anybody else, `doctor` and failed logins quote it.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"

namespace mailhaul::setup {

/// What the user name at the server is.
enum class UserName {
  address,     ///< the whole address
  local_part,  ///< what stands before the @
  assigned     ///< a name that the provider has given
};

/// What a user needs to log in at the server.
enum class SignIn {
  password,      ///< the password of the web mail
  app_password,  ///< a password made for programs
  oauth          ///< OAuth 2 alone
};

/// One provider. Lists are separated by blanks, and all names are in lower case.
struct Provider {
  std::string_view name;
  std::string_view domains;      ///< of addresses; empty: customers bring their own
  std::string_view mx = {};      ///< what the names of its MX hosts end with
  std::string_view host;         ///< empty: there is no POP3 server
  bool may_tell_server = false;  ///< without `host`: the provider may have told some users a server
  net::Tls tls = net::Tls::implicit;
  std::uint16_t port = 995;
  UserName user = UserName::address;
  SignIn sign_in = SignIn::password;
  std::string_view oauth = {};          ///< a value of the key `oauth`
  std::string_view get_secret = {};     ///< a sentence: where an app password or a mail password is made
  std::string_view enable = {};         ///< a sentence: what must be switched on first, and where
  std::chrono::days password_valid{0};  ///< how long a password is valid; 0: for ever, or nobody knows
  std::chrono::minutes interval{0};     ///< the shortest time between two logins; 0: none is known
  std::string_view note = {};           ///< a sentence: what else a user should know
  std::string_view source;              ///< the page from which this was taken
  std::string_view checked;             ///< the day of the check, YYYY-MM-DD
};

/// All rows.
std::vector<const Provider*> providers();

/// The provider of an address's domain, of an MX host, or of a server, which may be the host of a row, or any
/// host below a domain or an MX name of the row. nullptr if none is known. Case does not matter.
const Provider* provider_of_domain(std::string_view domain);
const Provider* provider_of_mx(std::string_view host);
const Provider* provider_of_server(std::string_view host);

/// "pop3s://pop.gmail.com". REQUIRES: the provider has a server.
std::string server_url(const Provider& provider);

/// The user name of an address at this provider; empty if the provider has assigned one.
std::string user_name_of(const Provider& provider, std::string_view address);

/// What a user should know before a login by OAuth 2 at the provider with this name in the key `oauth`, in
/// lines; may be empty. If an app password works as well, it is mentioned first.
std::string advice_before_oauth(std::string_view oauth);

/// What a failed login means at the provider to which the endpoint belongs. A net::Advisor.
net::Advice advise(const net::Endpoint& endpoint, const net::Login& login);

}  // namespace mailhaul::setup
