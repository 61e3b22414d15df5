// SPDX-License-Identifier: MIT
#include "account/keys.h"

#include <algorithm>
#include <array>
#include <limits>

#include "account/destinations.h"
#include "account/endpoint.h"
#include "account/login_keys.h"
#include "account/run_keys.h"
#include "util/error.h"
#include "util/units.h"

namespace mailhaul::account {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::array<std::string_view, 2> tls_names{"required", "none"};
constexpr std::array<std::string_view, 2> tls_versions{"1.2", "1.3"};
constexpr std::array<std::string_view, 3> family_names{"any", "ipv4", "ipv6"};  // in the order of net::Family
constexpr std::array<std::string_view, 2> order_names{"oldest", "newest"};
// In the order of net::Auth.
constexpr std::array<std::string_view, 13> auth_names{
    "auto",          "user", "apop",   "plain",    "login",   "cram-md5",   "scram-sha-1",
    "scram-sha-256", "ntlm", "gssapi", "external", "xoauth2", "oauthbearer"};
static_assert(auth_names.size() == static_cast<std::size_t>(net::Auth::oauthbearer) + 1);

constexpr Span waiting{seconds(1), hours(24)};

void set_tls(Account& account, const Setting& setting) {
  const bool required = choice_of(setting, tls_names) == 0;
  if (required && !account.server.socket.empty())
    setting.refuse("cannot be \"required\" where the server is a unix: socket",
                   "there is no TLS on a local socket");
  if (required) return;
  if (account.server.tls == net::Tls::implicit && !account.server.host.empty())
    setting.refuse("cannot be \"none\" where the server has a pop3s:// URL",
                   "for plain text write pop3://, or omit " + setting.key("tls"));
  account.server.tls = net::Tls::none;
}

Node show_text(std::string_view text) { return text.empty() ? Node() : Node::of(text); }

void set_tunnel(Account& account, const Setting& setting) {
  account.server.tunnel = words_of(setting);
  if (account.server.tunnel == std::vector<std::string>{"none"}) account.server.tunnel.clear();
}

// Functions for the handlers, each for all members of one type.
template <auto member>
void set_server_path(Account& account, const Setting& setting) {
  account.server.*member = path_of(setting).string();
}
template <auto member>
Node show_server_text(const Account& account) {
  return show_text(account.server.*member);
}
template <auto member>
void set_server_wait(Account& account, const Setting& setting) {
  account.server.*member = duration_of(setting, waiting);
}
template <auto member>
Node show_server_wait(const Account& account) {
  return Node::of(util::format_duration(account.server.*member));
}
template <auto member>
void set_policy_size(Account& account, const Setting& setting) {
  account.policy.*member = size_of(setting);
}
template <auto member>
Node show_policy_number(const Account& account) {
  return Node::of_number(account.policy.*member);
}
template <auto member>
void set_policy_flag(Account& account, const Setting& setting) {
  account.policy.*member = flag_of(setting);
}
template <auto member>
Node show_policy_flag(const Account& account) {
  return Node::of_flag(account.policy.*member);
}
template <auto member>
void set_flag(Account& account, const Setting& setting) {
  account.*member = flag_of(setting);
}
template <auto member>
Node show_flag(const Account& account) {
  return Node::of_flag(account.*member);
}

template <auto member>
Node show_server_list(const Account& account) {
  const auto& texts = account.server.*member;
  return texts.empty() ? Node() : Node::of_words(texts);
}

using net::Endpoint;

// {name, value, help, default, on the command line}, type, choices, set, show
constexpr std::array table{
    KeyHandler{{"server", "URL",
                "pop3s://HOST[:PORT] (TLS from the first byte), pop3://HOST[:PORT] (STLS required), or "
                "unix:PATH of a socket",
                "required", true},
               KeyType::text,
               {},
               [](Account& a, const Setting& s) { set_server(a.server, s); },
               [](const Account& a) { return Node::of(server_url(a.server)); }},
    KeyHandler{
        {"tls", "WHAT", "required, or none for plain text", "required", true},
        KeyType::choice,
        tls_names,
        set_tls,
        [](const Account& a) { return Node::of(tls_names.at(a.server.tls == net::Tls::none ? 1 : 0)); }},
    KeyHandler{{"tls_ca_file", "FILE", "trust this CA or self-signed certificate", "the system's", true},
               KeyType::path,
               {},
               set_server_path<&Endpoint::ca_file>,
               show_server_text<&Endpoint::ca_file>},
    KeyHandler{{"tls_server_name", "NAME", "the name expected in the certificate", "the host", true},
               KeyType::text,
               {},
               [](Account& a, const Setting& s) { a.server.server_name = text_of(s); },
               show_server_text<&Endpoint::server_name>},
    KeyHandler{{"tls_client_cert", "FILE", "the client certificate", "none", true},
               KeyType::path,
               {},
               set_server_path<&Endpoint::client_cert>,
               show_server_text<&Endpoint::client_cert>},
    KeyHandler{
        {"tls_client_key", "FILE", "the client certificate's key", "in the file of the certificate", true},
        KeyType::path,
        {},
        set_server_path<&Endpoint::client_key>,
        show_server_text<&Endpoint::client_key>},
    KeyHandler{{"tls_min_version", "VERSION", "the oldest TLS version accepted: 1.2 or 1.3", "1.2", true},
               KeyType::choice,
               tls_versions,
               [](Account& a, const Setting& s) {
                 a.server.min_version = net::TlsVersion(choice_of(s, tls_versions));
               },
               [](const Account& a) { return Node::of(tls_versions.at(std::size_t(a.server.min_version))); }},
    KeyHandler{
        {"tls_pin", "PIN", "sha256//BASE64 of the server's public key, checked in addition", "none", true},
        KeyType::pins,
        {},
        [](Account& a, const Setting& s) { a.server.pins = pins_of(s); },
        show_server_list<&Endpoint::pins>},
    KeyHandler{{"user", "NAME", "login name", "required", true},
               KeyType::text,
               {},
               [](Account& a, const Setting& s) { a.user = text_of(s); },
               [](const Account& a) { return Node::of(a.user); }},
    KeyHandler{{"password", "TEXT",
                "the password; prefer a key that says where it is kept, such as keyring or password_command",
                "ask", false},
               KeyType::text,
               {},
               set_password,
               show_password},
    KeyHandler{
        {"password_command", "COMMAND", "a program that prints the password on its first line", "ask", true},
        KeyType::words,
        {},
        [](Account& a, const Setting& s) { a.secret = credentials::Command{words_of(s)}; },
        show_command},
    KeyHandler{{"password_file", "FILE", "a file with the password on its first line", "ask", true},
               KeyType::path,
               {},
               [](Account& a, const Setting& s) { a.secret = credentials::File{path_of(s)}; },
               show_file},
    KeyHandler{
        {"password_credential", "NAME", "a credential that systemd loaded for the service", "ask", true},
        KeyType::text,
        {},
        set_credential,
        show_credential},
    KeyHandler{
        {"password_env", "VARIABLE", "the environment variable that contains the password", "ask", true},
        KeyType::text,
        {},
        set_variable,
        show_variable},
    KeyHandler{{"netrc", "", "look up the password in $NETRC or ~/.netrc", "false", true},
               KeyType::boolean,
               {},
               set_netrc,
               show_netrc},
    KeyHandler{
        {"keyring", "", "the password is in the desktop's keyring (mailhaul login stores it)", "false", true},
        KeyType::boolean,
        {},
        set_keyring,
        show_keyring},
    KeyHandler{{"password_set", "DAY", "the day on which the password was set, such as 2026-11-01",
                "not known", false},
               KeyType::text,
               {},
               set_password_day,
               show_password_day},
    KeyHandler{{"password_valid", "TIME", "how long a password is valid from that day",
                "as the provider says", false},
               KeyType::duration,
               {},
               set_password_valid,
               show_password_valid},
    KeyHandler{
        {"auth", "METHOD",
         "how to log in: auto, user, apop, plain, login, cram-md5, scram-sha-1, scram-sha-256, ntlm, gssapi, "
         "external, xoauth2, oauthbearer",
         "auto", true},
        KeyType::choice,
        auth_names,
        [](Account& a, const Setting& s) { a.auth = net::Auth(choice_of(s, auth_names)); },
        [](const Account& a) { return Node::of(auth_names.at(std::size_t(a.auth))); }},
    KeyHandler{{"oauth", "PROVIDER", "log in by OAuth 2: google, microsoft, or an object", "none", false},
               KeyType::object,
               {},
               set_oauth,
               show_oauth},
    KeyHandler{
        {"proxy", "URL", "socks5h://HOST:PORT, http://HOST:PORT, or env to use the proxy of the environment",
         "none", true},
        KeyType::text,
        {},
        [](Account& a, const Setting& s) { a.server.proxy = proxy_of(s); },
        [](const Account& a) { return show_text(without_password(a.server.proxy)); }},
    KeyHandler{
        {"address_family", "FAMILY", "which addresses of the server are used: any, ipv4 or ipv6", "any",
         true},
        KeyType::choice,
        family_names,
        [](Account& a, const Setting& s) { a.server.family = net::Family(choice_of(s, family_names)); },
        [](const Account& a) { return Node::of(family_names.at(std::size_t(a.server.family))); }},
    KeyHandler{
        {"tunnel", "COMMAND", "a program whose standard input and output are the connection", "none", true},
        KeyType::words,
        {},
        set_tunnel,
        show_server_list<&Endpoint::tunnel>},
    KeyHandler{
        {"connect_timeout", "TIME", "the time limit for connection, TLS and login together", "30s", true},
        KeyType::duration,
        {},
        set_server_wait<&Endpoint::connect_timeout>,
        show_server_wait<&Endpoint::connect_timeout>},
    KeyHandler{{"timeout", "TIME", "the longest silence of the server after the login", "3m", true},
               KeyType::duration,
               {},
               set_server_wait<&Endpoint::silence>,
               show_server_wait<&Endpoint::silence>},
    KeyHandler{{"min_interval", "TIME", "ask the server at most this often", "none", true},
               KeyType::duration,
               {},
               set_min_interval,
               show_min_interval},
    KeyHandler{{"leave_on_server", "", "leave messages on the server", "false", true},
               KeyType::boolean,
               {},
               set_policy_flag<&Policy::leave_on_server>,
               show_policy_flag<&Policy::leave_on_server>},
    KeyHandler{{"delete_after", "TIME", "with leave_on_server: delete messages this long after delivery",
                "never", true},
               KeyType::duration,
               {},
               set_delete_after,
               show_delete_after},
    KeyHandler{{"max_size", "SIZE", "leave larger messages on the server", "no limit", true},
               KeyType::size,
               {},
               set_policy_size<&Policy::max_size>,
               [](const Account& a) { return show_size(a.policy.max_size); }},
    KeyHandler{
        {"max_messages", "N", "fetch at most this many messages in one run", "no limit", true},
        KeyType::number,
        {},
        [](Account& a, const Setting& s) {
          a.policy.max_messages = std::uint32_t(number_of(s, {0, std::numeric_limits<std::uint32_t>::max()}));
        },
        show_policy_number<&Policy::max_messages>},
    KeyHandler{{"max_bytes", "SIZE", "fetch at most this many bytes in one run", "no limit", true},
               KeyType::size,
               {},
               set_policy_size<&Policy::max_bytes>,
               [](const Account& a) { return show_size(a.policy.max_bytes); }},
    KeyHandler{{"order", "ORDER", "which messages are fetched first: oldest or newest", "oldest", true},
               KeyType::choice,
               order_names,
               [](Account& a, const Setting& s) { a.policy.order = Order(choice_of(s, order_names)); },
               [](const Account& a) { return Node::of(order_names.at(std::size_t(a.policy.order))); }},
    KeyHandler{{"fetch_all", "", "also fetch messages that were seen before", "false", true},
               KeyType::boolean,
               {},
               set_policy_flag<&Policy::fetch_all>,
               show_policy_flag<&Policy::fetch_all>},
    KeyHandler{{"deliver", "WHERE", "where mail goes; may be given several times", "required", true},
               KeyType::deliver,
               {},
               [](Account& a, const Setting& s) { a.deliver = destinations_of(s); },
               [](const Account& a) { return show_destinations(a.deliver); }},
    KeyHandler{
        {"trace_header", "", "add a Received header with the server, the time and a stable id", "true", true},
        KeyType::boolean,
        {},
        set_flag<&Account::trace_header>,
        show_flag<&Account::trace_header>},
    KeyHandler{{"after_fetch", "COMMAND", "run this when new mail has arrived", "none", true},
               KeyType::words,
               {},
               set_after_fetch,
               show_after_fetch},
    KeyHandler{{"on_trouble", "COMMAND", "run this when trouble begins and when it ends", "none", true},
               KeyType::words,
               {},
               set_on_trouble,
               show_on_trouble},
    KeyHandler{
        {"enabled", "", "false: fetch this account only when it is named on the command line", "true", false},
        KeyType::boolean,
        {},
        set_flag<&Account::enabled>,
        show_flag<&Account::enabled>},
};

template <typename Field>
constexpr auto column(Field KeyHandler::*part) {
  std::array<Field, table.size()> all{};
  std::ranges::transform(table, all.begin(), part);
  return all;
}
constexpr auto key_rows = column(&KeyHandler::key);

constexpr auto names = [] {
  std::array<std::string_view, table.size()> all{};
  std::ranges::transform(key_rows, all.begin(), &KeyRow::name);
  return all;
}();

}  // namespace

