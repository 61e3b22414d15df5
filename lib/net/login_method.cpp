// SPDX-License-Identifier: MIT
#include "net/login_method.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>

#include "net/mechanism.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/join.h"

namespace mailhaul::net {

namespace {

constexpr std::string_view in_two_steps = "-in-steps";
constexpr std::size_t longest_timestamp = 512;  // as long as a whole greeting may be: RFC 2449 section 4

struct Known {
  Auth auth;
  std::string_view name;
  LoginMethod::Way way;
  int needs = 0;  ///< the feature of libcurl without which it cannot be done
};

using enum LoginMethod::Way;
constexpr std::array known = {
    Known{Auth::automatic, "auto", user_pass},
    Known{Auth::user, "user", user_pass},
    Known{Auth::apop, "apop", apop},
    Known{Auth::plain, "plain", sasl},
    Known{Auth::login, "login", sasl},
    Known{Auth::cram_md5, "cram-md5", sasl},
    Known{Auth::scram_sha_1, "scram-sha-1", sasl},
    Known{Auth::scram_sha_256, "scram-sha-256", sasl},
    Known{Auth::ntlm, "ntlm", by_libcurl, CURL_VERSION_NTLM},
    Known{Auth::gssapi, "gssapi", by_libcurl, CURL_VERSION_KERBEROS5},
    Known{Auth::external, "external", sasl},
    Known{Auth::xoauth2, "xoauth2", sasl},
    Known{Auth::oauthbearer, "oauthbearer", sasl},
    Known{Auth::bearer, "oauthbearer or xoauth2", sasl},
};

const Known& find(Auth auth) {
  return *std::find_if(known.begin(), known.end(), [auth](const Known& row) { return row.auth == auth; });
}

bool has(int feature) { return (curl_version_info(CURLVERSION_NOW)->features & feature) == feature; }

void require(const Known& wanted) {
  if (has(wanted.needs)) return;
  throw util::Error(util::Kind::config,
                    "auth \"" + std::string(wanted.name) + "\" is not in this build of libcurl (" +
                        curl_version_info(CURLVERSION_NOW)->version + ")",
                    "this build has: " + util::joined(supported_auth()));
}

/// The methods of one `auth`, the quickest first.
std::vector<LoginMethod> methods_of(Auth auth) {
  const Known& row = find(auth);
  const LoginMethod slow{.name = std::string(row.name), .auth = auth, .way = row.way};
  if (row.way == user_pass || row.way == apop) return {slow};
  const Mechanism* const mechanism = mechanism_of(auth);
  if (mechanism != nullptr && !mechanism->client_first) return {slow};
  LoginMethod quick = slow;
  quick.at_once = true;
  return {quick, {.name = quick.in_steps(), .auth = auth, .way = row.way}};
}

/// Under TLS the password itself is sent, which takes one round trip. Without TLS, the mechanisms that
/// protect the password come first.
std::vector<Auth> automatic_order(Tls tls) {
  if (tls != Tls::none) return {Auth::plain, Auth::login, Auth::user};
  return {Auth::scram_sha_256, Auth::scram_sha_1, Auth::cram_md5, Auth::plain, Auth::login, Auth::user};
}

std::vector<Auth> mechanisms_for(Auth auth, Tls tls) {
  if (auth == Auth::automatic) return automatic_order(tls);
  if (auth == Auth::bearer) return {Auth::oauthbearer, Auth::xoauth2};
  return {auth};
}

/// A character of an atom (RFC 822 section 3.3): printable ASCII without the specials.
bool is_atom_character(char c) {
  return c > ' ' && c < 0x7f && std::string_view("()<>@,;:\\\".[]").find(c) == std::string_view::npos;
}

bool is_dotted(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || is_atom_character(c); });
}

bool is_domain(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']') || text.size() < 3) return is_dotted(text);
  text = text.substr(1, text.size() - 2);
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == ':' || c == '.' || is_atom_character(c); });
}

}  // namespace

std::string LoginMethod::in_steps() const { return at_once ? name + std::string(in_two_steps) : ""; }

