// SPDX-License-Identifier: MIT
#include "delivery/stdout.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "fixture.h"

using namespace mailhaul;
using namespace mailhaul::delivery;
using mailhaul::test::contains;
using mailhaul::test::deliver;
using mailhaul::test::Fixture;
using mailhaul::test::put;
using mailhaul::test::slurp;
using mailhaul::test::thrown;

namespace {

struct PipeFixture : Fixture {
  util::Fd reader, writer;
  const std::string from = "From MAILER-DAEMON Tue Nov 14 22:13:20 2023\n";

  PipeFixture() {
    std::signal(SIGPIPE, SIG_IGN);
    std::array<int, 2> pipe{};
    REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
    reader = util::Fd(pipe[0]);
    writer = util::Fd(pipe[1]);
  }
  std::string read_some() const {
    std::string text(65536, '\0');
    const auto n = ::read(reader.get(), text.data(), text.size());
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
  }
  std::string read_all() const {
    std::string text;
    for (auto piece = read_some(); !piece.empty(); piece = read_some()) text += piece;
    return text;
  }
};

}  // namespace

TEST_CASE_FIXTURE(PipeFixture, "messages are written as an mbox stream, and each only once it is whole") {
  const auto out = open_stdout(writer.get(), context);
  const auto letter = envelope();
  const auto one = put(*out, letter, "From x\r\nlast", 1);
  std::vector<Ticket> tickets{one, put(*out, envelope(false), "two\r\n")};
  ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
  CHECK(read_some().empty());
  CHECK(deliver(*out, tickets).size() == 2);
  CHECK(read_some() == from + letter.trace_header + ">From x\nlast\n\n" + from + "two\n\n");
  CHECK_NOTHROW(out->close());
}

TEST_CASE_FIXTURE(PipeFixture, "messages larger than the pipe arrive whole, and accounts never mix") {
  std::vector<std::jthread> accounts;
  for (const char letter : {'a', 'b', 'c'}) {
    std::vector<Envelope> envelopes{envelope(false), envelope(false), envelope(false)};
    accounts.emplace_back([this, letter, envelopes] {
      const auto out = open_stdout(writer.get(), context);
      for (const auto& one : envelopes) deliver(*out, {put(*out, one, std::string(200'000, letter))});
    });
  }
  std::string text;
  std::jthread reading([&] { text = read_all(); });
  accounts.clear();
  writer = util::Fd();
  reading.join();
  REQUIRE(text.size() == 9 * (from.size() + 200'002));
  for (std::size_t at = 0; at < text.size(); at += from.size() + 200'002) {
    const auto body = text.substr(at + from.size(), 200'002);
    const bool unmixed = text.starts_with(from) && body == std::string(200'000, body.front()) + "\n\n";
    CHECK(unmixed);
  }
}

TEST_CASE_FIXTURE(PipeFixture, "closing waits until the reader has read everything") {
  const auto out = open_stdout(writer.get(), context);
  deliver(*out, {put(*out, envelope(false), "x\r\n")});
  cancel.request();
  CHECK(thrown([&] { out->close(); }).kind() == util::Kind::cancelled);
  CHECK(read_some() == from + "x\n\n");
  out->close();
}

TEST_CASE_FIXTURE(PipeFixture, "a reader that is gone is an error, before and after a message") {
  const auto out = open_stdout(writer.get(), context);
  const std::vector<Ticket> tickets{put(*out, envelope(false), "x\r\n")};
  deliver(*out, {put(*out, envelope(false), "y\r\n")});
  reader = util::Fd();
  CHECK(thrown([&] { out->close(); }).kind() == util::Kind::storage);
  const auto error = thrown([&] { out->publish(tickets); });
  CHECK(error.kind() == util::Kind::storage);
  CHECK(contains(error.what(), "its reader has gone"));
  CHECK(!error.hint().empty());
}

TEST_CASE_FIXTURE(PipeFixture, "a socket is waited for like a pipe") {
  std::array<int, 2> pair{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
  reader = util::Fd(pair[0]);
  const util::Fd socket(pair[1]);
  const auto out = open_stdout(socket.get(), context);
  deliver(*out, {put(*out, envelope(false), "x\r\n")});
  CHECK(read_some() == from + "x\n\n");
  CHECK_NOTHROW(out->close());
}

TEST_CASE_FIXTURE(PipeFixture, "a socket whose reader leaves without reading is noticed") {
  std::array<int, 2> pair{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
  reader = util::Fd(pair[0]);
  const util::Fd socket(pair[1]);
  const auto out = open_stdout(socket.get(), context);
  deliver(*out, {put(*out, envelope(false), "y\r\n")});
  cancel.request();
  CHECK(thrown([&] { out->close(); }).kind() == util::Kind::cancelled);
  reader = util::Fd();
  CHECK(contains(thrown([&] { out->close(); }).what(), "its reader has gone"));
}

TEST_CASE_FIXTURE(PipeFixture, "after a request to stop, nobody waits for a reader that does not read") {
  const auto out = open_stdout(writer.get(), context);
  const std::vector<Ticket> tickets{put(*out, envelope(false), std::string(1 << 20, 'x'))};
  cancel.request();
  CHECK(thrown([&] { out->publish(tickets); }).kind() == util::Kind::cancelled);
}

TEST_CASE_FIXTURE(PipeFixture,
                  "a message that was begun is finished after a request to stop, but no other is begun") {
  const auto out = open_stdout(writer.get(), context);
  const std::string body(300'000, 'x');
  const std::vector<Ticket> first{put(*out, envelope(false), body + "\r\n")};
  const std::vector<Ticket> second{put(*out, envelope(false), "y\r\n")};
  std::string text;
  std::thread reading([&] {
    text = read_some();
    cancel.request(SIGTERM);
    text += read_all();
  });
  const auto results = out->publish(first);
  const auto error = thrown([&] { out->publish(second); });
  writer = util::Fd();
  reading.join();
  REQUIRE(results.size() == 1);
  CHECK(results[0].status == DeliveryStatus::published);
  CHECK(error.kind() == util::Kind::cancelled);
  CHECK(text == from + body + "\n\n");
}

TEST_CASE_FIXTURE(PipeFixture, "a file accepts the stream like a pipe") {
  const auto file = util::open_file(dir / "out", O_WRONLY | O_CREAT, 0600);
  const auto out = open_stdout(file.get(), context);
  deliver(*out, {put(*out, envelope(false), "x\r\n")});
  out->close();
  CHECK(slurp(dir / "out") == from + "x\n\n");
}

TEST_CASE_FIXTURE(PipeFixture, "after a crash a message is in doubt, and a terminal is refused") {
  const auto out = open_stdout(writer.get(), context);
  CHECK(!out->traits().exactly_once());
  const std::vector<Ticket> tickets{put(*out, envelope(), "x")};
  CHECK(reopen(tickets[0], context)->recover(tickets).at(0).status == DeliveryStatus::doubt);
  const util::Fd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (terminal) CHECK(thrown([&] { open_stdout(terminal.get(), context); }).kind() == util::Kind::usage);
}
