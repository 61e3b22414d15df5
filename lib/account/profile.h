// SPDX-License-Identifier: MIT
// Makes one account from the defaults, its own entry and the command line.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "account/config.h"
#include "account/document.h"
#include "util/error.h"

namespace mailhaul::account {

/// One of the places where keys of an account are set.
struct Layer {
  const Node* object = nullptr;
  std::string file;   ///< empty: the command line
  std::string path;   ///< "defaults", "accounts.work"
  Position position;  ///< of its name, to report missing keys
};

/// Refuses anything that is not an object, unknown keys, and values that cannot be read, even if a later
/// layer replaces them.
void check_layer(const Layer& layer, const Paths& paths);
/// Makes the same checks, and returns all mistakes instead of throwing the first.
std::vector<util::Error> mistakes_in(const Layer& layer, const Paths& paths);

/// The account that the layers describe; a later layer overrides an earlier one. Throws
/// Error{config | usage}.
Account make_account(const std::string& name, std::span<const Layer> layers, const Paths& paths,
                     Purpose purpose = Purpose::deliver);

/// The options of the command line as an object; several `deliver` become an array. Throws Error{usage}.
Node options_object(std::span<const Override> overrides);

}  // namespace mailhaul::account
