// SPDX-License-Identifier: MIT
// One account out of what the defaults, its own entry and the command line say.
#pragma once
#include <span>
#include <string>

#include "account/config.h"
#include "account/document.h"

namespace mailhaul::account {

/// One of the places that say something about an account.
struct Layer {
  const Node* object = nullptr;
  std::string file;   ///< empty: the command line
  std::string path;   ///< "defaults", "accounts.work"
  Position position;  ///< of its name, for what is missing
};

/// Refuses what is no object, unknown keys, and values that cannot be read, even those that a later layer
/// replaces.
void check_layer(const Layer& layer, const Paths& paths);

/// The account that the layers make, a later one over an earlier. Throws Error{config | usage}.
Account make_account(const std::string& name, std::span<const Layer> layers, const Paths& paths);

/// The command line's options as an object; several `deliver` become an array. Throws Error{usage}.
Node options_object(std::span<const Override> overrides);

}  // namespace mailhaul::account
