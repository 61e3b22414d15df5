// SPDX-License-Identifier: MIT
#include "report/listener.h"

namespace mailhaul::report {

std::string_view name_of(Action action) {
  switch (action) {
    case Action::fetch:
      return "fetch";
    case Action::verify:
      return "verify";
    case Action::remove:
      return "remove";
    case Action::leave:
      return "leave";
    case Action::skip:
      return "skip";
  }
  return {};
}

}  // namespace mailhaul::report
