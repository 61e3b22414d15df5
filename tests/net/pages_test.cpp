// SPDX-License-Identifier: MIT
// Several HTTPS requests at once.
#include "fixture.h"
#include "net/https_request.h"
#include "support/cpp/temp_dir.h"

namespace {

using mailhaul::net::HttpsOutcome;
using mailhaul::net::HttpsRequest;
using namespace mailhaul::test;

/// Reads a request and answers with this body.
Script page_of(const std::string& body, const std::string& status = "200 OK") {
  return [=](Client& client) {
    while (!client.hear().empty()) continue;
    client.send("HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\nConnection: close\r\n\r\n" + body);
  };
}

struct Web {
  Web() { spill(directory / "ca.pem", authority().pem()); }

  ScriptedServer& serve(const Script& script) {
    return *servers.emplace_back(std::make_unique<ScriptedServer>(
        script, ScriptedServer::Options{.tls = true, .certificate = authority().issue()}));
  }

  HttpsRequest request(const ScriptedServer& server) const {
    return {.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/page",
            .ca_file = directory / "ca.pem",
            .limit = limit,
            .accept = "text/xml"};
  }

  template <typename... Requests>
  std::vector<HttpsOutcome> ask(Requests&&... requests) const {
    const std::array<HttpsRequest, sizeof...(requests)> all{std::forward<Requests>(requests)...};
    return mailhaul::net::ask_https_together(all, cancel);
  }

  TempDir directory;
  std::vector<std::unique_ptr<ScriptedServer>> servers;
  mailhaul::util::Cancel cancel;
};

TEST_CASE("pages are asked for at once, and each has its own outcome") {
  Web web;
  const auto& first = web.serve(page_of("one"));
  const auto& missing = web.serve(page_of("none", "404 Not Found"));
  const auto& rude = web.serve([](Client&) {});
  const auto outcomes =
      web.ask(web.request(first), web.request(missing), web.request(rude),
              HttpsRequest{.url = "file:///etc/hostname"}, HttpsRequest{.url = "http://127.0.0.1/"});
  REQUIRE(outcomes.size() == 5);
  REQUIRE(outcomes[0].answer);
  CHECK(outcomes[0].answer->body.reveal() == "one");
  REQUIRE(outcomes[1].answer);
  CHECK(outcomes[1].answer->status == 404);
  for (std::size_t i = 2; i < 5; ++i) {
    CHECK_FALSE(outcomes[i].answer);
    REQUIRE(outcomes[i].error);
  }
  const auto heard = first.received();
  CHECK(std::ranges::find(heard, "Accept: text/xml") != heard.end());
}

TEST_CASE("a page that is too long or never comes does not hold up the others") {
  Web web;
  const auto& good = web.serve(page_of("good"));
  const auto& endless = web.serve([](Client& client) {
    client.send("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n");
    for (;;) client.send(std::string(1U << 16U, 'x'));
  });
  const auto& silent = web.serve([](Client& client) { client.wait_until_gone(); });
  auto long_page = web.request(endless), no_page = web.request(silent);
  long_page.largest = 65536;
  no_page.limit = std::chrono::seconds(1);
  const auto outcomes = web.ask(web.request(good), std::move(long_page), std::move(no_page));
  CHECK(outcomes[0].answer->body.reveal() == "good");
  CHECK(std::string(outcomes[1].error->what()).find("too large") != std::string::npos);
  CHECK(outcomes[2].error->kind() == mailhaul::util::Kind::temporary);
}

TEST_CASE("a page of somebody else's certificate is not taken") {
  Web web;
  auto request = web.request(web.serve(page_of("evil")));
  request.ca_file.clear();
  const auto outcomes = web.ask(std::move(request));
  CHECK_FALSE(outcomes[0].answer);
  CHECK(outcomes[0].error->kind() == mailhaul::util::Kind::unavailable);
}

TEST_CASE("a file of authorities that cannot be used is named, and the hint is about that file") {
  Web web;
  auto request = web.request(web.serve(page_of("one")));
  request.ca_file = web.directory / "junk.pem";
  spill(request.ca_file, "no certificate");
  const auto outcomes = web.ask(std::move(request));
  CHECK_FALSE(outcomes[0].answer);
  REQUIRE(outcomes[0].error);
  CHECK(outcomes[0].error->kind() == mailhaul::util::Kind::unavailable);
  CHECK(std::string(outcomes[0].error->what()).find("junk.pem") != std::string::npos);
  CHECK(outcomes[0].error->hint().find("\"tls_ca_file\" must contain certificates") != std::string::npos);
}

TEST_CASE("the answer to a body that was sent is waited for although the program is asked to stop") {
  Web web;
  const auto& server = web.serve([&](Client& client) {
    while (!client.hear().empty()) continue;
    client.hear();  // the body
    web.cancel.request();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntoken");
    client.wait_until_gone();
  });
  auto request = web.request(server);
  request.type = mailhaul::net::BodyType::form;
  request.body = mailhaul::util::Secret("refresh_token=x\r\n");
  CHECK(mailhaul::net::ask_https(request, web.cancel).body.reveal() == "token");
}

TEST_CASE("asking for pages stops when the program is asked to stop") {
  Web web;
  const auto& silent = web.serve([](Client& client) { client.wait_until_gone(); });
  web.cancel.request();
  CHECK_THROWS_AS(static_cast<void>(web.ask(web.request(silent))), mailhaul::util::Error);
}

}  // namespace
