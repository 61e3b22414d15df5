// SPDX-License-Identifier: MIT
#include "app/standard_input.h"

#include <iostream>

namespace mailhaul::app {

util::Secret read_standard_input(std::size_t most, const util::Error& too_long, const util::Cancel& cancel) {
  std::string text(most + 1, '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::cin.gcount()));
  if (cancel.requested())
    throw util::Error(util::Kind::cancelled, "stopped while reading standard input; nothing was changed");
  if (text.size() > most) throw too_long;
  return util::Secret(std::move(text));
}

}  // namespace mailhaul::app
