// SPDX-License-Identifier: MIT
#include "setup/providers.h"

#include <algorithm>

#include "account/account.h"
#include "setup/provider_rows.h"
#include "util/ascii.h"
#include "util/units.h"

namespace mailhaul::setup {
namespace {

/// Whether the test is true for one of the words of a list.
template <typename Test>
bool any_word(std::string_view list, Test test) {
  while (!list.empty()) {
    const auto end = std::min(list.find(' '), list.size());
    if (end > 0 && test(list.substr(0, end))) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

bool is_below(std::string_view host, std::string_view domain) {
  return host == domain || (host.size() > domain.size() && host.ends_with(domain) &&
                            host[host.size() - domain.size() - 1] == '.');
}

std::string joined(std::string_view first, std::string_view second) {
  if (first.empty() || second.empty()) return std::string(first.empty() ? second : first);
  return std::string(first) + "; " + std::string(second);
}

/// Says which kind of user name is wanted if another kind was given.
std::string advice_on_name(const Provider& provider, std::string_view user) {
  const bool is_address = user.find('@') != std::string_view::npos;
  const std::string name(provider.name);
  if (provider.user == UserName::address && !is_address)
    return "the user name at " + name + " is the whole address";
  if (provider.user == UserName::local_part && is_address)
    return "the user name at " + name + " is the part of the address before the @";
  if (provider.user == UserName::assigned && is_address)
    return "the user name at " + name + " is not the address, but a name that " + name +
           " has assigned to you";
  return {};
}

std::string advice_on_secret(const Provider& provider, const net::Login& login) {
  const bool by_token = net::is_by_token(login.auth);
  const std::string name(provider.name);
  if (by_token) return {};
  if (provider.sign_in == SignIn::oauth)
    return name + " accepts only OAuth 2, not a password: set \"oauth\" to \"" + std::string(provider.oauth) +
           "\" in place of the password, and run mailhaul login";
  if (provider.sign_in == SignIn::app_password)
    return name + " requires an app password here, not the password of the account: " +
           std::string(provider.get_secret);
  return std::string(provider.get_secret);
}

std::string advice_on_interval(const Provider& provider) {
  if (provider.interval.count() == 0) return {};
  return std::string(provider.name) + " refuses a login within " + util::format_duration(provider.interval) +
         " of the last one";
}

/// If a provider takes passwords, a refusal most often means a wrong password, whatever else it requires.
std::string advice_to_check(const Provider& provider, const net::Login& login) {
  const bool by_password = !net::is_by_token(login.auth) && provider.sign_in == SignIn::password;
  return by_password ? "check user name and password in the web mail of " + std::string(provider.name) : "";
}

std::string refused_at(const Provider& provider, const net::Login& login) {
  auto text = joined(advice_on_name(provider, login.user), advice_to_check(provider, login));
  text = joined(text, advice_on_secret(provider, login));
  text = joined(joined(text, provider.enable), advice_on_interval(provider));
  return text;
}

std::string lacks_method_at(const Provider& provider, const net::Login& login) {
  const bool by_token = net::is_by_token(login.auth);
  if (by_token && provider.oauth.empty())
    return joined(
        std::string(provider.name) +
            " accepts a password over POP3, but not OAuth 2: remove \"oauth\" and \"auth\"",
        advice_on_secret(provider, {.user = login.user, .secret = {}, .auth = net::Auth::automatic}));
  const bool may_help = !by_token && provider.sign_in != SignIn::password;
  return joined(may_help ? advice_on_secret(provider, login) : "", provider.enable);
}

std::string server_at(const Provider& provider, const net::Endpoint& endpoint) {
  const std::string name(provider.name);
  if (provider.may_tell_server) return std::string(provider.note);
  if (provider.host.empty()) return joined(name + " has no POP3 server", provider.note);
  const bool is_right = account::plain_host(endpoint.host) == provider.host && endpoint.tls == provider.tls &&
                        endpoint.effective_port() == provider.port;
  return is_right ? "" : "the POP3 server of " + name + " is " + server_url(provider);
}

}  // namespace

std::vector<const Provider*> providers() {
  std::vector<const Provider*> rows;
  for (const auto part :
       {providers_of_the_world(), providers_of_italy(), providers_of_german_lands(), providers_of_europe()})
    for (const auto& row : part) rows.push_back(&row);
  return rows;
}

const Provider* provider_of_domain(std::string_view domain) {
  const auto wanted = account::plain_host(domain);
  for (const auto* row : providers())
    if (any_word(row->domains, [&](std::string_view word) { return word == wanted; })) return row;
  return nullptr;
}

const Provider* provider_of_mx(std::string_view host) {
  const auto wanted = account::plain_host(host);
  for (const auto* row : providers())
    if (any_word(row->mx, [&](std::string_view word) { return is_below(wanted, word); })) return row;
  return nullptr;
}

const Provider* provider_of_server(std::string_view host) {
  const auto wanted = account::plain_host(host);
  for (const auto* row : providers())
    if (!row->host.empty() && row->host == wanted) return row;
  for (const auto* row : providers())
    if (any_word(row->domains, [&](std::string_view word) { return is_below(wanted, word); })) return row;
  return provider_of_mx(wanted);
}

std::string server_url(const Provider& provider) {
  const bool implicit = provider.tls == net::Tls::implicit;
  std::string url = (implicit ? "pop3s://" : "pop3://") + std::string(provider.host);
  if (provider.port != (implicit ? 995 : 110)) url += ":" + std::to_string(provider.port);
  return url;
}

std::string user_name_of(const Provider& provider, std::string_view address) {
  switch (provider.user) {
    case UserName::address:
      return std::string(address);
    case UserName::local_part:
      return std::string(address.substr(0, address.rfind('@')));
    case UserName::assigned:
      break;
  }
  return {};
}

std::string advice_before_oauth(std::string_view oauth) {
  const auto rows = providers();
  const auto found =
      std::ranges::find_if(rows, [&](const Provider* row) { return !oauth.empty() && row->oauth == oauth; });
  if (found == rows.end()) return {};
  const auto& provider = **found;
  std::string text;
  if (provider.sign_in == SignIn::app_password)
    text = "With an app password you need none of this: " + std::string(provider.get_secret) +
           ",\nand use it as the password, for example with \"password_command\".\n\n";
  if (!provider.enable.empty()) text += "Before the login, " + std::string(provider.enable) + ".\n\n";
  return text;
}

namespace {

/// Several rows may have the same server. The row of the user's domain counts, or else a row whose customers
/// bring their own domains.
const Provider* provider_of_login(const std::string& host, std::string_view user) {
  const auto* const any = provider_of_server(host);
  const auto at = user.rfind('@');
  if (any == nullptr || at == std::string_view::npos) return any;
  const auto* const own = provider_of_domain(user.substr(at + 1));
  if (own != nullptr && own->host == any->host) return own;
  for (const auto* row : providers())
    if (row->host == any->host && row->domains.empty()) return row;
  return any;
}

}  // namespace

net::Advice advise(const net::Endpoint& endpoint, const net::Login& login) {
  const auto* const provider = provider_of_login(endpoint.host, login.user);
  if (provider == nullptr) return {};
  return {.refused = refused_at(*provider, login),
          .mechanism = lacks_method_at(*provider, login),
          .server = server_at(*provider, endpoint)};
}

}  // namespace mailhaul::setup
