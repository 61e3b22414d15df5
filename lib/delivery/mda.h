// SPDX-License-Identifier: MIT
// Handing messages to another program, LAW section 5.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "delivery/destination.h"

namespace mailhaul::delivery {

/// What stands for the placeholders of a command.
struct Placeholders {
  std::string sender, user, account, id;
  std::uint64_t bytes = 0;
};
/// One argument with %F %T %a %i %s %% replaced; anything else stays as it is.
std::string expand(std::string_view argument, const Placeholders& with);

/// Throws Error{config} when run as root without allow_root.
std::unique_ptr<Destination> open_mda(const Spec& spec, const RunContext& context);
/// Good for recover() alone.
std::unique_ptr<Destination> reopen_mda(const std::string& target, const RunContext& context);

}  // namespace mailhaul::delivery
