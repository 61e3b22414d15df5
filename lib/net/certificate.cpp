// SPDX-License-Identifier: MIT
#include "net/certificate.h"

#include <curl/curl.h>

#include <optional>
#include <string_view>

#include "net/curl_handle.h"
#include "util/base64.h"
#include "util/digest.h"

namespace mailhaul::net {

namespace {

/// One field of the server's own certificate, which comes first; each is "Name:content".
std::string field(const curl_slist* fields, std::string_view name) {
  for (; fields != nullptr; fields = fields->next) {
    const std::string_view line = fields->data;
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
      return std::string(line.substr(name.size() + 1));
    }
  }
  return {};
}

/// What is left of a certificate in DER. Each element is a tag, its length and its content (X.690
/// section 8.1).
class Der {
 public:
  explicit Der(std::string_view bytes) : rest_(bytes) {}

  /// The next element as a whole; the rest is what follows it. Empty: there is none.
  std::string_view next() { return take(false); }
  /// Leaves only the content of the next element.
  void enter() { rest_ = take(true); }

 private:
  static constexpr std::size_t short_form = 0x80;

  std::size_t at(std::size_t index) const { return static_cast<unsigned char>(rest_[index]); }

  std::string_view take(bool content_only) {
    if (rest_.size() < 2) return {};
    std::size_t head = 2;
    std::size_t length = at(1);
    if (length >= short_form) {
      const std::size_t digits = length - short_form;
      if (digits > 3 || rest_.size() < head + digits) return {};
      for (length = 0; head < 2 + digits; ++head) length = length * 256 + at(head);
    }
    if (rest_.size() - head < length) return {};
    const auto element = rest_.substr(content_only ? head : 0, content_only ? length : head + length);
    rest_.remove_prefix(head + length);
    return element;
  }

  std::string_view rest_;
};

/// The content of PEM (RFC 7468).
std::optional<std::string> der_of(std::string_view pem) {
  constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
  const auto start = pem.find(begin);
  const auto end = pem.find("-----END");
  if (start == std::string_view::npos || end == std::string_view::npos || end < start + begin.size())
    return std::nullopt;
  std::string base64;
  for (const char c : pem.substr(start + begin.size(), end - start - begin.size()))
    if (c != '\n' && c != '\r') base64 += c;
  return util::base64_decode(base64);
}

}  // namespace

/// RFC 5280 section 4.1: version (optional), serial number, algorithm, issuer, validity, subject, public key.
std::string pin_of_certificate(std::string_view pem) {
  constexpr char version_tag = '\xa0';
  const auto der = der_of(pem);
  if (!der) return {};
  Der certificate(*der);
  certificate.enter();
  certificate.enter();
  if (!certificate.next().starts_with(version_tag)) return {};  // without one, it is from before 1996
  for (int skipped = 0; skipped < 5; ++skipped) certificate.next();
  const auto key = certificate.next();
  if (key.empty()) return {};
  const auto hash = util::sha256(key);
  return "sha256//" + util::base64_encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::optional<std::chrono::sys_seconds> certificate_end(std::string_view words) {
  constexpr std::string_view lead = " expire date: ";
  if (!words.starts_with(lead)) return std::nullopt;
  std::tm parts{};
  const std::string time(words.substr(lead.size()));
  if (::strptime(time.c_str(), "%b %d %H:%M:%S %Y GMT", &parts) == nullptr) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

CertificateFacts look_at_certificate(const Endpoint& endpoint, const util::Cancel& cancel,
                                     std::chrono::milliseconds limit) {
  Endpoint bare = endpoint;
  bare.pins.clear();
  bare.client_cert.clear();
  const Redactor nothing_to_hide;
  const Trace no_trace;
  Dialogue unheard(nothing_to_hide, no_trace);
  CurlHandle curl(bare, cancel, unheard, Speaks::pop3);
  // The only place where verification is off: this connection carries no login, and ends once the certificate
  // was received.
  curl_easy_setopt(curl.handle(), CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(curl.handle(), CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(curl.handle(), CURLOPT_CERTINFO, 1L);
  static_cast<void>(curl.connect(limit));  // its end does not matter here: the certificate was seen, or not
  const curl_certinfo* chain = nullptr;
  if (curl_easy_getinfo(curl.handle(), CURLINFO_CERTINFO, &chain) != CURLE_OK) return {};
  if (chain == nullptr || chain->num_of_certs < 1) return {};
  const curl_slist* const own = chain->certinfo[0];
  CertificateFacts facts{.subject = field(own, "Subject"),
                         .issuer = field(own, "Issuer"),
                         .valid_from = field(own, "Start date"),
                         .valid_until = field(own, "Expire date"),
                         .names = field(own, "X509v3 Subject Alternative Name"),
                         .pin = pin_of_certificate(field(own, "Cert"))};
  if (facts.names.empty()) facts.names = facts.subject;
  facts.alone = chain->num_of_certs == 1 && facts.issuer != facts.subject;
  return facts;
}

}  // namespace mailhaul::net