std::vector<LoginMethod> login_methods(Auth auth, Tls tls, std::string_view remembered) {
  require(find(auth));
  std::vector<LoginMethod> methods;
  for (const Auth each : mechanisms_for(auth, tls)) {
    for (LoginMethod& method : methods_of(each)) methods.push_back(std::move(method));
  }
  if (remembered == "sasl") {  // old databases have this name for everything in two steps
    std::erase_if(methods, [](const LoginMethod& method) { return method.at_once; });
    return methods;
  }
  const auto end = std::stable_partition(
      methods.begin(), methods.end(), [&](const LoginMethod& method) { return method.name == remembered; });
  for (auto method = methods.begin(); method != end; ++method) method->remembered = true;
  return methods;
}

std::string name_of(Auth auth) { return std::string(find(auth).name); }

std::vector<std::string> supported_auth() {
  std::vector<std::string> names;
  for (const Known& row : known) {
    if (has(row.needs) && row.auth != Auth::bearer) names.emplace_back(row.name);
  }
  return names;
}

bool offers(const std::vector<std::string>& capabilities, std::string_view name, std::string_view argument) {
  return std::ranges::any_of(capabilities, [&](const std::string& line) {
    const auto words = words_of_capability(line);
    if (words.empty() || words.front() != name) return false;
    return argument.empty() || std::ranges::find(words, argument) != words.end();
  });
}

std::vector<std::string> words_of_capability(std::string_view line) {
  constexpr std::string_view blanks = " \t";
  std::vector<std::string> words;
  for (auto at = line.find_first_not_of(blanks); at != std::string_view::npos;
       at = line.find_first_not_of(blanks)) {
    line.remove_prefix(at);
    words.push_back(util::upper(line.substr(0, line.find_first_of(blanks))));
    line.remove_prefix(words.back().size());
  }
  return words;
}

MethodsToTry::MethodsToTry(Auth auth, Tls tls, std::string_view remembered)
    : automatic_(auth == Auth::automatic),
      has_way_without_capa_((auth == Auth::automatic || auth == Auth::user) && tls != Tls::starttls),
      left_(login_methods(auth, tls, remembered)) {}

std::optional<LoginMethod> MethodsToTry::choose(const std::vector<std::string>& capabilities) const {
  auto found = std::ranges::find_if(left_, [&](const LoginMethod& method) {
    return method.remembered || method.way != LoginMethod::Way::sasl ||
           offers(capabilities, "SASL", mechanism_of(method.auth)->name);
  });
  if (found == left_.end() && !automatic_)  // the user named it: the server may know it without listing it
    found = std::ranges::find_if(left_, [](const LoginMethod& method) { return !method.at_once; });
  return found == left_.end() ? std::nullopt : std::optional(*found);
}

void MethodsToTry::strike(const LoginMethod& method) {
  std::erase_if(left_, [&](const LoginMethod& other) {
    return other.name == method.name || (other.auth == method.auth && !method.at_once);
  });
}

void MethodsToTry::strike_mechanism(const LoginMethod& method) {
  std::erase_if(left_, [&](const LoginMethod& other) { return other.auth == method.auth; });
}

void MethodsToTry::leave_nothing() {
  has_way_without_capa_ = sends_utf8_ = false;
  left_.clear();
}

void MethodsToTry::leave_out_capa() {
  asks_capa_ = has_way_without_capa_ = false;
  left_ = methods_of(Auth::user);
}

ApopTimestamp apop_timestamp(std::string_view greeting) {
  const auto begin = greeting.find('<');
  if (begin == std::string_view::npos) return ApopTimestamp::none;
  const auto end = greeting.find('>', begin);
  const std::string_view after = greeting.substr(begin + 1);
  if (end == std::string_view::npos || after.find('<') != std::string_view::npos)
    return ApopTimestamp::forged;
  if (greeting.find('>', end + 1) != std::string_view::npos) return ApopTimestamp::forged;
  const std::string_view id = greeting.substr(begin + 1, end - begin - 1);
  if (id.size() > longest_timestamp) return ApopTimestamp::forged;
  const auto at = id.find('@');
  if (at == std::string_view::npos)
    return ApopTimestamp::none;  // as in "<ready>", which libcurl does not take for a timestamp
  return is_dotted(id.substr(0, at)) && is_domain(id.substr(at + 1)) ? ApopTimestamp::plausible
                                                                     : ApopTimestamp::forged;
}

}  // namespace mailhaul::net
