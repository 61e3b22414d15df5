// SPDX-License-Identifier: MIT
#pragma once
#include "net/connection.h"

namespace mailhaul::net {

/// Throws Error{config} "KEY: ..." where a file that the endpoint's TLS needs is missing, or a key not
/// private.
void require_files(const Endpoint& endpoint);

}  // namespace mailhaul::net
