// SPDX-License-Identifier: MIT
// Access to what is recorded about a Household's mail.
#pragma once
#include <doctest/doctest.h>

#include <functional>
#include <mutex>

#include "fixture.h"

namespace mailhaul::test {

/// Changes the row of the first message that was fetched.
inline void change_first_row(const Household& house, const std::function<void(state::Row&)>& change) {
  std::mutex writes;
  state::Store store(house.environment.state_file, writes);
  const auto mailbox = store.mailbox("anna", "pop.example.org", 0);
  auto row = store.row(mailbox, 1);
  REQUIRE(row);
  change(*row);
  store.commit(mailbox, {.rows = {*row}});
}

}  // namespace mailhaul::test
