// SPDX-License-Identifier: MIT
// The settings for which a test must hold: the kinds of destination, with PIPELINING and without, and mail
// that stays on the server or is removed.
#pragma once
#include <ostream>

#include "fixture.h"

namespace mailhaul::test {

struct Setting {
  std::string kind;
  bool pipelining, leave;
  /// How many of so many delivered messages are still on the server.
  std::size_t left_of(std::size_t messages) const { return leave ? messages : 0; }
};

inline std::ostream& operator<<(std::ostream& out, const Setting& setting) {
  return out << setting.kind << (setting.pipelining ? ", PIPELINING" : ", one by one")
             << (setting.leave ? ", leaving" : ", removing");
}

inline std::vector<Setting> settings() {
  std::vector<Setting> all;
  for (const auto* kind : {"maildir", "mbox", "mda"}) {
    for (const bool pipelining : {true, false}) {
      for (const bool leave : {true, false}) all.push_back({kind, pipelining, leave});
    }
  }
  return all;
}

inline void set_up(Household& house, const Setting& setting) {
  house.server.options.pipelining = setting.pipelining;
  house.account.policy.leave_on_server = setting.leave;
  house.deliver_as(setting.kind);
}

}  // namespace mailhaul::test
