// SPDX-License-Identifier: MIT
#include "engine/trace_header.h"

#include <doctest/doctest.h>

using namespace mailhaul;

TEST_CASE("the trace header names the server, this machine, the id and the time of delivery") {
  account::Account account;
  account.server = {.host = "pop.example.org", .tls = net::Tls::implicit};
  const state::Time now{std::chrono::seconds(1'700'000'000)};
  CHECK(engine::trace_header(account, "here", "17.mh.here", now) ==
        "Received: from pop.example.org by here with POP3S (mailhaul)\n"
        "\tid 17.mh.here; Tue, 14 Nov 2023 22:13:20 +0000\n");
  account.server.tls = net::Tls::none;
  CHECK(engine::trace_header(account, "here", "17.mh.here", now).find(" with POP3 ") != std::string::npos);
}
