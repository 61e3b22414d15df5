// SPDX-License-Identifier: MIT
#pragma once
#include <string>

#include "account/config.h"

namespace mailhaul::app {

/// The JSON Schema of each line that --json prints.
std::string output_schema(account::Layout layout);

}  // namespace mailhaul::app
