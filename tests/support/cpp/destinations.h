// SPDX-License-Identifier: MIT
// Destinations as a profile would name them.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "delivery/spec.h"

namespace mailhaul::test {

/// A destination of a kind that only needs a path, such as "maildir" or "mbox".
inline delivery::Spec place(const std::string& kind, const util::Path& path) {
  return {.kind = delivery::find_kind(kind), .values = {{"path", {.text = path.native()}}}};
}

/// An MDA. It may run as root, in case root runs the tests.
inline delivery::Spec program(std::vector<std::string> command) {
  return {.kind = delivery::find_kind("mda"),
          .values = {{"command", {.words = std::move(command)}}, {"allow_root", {.flag = true}}}};
}

}  // namespace mailhaul::test
