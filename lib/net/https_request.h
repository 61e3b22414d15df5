// SPDX-License-Identifier: MIT
// HTTPS requests and their answers (RFC 9110): for the OAuth 2 servers of mail providers, and for what
// providers say about their mail servers.
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "util/cancel.h"
#include "util/error.h"
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
  std::size_t largest = std::size_t{1} << 20U;  ///< bytes of an answer; a longer one is refused
  std::string accept = "application/json";
};

struct HttpsAnswer {
  int status = 0;
  util::Secret body;
  std::optional<std::chrono::seconds> retry_after = {};
};

/// Asks once, follows no redirection and keeps no cookie. After a cancel, the answer to a body that was sent
/// is waited for during Cancel::grace(). Throws Error{temporary} if there is no whole
/// answer, Error{unavailable} if the certificate cannot be trusted, Error{config} for a URL that is not
/// https, Error{cancelled}. No error contains anything of the body.
[[nodiscard]] HttpsAnswer ask_https(const HttpsRequest& request, const util::Cancel& cancel);

/// The answer to one of several requests, or why there is none.
struct HttpsOutcome {
  std::optional<HttpsAnswer> answer;
  std::optional<util::Error> error;
};

/// The same for several requests at once, in one thread; the outcomes are in the order of the requests. If
/// the look-up of a host hangs, it does not delay the end. Throws Error{cancelled} only.
[[nodiscard]] std::vector<HttpsOutcome> ask_https_together(std::span<const HttpsRequest> requests,
                                                           const util::Cancel& cancel);

}  // namespace mailhaul::net
