// SPDX-License-Identifier: MIT
// The key `deliver`: a string, an object, or an array of them.
#pragma once
#include <span>
#include <vector>

#include "account/setting.h"
#include "delivery/spec.h"

namespace mailhaul::account {

/// At least one destination. All of them are of the given kinds, and no two are the same place.
std::vector<delivery::Spec> destinations_of(const Setting& setting,
                                            delivery::Kinds kinds = delivery::kinds());
/// The destinations as objects with all their fields.
Node show_destinations(std::span<const delivery::Spec> specs);

}  // namespace mailhaul::account
