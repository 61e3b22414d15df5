// SPDX-License-Identifier: MIT
#include <curl/curl.h>

#include <algorithm>

#include "net/certificate.h"
#include "net/problem.h"
#include "net/refusal.h"
#include "util/ascii.h"
#include "util/escape.h"

namespace mailhaul::net {

namespace {

using util::Error;
using util::Kind;

constexpr std::chrono::milliseconds longest_look{5'000};

bool speaks_of(const std::string& words, std::string_view what) {
  return words.find(what) != std::string::npos;
}

/// The name that the certificate has to have.
const std::string& expected_name(const Endpoint& endpoint) {
  return endpoint.server_name.empty() ? endpoint.host : endpoint.server_name;
}

/// "it is for X (DNS:a, DNS:b), issued by Y, valid from ... until ..., and its key is sha256//..."
std::string described(const CertificateFacts& facts) {
  if (facts.subject.empty() && facts.names.empty()) return {};
  const bool has_more_names = !facts.subject.empty() && facts.names != facts.subject;
  return "it is for " + util::escape(facts.subject.empty() ? facts.names : facts.subject) +
         (has_more_names ? " (" + util::escape(facts.names) + ")" : "") + ", issued by " +
         (facts.issuer == facts.subject ? "itself" : util::escape(facts.issuer)) + ", valid from " +
         util::escape(facts.valid_from) + " until " + util::escape(facts.valid_until) + ", and its key is " +
         facts.pin + "; ";
}

/// Whether the certificate is for this name; also true if its names are not known.
bool names_include(const CertificateFacts& facts, const std::string& name) {
  if (facts.names.empty()) return true;
  const std::string names = util::lower(facts.names), wanted = util::lower(name);
  const std::string domain = wanted.substr(std::min(wanted.find('.'), wanted.size()));
  const auto has = [&](const std::string& part) { return names.find(part) != std::string::npos; };
  return has("dns:" + wanted) || has("ip address:" + wanted) || has("cn = " + wanted) ||
         has("cn=" + wanted) || (!domain.empty() && has("dns:*" + domain));
}

/// A command that saves the server's certificate, and the keys that trust it.
std::string way_to_trust(const LoginFailure& failure, const CertificateFacts& facts) {
  const Endpoint& endpoint = failure.endpoint;
  const std::string& name = expected_name(endpoint);
  return "to trust only this certificate, ask the server's administrator whether the key is right, save the "
         "certificate (openssl s_client -connect " +
         address_of(endpoint) + (endpoint.tls == Tls::starttls ? " -starttls pop3" : "") + " -servername " +
         name + " </dev/null | openssl x509 >FILE), and name the file in \"tls_ca_file\"" +
         (names_include(facts, name) ? std::string()
                                     : "; the certificate is not for " + util::escape(name) +
                                           ", so also put one of its names into \"tls_server_name\"");
}

/// The hint for a certificate that is out of date, or whose issuer's certificate is. Neither a file nor a pin
/// makes OpenSSL accept it. Of two faults, OpenSSL reports only the first, for example an unknown issuer.
constexpr const char* way_out_of_dates =
    "the server's administrator must renew it, or the certificate of its issuer, unless this machine's clock "
    "is wrong; until then no setting makes mailhaul trust it, neither \"tls_ca_file\" nor \"tls_pin\"";

/// The hint for a certificate with other names. Its issuer is trusted: libcurl checks the names last.
std::string way_to_another_name(const CertificateFacts& facts) {
  std::string way =
      "put one of the certificate's names into \"server\", or into \"tls_server_name\" if this is the right "
      "server";
  if (!facts.pin.empty()) way += "; to trust this key alone under that name, put it in \"tls_pin\" as well";
  return way;
}

std::string hint_for_untrusted(const LoginFailure& failure, const CertificateFacts& facts,
                               const std::string& words) {
  std::string why;
  if (facts.alone && speaks_of(words, "issuer certificate"))
    why =
        "the server sent it without the certificate of its issuer, so the chain is incomplete, or the issuer "
        "is not one that this machine trusts: tell the server's administrator; ";
  return described(facts) + why + way_to_trust(failure, facts);
}

std::string hint_for_certificate(const LoginFailure& failure, const std::string& words) {
  const auto limit = std::min(failure.deadline.left(), longest_look);
  const bool about_dates = speaks_of(words, "expired") || speaks_of(words, "not yet valid");
  const auto facts = read_certificate(failure.endpoint, failure.deadline.cancel, limit);
  if (about_dates || facts.is_out_of_date) return described(facts) + way_out_of_dates;
  if (speaks_of(words, "match")) return described(facts) + way_to_another_name(facts);
  return hint_for_untrusted(failure, facts, words);
}

std::string hint_for_handshake(const LoginFailure& failure, const std::string& words) {
  if (speaks_of(words, "wrong version number") || speaks_of(words, "unexpected message") ||
      speaks_of(words, "packet length too long")) {
    return failure.endpoint.tls == Tls::implicit
               ? "the server speaks plain POP3 there: write pop3:// in \"server\""
               : "";
  }
  if (speaks_of(words, "protocol version") || speaks_of(words, "unsupported protocol")) {
    return "the server does not support the TLS version in \"tls_min_version\", nor a later one";
  }
  const bool about_ours =
      speaks_of(words, "alert") && (speaks_of(words, "unknown ca") || speaks_of(words, "certificate"));
  if (about_ours && !failure.endpoint.client_cert.empty()) {
    return "the server does not accept the certificate in \"tls_client_cert\": ask its administrator which "
           "authority it trusts";
  }
  if (speaks_of(words, "certificate required") || speaks_of(words, "handshake failure")) {
    return "the server may want a client certificate: \"tls_client_cert\"";
  }
  return {};
}

}  // namespace

Error no_handshake(const LoginFailure& failure, const std::string& words) {
  const std::string lower = util::lower(words);
  if (speaks_of(lower, "connection reset") || speaks_of(lower, "syscall") ||
      speaks_of(lower, "unexpected eof")) {
    return {Kind::temporary, "connection to " + address_of(failure.endpoint) + " lost: " + words};
  }
  return {Kind::unavailable, "no TLS with " + address_of(failure.endpoint) + ": " + words,
          hint_for_handshake(failure, lower)};
}

Error no_stls(const LoginFailure& failure, const std::optional<std::string>& refusal) {
  const std::string address = address_of(failure.endpoint);
  const std::string hint = "write pop3s:// in \"server\", or \"tls\": \"none\" if you really want plain text";
  if (!refusal) return {Kind::unavailable, address + " offers no TLS (no STLS among its capabilities)", hint};
  return {understand(*refusal, Kind::unavailable).kind,
          address + " refused to switch to TLS: " + failure.redactor.shown(*refusal), hint};
}

Error explain_tls(const LoginFailure& failure) {
  const std::string address = failure.tried.size() > 1 ? where(failure) : address_of(failure.endpoint);
  const std::string words = failure.redactor.shown(failure.result.words);
  switch (failure.result.code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return {Kind::unavailable, "the certificate of " + address + " is not trusted: " + words,
              hint_for_certificate(failure, util::lower(words))};
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return {Kind::unavailable, "the key of " + address + " matches none of the pinned keys",
              "before you change \"tls_pin\", ask the server's administrator whether the key was changed"};
    case CURLE_USE_SSL_FAILED:
      return no_stls(failure, failure.transcript.refusal());
    case CURLE_SSL_CONNECT_ERROR:
      return no_handshake(failure, words);
    case CURLE_SSL_CERTPROBLEM:
      return {Kind::config,
              "cannot use the client certificate " + failure.endpoint.client_cert + ": " + words,
              "certificate and key must be PEM files, belong together, and have no passphrase"};
    case CURLE_SSL_CACERT_BADFILE:
      if (failure.endpoint.ca_file.empty()) {
        return {Kind::config, "cannot check the certificate of " + address + ": " + words,
                "the system has no certificates to trust: install some (Debian: ca-certificates), or name a "
                "file of them in \"tls_ca_file\""};
      }
      return {Kind::config, "cannot use " + failure.endpoint.ca_file + ": " + words,
              "\"tls_ca_file\" must contain certificates in PEM"};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_NOT_BUILT_IN:
      return {Kind::config, "libcurl cannot connect to " + address + ": " + words};
    case CURLE_RECV_ERROR:  // with TLS 1.3, only the first read shows that a client certificate was wanted
      if (!speaks_of(util::lower(words), "alert")) break;
      return no_handshake(failure, words);
    default:
      return {Kind::unavailable, "cannot open a session with " + address + ": " + words};
  }
  return {Kind::temporary, "connection to " + address + " lost: " + words};
}

}  // namespace mailhaul::net
