// SPDX-License-Identifier: MIT
// No message is lost or delivered twice because a bit of the state database is flipped.
#include <doctest/doctest.h>

#include <map>

#include "fixture.h"

using namespace mailhaul;
using test::body_of;
using test::Household;
using test::mail_of;
using Bodies = std::vector<std::string>;

namespace {

/// Eight messages were delivered and are still on the server. Two more have arrived there since.
struct Damaged : Household {
  std::string state;
  std::map<std::filesystem::path, std::string> delivered;
  Bodies all;

  Damaged() {
    account.policy.leave_on_server = true;
    put_on_server(8);
    run();
    state = test::slurp(environment.state_file);
    for (const auto& entry : std::filesystem::directory_iterator(dir / "maildir" / "new")) {
      delivered.emplace(entry.path(), test::slurp(entry.path()));
    }
    for (int n = 1; n <= 10; ++n) all.push_back(body_of(n));
    std::ranges::sort(all);
  }

  void put_on_server(int count) {
    server.messages.clear();
    for (int n = 1; n <= count; ++n) server.messages.push_back(mail_of(n));
  }

  void put_back(const std::string& bytes) {
    for (const auto* suffix : {"-wal", "-shm"}) {
      std::filesystem::remove(environment.state_file.native() + suffix);
    }
    test::spill(environment.state_file, bytes);
    for (const auto& entry : std::filesystem::directory_iterator(dir / "maildir" / "new")) {
      if (!delivered.contains(entry.path())) std::filesystem::remove(entry.path());
    }
    put_on_server(10);
  }

  /// Whether each message is in the Maildir once, or only on the server.
  bool exactly_once() const {
    const auto mail = this->mail();
    for (const auto& body : all) {
      const auto copies = std::ranges::count(mail, body);
      const auto on_server = std::ranges::count_if(
          server.messages, [&](const auto& message) { return body_of(message) == body; });
      if (copies > 1 || (copies == 0 && on_server == 0)) return false;
    }
    return true;
  }
  static std::string body_of(const test::StoredMessage& message) {
    std::string body = message.bytes;
    std::erase(body, '\r');
    return body;
  }
  static std::string body_of(int n) { return test::body_of(n); }
};

}  // namespace

TEST_CASE("a flipped bit in the state database stops the run, or changes nothing") {
  constexpr std::size_t stride = 1613;
  Damaged house;
  int stopped = 0;
  for (std::size_t bit = 0; bit < house.state.size() * 8; bit += stride) {
    CAPTURE(bit);
    std::string bytes = house.state;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    house.put_back(bytes);
    house.account.policy.leave_on_server = bit % 2 == 0;
    const int status = engine::status_of(house.run());
    CHECK((status == 0 || status == 74));
    CHECK(house.exactly_once());
    if (status == 0) CHECK(house.mail() == house.all);
    if (status == 74) ++stopped;
  }
  CHECK(stopped > 0);
}
