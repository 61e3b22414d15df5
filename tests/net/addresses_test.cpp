// SPDX-License-Identifier: MIT
// Hosts with several addresses, some of which do not work, and host names that are not ASCII.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <map>

#include "fixture.h"
#include "net/https_request.h"
#include "util/fd.h"

namespace {

using namespace mailhaul::test;
using mailhaul::net::Tls;
using mailhaul::util::Fd;
using Strings = std::vector<std::string>;

/// The addresses of hosts in these tests. All other hosts are looked up as usual.
std::map<std::string, Strings>& known_hosts() {
  static std::map<std::string, Strings> hosts;
  return hosts;
}

/// What is called when these hosts are looked up. The look-up fails with the error that it returns.
std::map<std::string, std::function<int()>>& failing_hosts() {
  static std::map<std::string, std::function<int()>> hosts;
  return hosts;
}

/// Accepts connections on an address of this machine, and says nothing. An empty queue is enough: nobody
/// calls accept(2).
class Mute {
 public:
  Mute(const std::string& address, std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    REQUIRE(::inet_pton(AF_INET, address.c_str(), &to.sin_addr) == 1);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    REQUIRE(::listen(socket_.get(), 8) == 0);
  }

 private:
  Fd socket_;
};

/// Drops every request for a connection to the IPv6 address of this machine, as a network without a route to
/// the internet does: the queue of its socket is full.
class Dead {
 public:
  explicit Dead(std::uint16_t port) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(port);
    to.sin6_addr = in6addr_loopback;
    const auto* const address = reinterpret_cast<const sockaddr*>(&to);
    if (::bind(socket_.get(), address, sizeof to) != 0 || ::listen(socket_.get(), 0) != 0) return;
    for (auto& one : waiting_) {
      one = Fd(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0));
      static_cast<void>(::connect(one.get(), address, sizeof to));
    }
    is_there_ = true;
  }
  bool is_there() const { return is_there_; }

 private:
  Fd socket_{::socket(AF_INET6, SOCK_STREAM, 0)};
  std::array<Fd, 4> waiting_;
  bool is_there_ = false;
};

const std::string logs_in = greeting_and_capa({"SASL PLAIN"}) + "C: AUTH PLAIN *\nS: +OK in\n";

struct Several : TrustingSession {
  Several(const ScriptedServer& server, Strings addresses, Tls tls = Tls::none)
      : TrustingSession(server, tls) {
    endpoint.host = "several.test";
    known_hosts()[endpoint.host] = std::move(addresses);
    endpoint.server_name = "localhost";
  }
};

}  // namespace

/// Replaces the system's function in this program, for libcurl as well.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* wanted, addrinfo** found) {
  const auto real = reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  const auto failing = failing_hosts().find(host == nullptr ? "" : host);
  if (failing != failing_hosts().end()) return failing->second();
  const auto known = known_hosts().find(host == nullptr ? "" : host);
  if (known == known_hosts().end()) return real(host, service, wanted, found);
  *found = nullptr;
  addrinfo** end = found;
  for (const auto& address : known->second) {
    if (real(address.c_str(), service, wanted, end) != 0) continue;
    while (*end != nullptr) end = &(*end)->ai_next;
  }
  return *found == nullptr ? EAI_NONAME : 0;
}

namespace {

/// Opens a session at a host with two mute addresses before the one that works. Returns false if the time
/// was too short, which it can be on a busy machine.
bool gets_past_mute_addresses(Tls tls, std::chrono::seconds connect_timeout) {
  ScriptedServer server(transcript(logs_in),
                        {.tls = tls == Tls::implicit, .certificate = authority().issue()});
  const Mute first("127.0.0.2", server.port());
  const Mute second("127.0.0.3", server.port());
  Several session(server, {"127.0.0.2", "127.0.0.3", "127.0.0.1"}, tls);
  session.endpoint.connect_timeout = connect_timeout;
  try {
    session.open();
  } catch (const mailhaul::util::Error&) {
    return false;
  }
  server.wait_until_quiet();
  return server.connections() == 1 && session.traced("* this address does not answer; 127.0.0.3 is tried") &&
         session.traced("* this address does not answer; 127.0.0.1 is tried");
}

}  // namespace

