// SPDX-License-Identifier: MIT
// One HTTPS request and its answer, for the OAuth 2 servers of mail providers.
#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "util/cancel.h"
#include "util/secret.h"

namespace mailhaul::net {

enum class BodyType { none, form, json };

/// `body` is sent by POST; without one the request is a GET.
struct HttpsRequest {
  std::string url;
  BodyType type = BodyType::none;
  util::Secret body;
  std::string ca_file = {};  ///< trusted in addition to the system's authorities; may be empty
  std::string proxy = {};    ///< as Endpoint::proxy
  std::chrono::seconds limit{30};
};

struct HttpsAnswer {
  int status = 0;
  util::Secret body;  ///< 1 MiB at most
  std::optional<std::chrono::seconds> retry_after = {};
};

/// Asks once, follows no redirection and keeps no cookie. Throws Error{temporary} if there is no whole
/// answer, Error{unavailable} if the certificate is not trusted, Error{config} for a URL that is not https,
/// Error{cancelled}. No error contains anything of the body.
[[nodiscard]] HttpsAnswer ask_https(const HttpsRequest& request, const util::Cancel& cancel);

}  // namespace mailhaul::net
