// SPDX-License-Identifier: MIT
// Notices that servers send in place of a message, to clients that they consider too old.
#pragma once
#include "util/digest.h"

namespace mailhaul::engine {

/// Whether a message with this header hash is such a notice, not the mail that the server keeps. The only
/// known one is sent by Courier's pop3d, in place of a message with UTF-8 in its header, to clients that have
/// not sent UTF8 (RFC 6856 section 2). It contains the message as an attachment.
[[nodiscard]] bool stands_in_for_another(const util::Hash& header);

}  // namespace mailhaul::engine
