// SPDX-License-Identifier: MIT
#include "net/certificate.h"

#include <curl/curl.h>

#include <string_view>

#include "net/curl_handle.h"

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

}  // namespace

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
  std::string names = field(chain->certinfo[0], "X509v3 Subject Alternative Name");
  if (names.empty()) names = field(chain->certinfo[0], "Subject");
  return {field(chain->certinfo[0], "Start date"), field(chain->certinfo[0], "Expire date"), names};
}

}  // namespace mailhaul::net
