// SPDX-License-Identifier: MIT
// The key `deliver`: a string, an object, or an array of them.
#pragma once
#include <span>
#include <vector>

#include "account/setting.h"
#include "delivery/spec.h"

namespace mailhaul::account {

/// At least one, no two to one place; each of one of `kinds`.
std::vector<delivery::Spec> destinations_of(const Setting& setting,
                                            delivery::Kinds kinds = delivery::kinds());
/// As they would be written in full.
Node show_destinations(std::span<const delivery::Spec> specs);

}  // namespace mailhaul::account
