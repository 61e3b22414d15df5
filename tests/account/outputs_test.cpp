// SPDX-License-Identifier: MIT
// The keys of the top level that name what a run writes besides mail.
#include <doctest/doctest.h>

#include "account/config.h"
#include "fixture.h"

using namespace mailhaul;
using test::Profile;
using test::work;

namespace {

Profile with(const std::string& keys) { return Profile("{" + keys + ", " + work("").substr(1)); }

}  // namespace

TEST_CASE("the log is a file, or the word syslog") {
  const auto log = [](const std::string& value) { return with("\"log\": \"" + value + "\"").load().log; };
  CHECK(Profile(work("")).load().log.empty());
  CHECK(log("syslog") == account::to_syslog);
  CHECK(log("~/syslog") == "/home/anna/syslog");
  CHECK(log("/var/log/mail") == "/var/log/mail");
  CHECK(log("mail.log") == "/home/anna/mail.log");
  CHECK(with("\"log\": \"\"").said().sentence == "F:1:9: log: must not be empty");
  CHECK(with("\"log\": true").said().sentence == "F:1:9: log: must be a string, not true");
}

TEST_CASE("the metrics are a file") {
  CHECK(Profile(work("")).load().metrics.empty());
  CHECK(with("\"metrics\": \"~/m.prom\"").load().metrics == "/home/anna/m.prom");
  CHECK(with("\"metrics\": 1").said().sentence == "F:1:13: metrics: must be a string, not a number");
}
