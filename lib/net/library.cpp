// SPDX-License-Identifier: MIT
#include <curl/curl.h>

#include "net/connection.h"
#include "util/error.h"

namespace mailhaul::net {

std::string library_versions() { return curl_version(); }

void start_library() {
  const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code == CURLE_OK) return;
  throw util::Error(util::Kind::os, std::string("cannot start libcurl: ") + curl_easy_strerror(code));
}

}  // namespace mailhaul::net