std::span<const KeyHandler> key_handlers() { return table; }

std::span<const KeyRow> keys() { return key_rows; }

std::span<const KeyRow> connection_keys() {
  return std::span<const KeyRow>(key_rows).first(
      static_cast<std::size_t>(std::ranges::find(names, "min_interval") - names.begin()));
}

std::string help_of(const KeyRow& key) {
  std::string help(key.help);
  const auto* handler = find_handler(key.name);
  if (handler == nullptr || handler->type != KeyType::deliver) return help;
  std::string_view before = ": ";
  for (const auto* kind : delivery::kinds()) {
    help.append(before).append(delivery::form_of(*kind));
    before = ", ";
  }
  return help;
}

std::vector<std::string> choices_of(std::string_view name) {
  const auto* handler = find_handler(name);
  if (handler == nullptr) return {};
  if (handler->type != KeyType::deliver) return {handler->choices.begin(), handler->choices.end()};
  std::vector<std::string> forms;
  for (const auto* kind : delivery::kinds()) {
    const auto form = delivery::form_of(*kind);
    forms.push_back(form.substr(0, form.find(':') == std::string::npos ? form.size() : form.find(':') + 1));
  }
  return forms;
}

std::span<const std::string_view> key_names() { return names; }

const KeyHandler* find_handler(std::string_view name) {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? nullptr : &table.at(static_cast<std::size_t>(found - names.begin()));
}

std::string guess_key(std::string_view name) {
  const auto other = key_elsewhere_called(name);
  return other.empty() ? guess(name, key_names()) : "; did you mean \"" + std::string(other) + "\"?";
}

}  // namespace mailhaul::account
