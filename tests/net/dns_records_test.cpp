// SPDX-License-Identifier: MIT
#include "net/dns_records.h"

#include <doctest/doctest.h>

#include "support/cpp/name_server.h"
#include "support/cpp/time_out.h"
#include "util/error.h"

namespace {

using mailhaul::net::DnsAnswer;
using mailhaul::net::RecordType;
using mailhaul::test::dns_name;
using mailhaul::test::NameServer;
using mailhaul::test::two_bytes;

std::string srv(unsigned priority, unsigned weight, unsigned port, const std::string& host) {
  return two_bytes(priority) + two_bytes(weight) + two_bytes(port) + dns_name(host);
}

std::string txt(const std::vector<std::string>& parts) {
  std::string bytes;
  for (const auto& part : parts) bytes += static_cast<char>(part.size()) + part;
  return bytes;
}

std::vector<DnsAnswer> ask(const std::string& server, std::chrono::seconds limit,
                           const std::vector<mailhaul::net::DnsQuestion>& questions) {
  const mailhaul::util::Cancel cancel;
  return mailhaul::net::ask_dns(questions, {.name_server = server, .limit = limit}, cancel);
}

TEST_CASE("SRV, MX and TXT records are read, the best server first") {
  const NameServer server(
      {{"33 _pop3s._tcp.example.org",
        {srv(20, 9, 995, "second.example.org"), srv(10, 1, 995, "light.example.org"),
         srv(10, 5, 9955, "heavy.example.org")}},
       {"33 _pop3._tcp.example.org", {srv(0, 0, 0, ".")}},
       {"15 example.org",
        {two_bytes(20) + dns_name("mx2.example.org"), two_bytes(10) + dns_name("mx1.example.org")}},
       {"16 _x.example.org", {txt({std::string(200, 'a'), "b"}), txt({"c"})}}});
  const auto answers = ask(server.at(), mailhaul::test::limit,
                           {{RecordType::srv, "_pop3s._tcp.example.org"},
                            {RecordType::srv, "_pop3._tcp.example.org"},
                            {RecordType::mx, "example.org"},
                            {RecordType::txt, "_x.example.org"},
                            {RecordType::mx, "nowhere.example"}});
  for (const auto& answer : answers) CHECK(answer.problem.empty());
  REQUIRE(answers[0].targets.size() == 3);
  CHECK(answers[0].targets[0].host == "heavy.example.org");
  CHECK(answers[0].targets[0].port == 9955);
  CHECK(answers[0].targets[2].host == "second.example.org");
  REQUIRE(answers[1].targets.size() == 1);
  CHECK(answers[1].targets[0].host.empty());
  REQUIRE(answers[2].targets.size() == 2);
  CHECK(answers[2].targets[0].host == "mx1.example.org");
  CHECK(answers[3].texts == std::vector<std::string>{std::string(200, 'a') + "b", "c"});
  CHECK(answers[4].targets.empty());
}

TEST_CASE("a name server that says nothing is given up in time, and garbage is a problem") {
  const NameServer server({{"15 silent.example", {"drop"}}, {"15 odd.example", {two_bytes(1) + "\xff\xff"}}});
  // One after the other: c-ares 1.34 takes garbage as the answer to its other queries to that server, too.
  const auto problem = [&](const std::string& name) {
    return ask(server.at(), std::chrono::seconds(1), {{RecordType::mx, name}}).front().problem;
  };
  CHECK(problem("silent.example") == "no answer in time");
  CHECK_FALSE(problem("odd.example").empty());
}

TEST_CASE("a name server is named by its address") {
  CHECK_THROWS_AS(
      static_cast<void>(ask("nonsense", std::chrono::seconds(1), {{RecordType::mx, "a.example"}})),
      mailhaul::util::Error);
}

}  // namespace
