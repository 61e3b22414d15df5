// SPDX-License-Identifier: MIT
#pragma once

namespace mailhaul::net {

/// The CURLSH* that keeps the TLS sessions of this process, to be resumed by later connections to the same
/// server with the same settings (RFC 8446 section 2.2): a process that watches many accounts verifies a
/// chain of certificates once in a while instead of each time. Any thread may use handles that share it.
/// Exists until the process ends, so it outlives the handles. nullptr if memory is short: nothing is resumed.
[[nodiscard]] void* tls_sessions();

}  // namespace mailhaul::net
