// SPDX-License-Identifier: MIT
#include "net/tls_files.h"

#include <curl/curl.h>
#include <fcntl.h>

#include <filesystem>

#include "net/curl_handle.h"
#include "net/environment_proxy.h"
#include "net/login_method.h"
#include "net/proxy_url.h"
#include "util/error.h"
#include "util/file.h"

namespace mailhaul::net {

namespace {

/// Lets an error name the key whose file it is about.
template <typename Check>
void of_key(const std::string& key, const Check& check) {
  try {
    check();
  } catch (const util::Error& error) {
    throw util::prefixed(key, error, "check the path in \"" + key + "\"");
  }
}

void require_readable(const std::string& key, const std::string& file) {
  of_key(key, [&] { util::open_file(file, O_RDONLY | O_NONBLOCK, 0, util::Kind::config); });
}

}  // namespace

bool has_hashed_authorities() {
  const char* const directory = curl_version_info(CURLVERSION_NOW)->capath;
  if (directory == nullptr) return false;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(directory, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const auto name = entry->path().filename().native();
    if (name.size() == 10 && name.ends_with(".0")) return true;  // 8 digits and ".0"
  }
  return false;
}

void require_files(const Endpoint& endpoint) {
  if (!endpoint.ca_file.empty()) require_readable("tls_ca_file", endpoint.ca_file);
  if (endpoint.client_cert.empty()) return;
  require_readable("tls_client_cert", endpoint.client_cert);
  const bool apart = !endpoint.client_key.empty();
  of_key(apart ? "tls_client_key" : "tls_client_cert", [&] {
    util::require_private(apart ? endpoint.client_key : endpoint.client_cert, "a private key",
                          endpoint.credentials_directory);
  });
}

void require_usable(const Endpoint& endpoint, Auth auth) {
  login_methods(auth, endpoint.tls, {});
  require_proxy_url(endpoint.proxy);
  if (endpoint.proxy == "env" && endpoint.crosses_network()) {
    const bool renamed = endpoint.tls != Tls::none && !endpoint.server_name.empty();
    Endpoint named = endpoint;
    if (renamed) named.host = endpoint.server_name;
    // Throws if the environment names something that is not a proxy.
    static_cast<void>(proxy_of_environment("pop3://" + address_of(named) + "/"));
  }
  if (endpoint.tls != Tls::none) require_files(endpoint);
}

}  // namespace mailhaul::net
