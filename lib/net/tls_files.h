// SPDX-License-Identifier: MIT
#pragma once
#include "net/connection.h"

namespace mailhaul::net {

/// True if OpenSSL can find the system's authorities by the hash of their names: openssl-rehash(1).
bool has_hashed_authorities();

/// Throws Error{config} "KEY: ..." if a file that the endpoint's TLS needs is missing, or a key is not
/// private.
void require_files(const Endpoint& endpoint);

}  // namespace mailhaul::net