TEST_CASE("after an address that accepts the connection and is mute, the next one is tried") {
  for (const Tls tls : {Tls::none, Tls::implicit}) {
    CAPTURE(static_cast<int>(tls));
    CHECK(with_time_out(
        [tls](std::chrono::seconds time_out) { return gets_past_mute_addresses(tls, time_out); }));
  }
}

TEST_CASE("the same holds where libcurl does the login itself") {
  const Strings known = mailhaul::net::supported_auth();
  if (std::ranges::find(known, "ntlm") == known.end()) {
    MESSAGE("this libcurl has no NTLM, and this test says nothing");
    return;
  }
  CHECK(with_time_out([](std::chrono::seconds time_out) {
    ScriptedServer server(
        transcript(greeting_and_capa({"SASL NTLM"}) + "C: AUTH NTLM *\nS: -ERR [AUTH] wrong\nHANG\n"));
    const Mute mute("127.0.0.2", server.port());
    Several session(server, {"127.0.0.2", "127.0.0.1"});
    session.endpoint.connect_timeout = time_out;
    session.login.auth = mailhaul::net::Auth::ntlm;
    return session.refused().kind() == mailhaul::util::Kind::login && server.connections() == 1 &&
           session.traced("* this address does not answer; 127.0.0.1 is tried");
  }));
}

TEST_CASE("a dead IPv6 address does not hold up the connection by IPv4") {
  for (const Tls tls : {Tls::none, Tls::implicit}) {
    CAPTURE(static_cast<int>(tls));
    ScriptedServer server(transcript(logs_in),
                          {.tls = tls == Tls::implicit, .certificate = authority().issue()});
    const Dead dead(server.port());
    if (!dead.is_there()) {
      MESSAGE("there is no IPv6 here, and this test says nothing");
      return;
    }
    Several session(server, {"::1", "127.0.0.1"}, tls);
    CHECK_NOTHROW(session.open());  // without waiting for a part of the time limit
    CHECK_FALSE(session.traced("* this address does not answer; 127.0.0.1 is tried"));
    if (tls != Tls::none) continue;
    session.endpoint.family = mailhaul::net::Family::ipv6;
    CHECK(with_time_out([&](std::chrono::seconds time_out) {
      session.endpoint.connect_timeout = time_out;
      return contains(session.refused().what(), "(tried ::1)");
    }));
  }
}

TEST_CASE("an address that refuses connections is skipped at once") {
  ScriptedServer server(transcript(logs_in));
  Several session(server, {"127.0.0.2", "127.0.0.1"});
  CHECK_NOTHROW(session.open());
}

TEST_CASE("a single address is waited for as long as connect_timeout says") {
  CHECK(with_time_out([](std::chrono::seconds time_out) {
    ScriptedServer server([time_out](Client& client) {
      // This is more than the third of the time that one of several addresses gets, but less than the half in
      // which CAPA must be answered.
      client.dawdle(std::chrono::milliseconds(time_out) * 5 / 12);
      transcript(logs_in)(client);
    });
    Several session(server, {"127.0.0.1"});
    session.endpoint.connect_timeout = time_out;
    try {
      session.open();
    } catch (const mailhaul::util::Error&) {
      return false;
    }
    server.wait_until_quiet();
    return server.connections() == 1;
  }));
}

TEST_CASE("an error names the addresses that were tried") {
  struct Row {
    Strings addresses;
    std::string words;
  };
  ScriptedServer server(transcript("HANG\n"));
  const auto port = std::to_string(server.port());
  const Mute mute("127.0.0.2", server.port());
  const std::vector<Row> rows = {
      {{"127.0.0.3", "127.0.0.4"},
       "cannot connect to several.test:" + port + " (tried 127.0.0.3, 127.0.0.4): Connection refused"},
      {{"127.0.0.3"}, "cannot connect to several.test:" + port + " (tried 127.0.0.3): Connection refused"},
      {{"127.0.0.2", "127.0.0.1"},
       "several.test:" + port + " (tried 127.0.0.2, 127.0.0.1) sent no greeting within "},
  };
  for (const Row& row : rows) {
    CAPTURE(row.words);
    CHECK(with_time_out([&](std::chrono::seconds time_out) {
      Several session(server, row.addresses);
      session.endpoint.connect_timeout = time_out;
      const std::string what = session.refused().what();
      return what == row.words || what == row.words + std::to_string(time_out.count()) + "s";
    }));
  }
}

