// SPDX-License-Identifier: MIT
#include "net/certificate.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "net/curl_handle.h"
#include "util/base64.h"
#include "util/digest.h"
#include "util/error.h"
#include "util/file.h"
#include "util/secret.h"
#include "util/utc.h"

namespace mailhaul::net {

namespace {

/// The content of one field of a certificate. Each element of `fields` is "Name:content".
std::string field(const curl_slist* fields, std::string_view name) {
  for (; fields != nullptr; fields = fields->next) {
    const std::string_view line = fields->data;
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
      return std::string(line.substr(name.size() + 1));
    }
  }
  return {};
}

struct Free {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(BIO* text) const noexcept { BIO_free(text); }
};
using Certificate = std::unique_ptr<X509, Free>;

/// The first certificate in a PEM text (RFC 7468); null if there is none.
Certificate first_certificate(std::string_view pem) {
  const std::unique_ptr<BIO, Free> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!text) return nullptr;
  char no_passphrase[] = "";  // without one, OpenSSL asks at the terminal
  Certificate certificate(PEM_read_bio_X509(text.get(), nullptr, nullptr, no_passphrase));
  if (!certificate) ERR_clear_error();  // the next error in this thread would be reported with it
  return certificate;
}

}  // namespace

std::string pin_of_certificate(std::string_view pem) {
  const auto certificate = first_certificate(pem);
  if (!certificate) return {};
  unsigned char* key = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &key);
  if (size <= 0) {
    ERR_clear_error();
    return {};
  }
  const auto hash = util::sha256({reinterpret_cast<const char*>(key), static_cast<std::size_t>(size)});
  OPENSSL_free(key);
  return "sha256//" + util::base64_encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

bool is_out_of_date(std::string_view pem) {
  const auto certificate = first_certificate(pem);
  if (!certificate) return false;
  return X509_cmp_current_time(X509_get0_notBefore(certificate.get())) > 0 ||
         X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0;
}

std::optional<std::chrono::sys_seconds> client_certificate_end(const Endpoint& endpoint) {
  std::error_code unreadable;
  if (!std::filesystem::is_regular_file(endpoint.client_cert, unreadable)) return std::nullopt;
  Certificate certificate;
  try {
    constexpr std::size_t largest = 1U << 20U;
    const util::Secret file(util::read_file(endpoint.client_cert, largest));  // the key may be in it
    certificate = first_certificate(file.reveal());
  } catch (const util::Error&) {  // the login reports what is wrong with the file
  }
  std::tm parts{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts) != 1)
    return std::nullopt;
  return util::utc_of(parts);
}

std::optional<std::chrono::sys_seconds> certificate_end(std::string_view words) {
  constexpr std::string_view lead = " expire date: ";
  if (!words.starts_with(lead)) return std::nullopt;
  std::tm parts{};
  const std::string time(words.substr(lead.size()));
  if (::strptime(time.c_str(), "%b %d %H:%M:%S %Y GMT", &parts) == nullptr) return std::nullopt;
  return util::utc_of(parts);
}

CertificateFacts read_certificate(const Endpoint& endpoint, const util::Cancel& cancel,
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
  static_cast<void>(curl.connect(limit));  // the result does not matter: only the certificate does
  const curl_certinfo* chain = nullptr;
  if (curl_easy_getinfo(curl.handle(), CURLINFO_CERTINFO, &chain) != CURLE_OK) return {};
  if (chain == nullptr || chain->num_of_certs < 1) return {};
  const curl_slist* const own = chain->certinfo[0];  // the server's own certificate comes first
  CertificateFacts facts{.subject = field(own, "Subject"),
                         .issuer = field(own, "Issuer"),
                         .valid_from = field(own, "Start date"),
                         .valid_until = field(own, "Expire date"),
                         .names = field(own, "X509v3 Subject Alternative Name"),
                         .pin = pin_of_certificate(field(own, "Cert"))};
  facts.is_out_of_date = is_out_of_date(field(own, "Cert"));
  if (facts.names.empty()) facts.names = facts.subject;
  facts.alone = chain->num_of_certs == 1 && facts.issuer != facts.subject;
  return facts;
}

}  // namespace mailhaul::net
