// SPDX-License-Identifier: MIT
#include "net/login_method.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>

#include "util/error.h"
#include "util/join.h"

namespace mailhaul::net {

namespace {

struct Known {
  Auth auth;
  std::string_view name;
  std::string_view mechanisms;
  int needs = 0;  ///< the feature of libcurl without which it cannot be done
};

constexpr std::array known = {
    Known{Auth::automatic, "auto", ""},
    Known{Auth::user, "user", ""},
    Known{Auth::apop, "apop", "AUTH=+APOP"},
    Known{Auth::plain, "plain", "AUTH=PLAIN"},
    Known{Auth::login, "login", "AUTH=LOGIN"},
    Known{Auth::cram_md5, "cram-md5", "AUTH=CRAM-MD5"},
    Known{Auth::scram_sha_1, "scram-sha-1", "AUTH=SCRAM-SHA-1", CURL_VERSION_GSASL},
    Known{Auth::scram_sha_256, "scram-sha-256", "AUTH=SCRAM-SHA-256", CURL_VERSION_GSASL},
    Known{Auth::ntlm, "ntlm", "AUTH=NTLM", CURL_VERSION_NTLM},
    Known{Auth::gssapi, "gssapi", "AUTH=GSSAPI", CURL_VERSION_KERBEROS5},
    Known{Auth::external, "external", "AUTH=EXTERNAL"},
    Known{Auth::xoauth2, "xoauth2", "AUTH=XOAUTH2"},
    Known{Auth::oauthbearer, "oauthbearer", "AUTH=OAUTHBEARER"},
};

const Known& find(Auth auth) {
  return *std::find_if(known.begin(), known.end(), [auth](const Known& row) { return row.auth == auth; });
}

bool has(int feature) { return (curl_version_info(CURLVERSION_NOW)->features & feature) == feature; }

std::string automatic_mechanisms(Tls tls) {
  if (tls != Tls::none) return "AUTH=PLAIN;AUTH=LOGIN";
  const std::string scram = has(CURL_VERSION_GSASL) ? "AUTH=SCRAM-SHA-256;AUTH=SCRAM-SHA-1;" : "";
  return scram + "AUTH=CRAM-MD5;AUTH=PLAIN;AUTH=LOGIN";
}

void require(const Known& wanted) {
  if (has(wanted.needs)) return;
  throw util::Error(util::Kind::config,
                    "auth \"" + std::string(wanted.name) + "\" is not in this build of libcurl (" +
                        curl_version_info(CURLVERSION_NOW)->version + ")",
                    "this build has: " + util::joined(supported_auth()));
}

const LoginMethod user_pass{.name = "user", .way = LoginMethod::Way::user_pass};
const LoginMethod user_pass_without_capa{.name = "user-without-capa",
                                         .way = LoginMethod::Way::user_pass_without_capa};

/// A server that does not survive CAPA can be asked without it, unless STLS has to come in between: libcurl
/// asks CAPA to learn of it.
std::vector<LoginMethod> with_last_resort(std::vector<LoginMethod> methods, Tls tls) {
  if (tls != Tls::starttls) methods.push_back(user_pass_without_capa);
  return methods;
}

std::vector<LoginMethod> all_methods(Auth auth, Tls tls) {
  using Way = LoginMethod::Way;
  const std::string mechanisms =
      auth == Auth::automatic ? automatic_mechanisms(tls) : std::string(find(auth).mechanisms);
  const LoginMethod slow{.name = "sasl", .way = Way::sasl, .mechanisms = mechanisms};
  const LoginMethod quick{
      .name = "sasl-ir", .way = Way::sasl, .mechanisms = mechanisms, .initial_response = true};
  switch (auth) {
    case Auth::automatic:
      return with_last_resort({quick, slow, user_pass}, tls);
    case Auth::user:
      return with_last_resort({user_pass}, tls);
    case Auth::apop:
      return {{.name = "apop", .way = Way::apop, .mechanisms = mechanisms}};
    case Auth::cram_md5:
      return {slow};  // the server's challenge comes first (RFC 2195)
    case Auth::xoauth2:
      return {{.name = "sasl-ir", .way = Way::xoauth2, .mechanisms = mechanisms, .initial_response = true},
              {.name = "sasl", .way = Way::xoauth2, .mechanisms = mechanisms}};
    case Auth::oauthbearer:
      return {{.name = "sasl-ir", .way = Way::bearer, .mechanisms = mechanisms, .initial_response = true},
              {.name = "sasl", .way = Way::bearer, .mechanisms = mechanisms}};
    case Auth::plain:
    case Auth::login:
    case Auth::scram_sha_1:
    case Auth::scram_sha_256:
    case Auth::ntlm:
    case Auth::gssapi:
    case Auth::external:
      return {quick, slow};
  }
  return {};
}

/// RFC 822's atom: printable ASCII without the specials.
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

std::vector<LoginMethod> login_methods(Auth auth, Tls tls, std::string_view remembered) {
  require(find(auth));
  std::vector<LoginMethod> methods = all_methods(auth, tls);
  std::stable_partition(methods.begin(), methods.end(),
                        [remembered](const LoginMethod& method) { return method.name == remembered; });
  return methods;
}

std::string name_of(Auth auth) { return std::string(find(auth).name); }

std::vector<std::string> supported_auth() {
  std::vector<std::string> names;
  for (const Known& row : known) {
    if (has(row.needs)) names.emplace_back(row.name);
  }
  return names;
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
  const auto at = id.find('@');
  if (at == std::string_view::npos)
    return ApopTimestamp::none;  // as in "<ready>", which libcurl does not take for a timestamp
  return is_dotted(id.substr(0, at)) && is_domain(id.substr(at + 1)) ? ApopTimestamp::plausible
                                                                     : ApopTimestamp::forged;
}

}  // namespace mailhaul::net