TEST_CASE("a host name with umlauts is looked up in its ASCII form, though the locale is C") {
  ScriptedServer server(transcript(logs_in));
  Session session(server);
  known_hosts()["xn--bcher-kva.test"] = {"127.0.0.1"};
  session.endpoint.host =
      "B\xC3\xBC"
      "cher.test";
  CHECK_NOTHROW(session.open());
  known_hosts().erase("xn--bcher-kva.test");
  CHECK(contains(session.refused().what(),
                 "there is no host B\xC3\xBC"
                 "cher.test"));
}

TEST_CASE("a certificate for the ASCII form of a host name is good for the form with umlauts") {
  ScriptedServer server(transcript(logs_in),
                        {.tls = true, .certificate = authority().issue({.names = {"xn--bcher-kva.test"}})});
  Several session(server, {"127.0.0.1"}, Tls::implicit);
  session.endpoint.server_name =
      "b\xC3\xBC"
      "cher.test";
  CHECK_NOTHROW(session.open());
  session.endpoint.server_name.clear();
  session.endpoint.host =
      "b\xC3\xBC"
      "cher.test";
  known_hosts()["xn--bcher-kva.test"] = {"127.0.0.1"};
  CHECK_NOTHROW(session.open());
}

namespace {

/// A host whose look-up first asks the run to stop, and then fails. The state that the look-up uses may
/// outlive a test, because libcurl does not wait for a look-up.
struct StoppingHost {
  explicit StoppingHost(const std::string& name, std::shared_future<void> release = {}) {
    failing_hosts()[name] = [shared = state_, release = std::move(release)] {
      const auto state = shared;
      const bool is_first = ++state->times == 1;
      if (is_first) state->cancel.request();
      if (release.valid()) release.wait();
      if (is_first) state->over.set_value();
      return EAI_AGAIN;
    };
  }
  mailhaul::util::Cancel& cancel() { return state_->cancel; }
  int times() const { return state_->times; }
  void wait_until_over() { state_->over.get_future().wait(); }

 private:
  struct State {
    mailhaul::util::Cancel cancel;
    std::atomic<int> times{0};
    std::promise<void> over;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace

TEST_CASE("a run that is to stop does not look up a host a second time") {
  ScriptedServer server(transcript(logs_in));
  for (const auto family : {mailhaul::net::Family::any, mailhaul::net::Family::ipv4}) {
    CAPTURE(static_cast<int>(family));
    Session session(server);
    const mailhaul::net::Trace no_trace;
    session.endpoint.host = "stopped" + std::to_string(static_cast<int>(family)) + ".test";
    StoppingHost host(session.endpoint.host);
    session.endpoint.family = family;
    try {
      static_cast<void>(mailhaul::net::open_pop3({.endpoint = session.endpoint,
                                                  .login = session.login,
                                                  .remembered_method = {},
                                                  .cancel = host.cancel(),
                                                  .trace = no_trace}));
      FAIL("the session was opened");
    } catch (const mailhaul::util::Error& error) {
      CHECK(error.kind() == mailhaul::util::Kind::cancelled);
    }
    host.wait_until_over();
    CHECK(host.times() == 1);
  }
}

TEST_CASE("an HTTPS request that is to stop does not wait for a resolver that does not answer") {
  mailhaul::net::start_library();
  std::promise<void> release;
  StoppingHost host("silent.test", release.get_future().share());
  auto asked = std::async(std::launch::async, [&] {
    static_cast<void>(
        mailhaul::net::ask_https({.url = "https://silent.test/", .limit = limit}, host.cancel()));
  });
  CHECK(asked.wait_for(limit) == std::future_status::ready);
  release.set_value();
  CHECK_THROWS_WITH(asked.get(), "stopped while asking silent.test");
  host.wait_until_over();
}
