// SPDX-License-Identifier: MIT
// Handing messages to another program, LAW section 5.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "delivery/kinds.h"

namespace mailhaul::delivery {

/// The values of the placeholders in a command.
struct Placeholders {
  std::string sender, user, account, id;
  std::uint64_t bytes = 0;
};
/// One argument with %F %T %a %i %s %% replaced; anything else stays as it is.
std::string expand(std::string_view argument, const Placeholders& with);

extern const KindRow mda_kind;

}  // namespace mailhaul::delivery
