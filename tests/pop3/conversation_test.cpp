// SPDX-License-Identifier: MIT
#include "pop3/conversation.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "util/error.h"

using namespace mailhaul;
using namespace std::string_literals;
using pop3::Conversation;
using pop3::ReplyShape;

namespace {

// The events of a transcript, in words; neighbouring chunks are joined, because their borders mean nothing.
class Reading {
 public:
  void add(const pop3::Event& event) {
    if (const auto* status = std::get_if<pop3::Status>(&event)) {
      text_ += (status->ok ? "ok<" : "err<") + std::string(status->text) + ">";
    } else if (const auto* line = std::get_if<pop3::Line>(&event)) {
      text_ += "line<" + std::string(line->text) + ">";
    } else if (const auto* chunk = std::get_if<pop3::Chunk>(&event)) {
      REQUIRE_FALSE(chunk->bytes.empty());
      text_ += chunk->bytes;
    } else if (std::holds_alternative<pop3::End>(event)) {
      text_ += "<end>";
    }
  }
  void add_failure() { text_ += "<error>"; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Feeds pieces, each from memory of its own, so that the address sanitizer sees a view that outlives its
// feed.
std::string read(const std::vector<ReplyShape>& shapes, const std::vector<std::string>& pieces) {
  Conversation talk;
  for (const auto shape : shapes) talk.ask("NOOP", shape);
  Reading reading;
  for (const auto& piece : pieces) {
    const std::vector<char> fed(piece.begin(), piece.end());
    talk.feed({fed.data(), fed.size()});
    try {
      for (auto event = talk.next(); !std::holds_alternative<pop3::NeedInput>(event); event = talk.next()) {
        reading.add(event);
      }
    } catch (const util::Error& error) {
      CHECK(error.kind() == util::Kind::protocol);
      reading.add_failure();
      break;
    }
  }
  return reading.text();
}

std::vector<std::string> bytewise(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  return pieces;
}

struct Case {
  const char* about;
  std::vector<ReplyShape> shapes;
  std::string sent, expected;
};

// Texts with NULs are written with the suffix s.
const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"a plain answer", {ReplyShape::line}, "+OK hello\r\n", "ok<hello>"},
      {"a bare answer", {ReplyShape::line}, "+OK\r\n", "ok<>"},
      {"an answer with LF alone", {ReplyShape::line}, "+OK hello\n", "ok<hello>"},
      {"any case of letters", {ReplyShape::line, ReplyShape::line}, "+oK x\r\n-eRr y\r\n", "ok<x>err<y>"},
      {"a tab as blank", {ReplyShape::line}, "+OK\tx\r\n", "ok<x>"},
      {"a refusal has no body",
       {ReplyShape::message, ReplyShape::line},
       "-ERR no such message\r\n+OK\r\n",
       "err<no such message>ok<>"},
      {"a refused list has no body", {ReplyShape::list, ReplyShape::line}, "-ERR\r\n+OK\r\n", "err<>ok<>"},
      {"neither", {ReplyShape::line}, "OK\r\n", "<error>"},
      {"an empty line", {ReplyShape::line}, "\r\n", "<error>"},
      {"a body line in place of a status", {ReplyShape::line}, "+OKAY\r\n", "<error>"},
      {"a dot in place of a status", {ReplyShape::line}, ".\r\n", "<error>"},
      {"one answer too many", {ReplyShape::line}, "+OK\r\n+", "ok<><error>"},
      {"an answer to nothing", {}, "+", "<error>"},

      {"an empty list", {ReplyShape::list}, "+OK\r\n.\r\n", "ok<><end>"},
      {"a list", {ReplyShape::list}, "+OK\r\n1 10\r\n2 20\r\n.\r\n", "ok<>line<1 10>line<2 20><end>"},
      {"a list with LF alone", {ReplyShape::list}, "+OK\n1 10\n2 20\r\n.\n", "ok<>line<1 10>line<2 20><end>"},
      {"a stuffed list line", {ReplyShape::list}, "+OK\r\n..x\r\n.\r\n", "ok<>line<.x><end>"},
      {"LF is content in a CRLF list",
       {ReplyShape::list},
       "+OK\r\n1 a\n.\nb\r\n.\r\n",
       "ok<>line<1 a\n.\nb><end>"},
      {"an empty line in a list", {ReplyShape::list}, "+OK\r\n\r\n.\r\n", "ok<>line<><end>"},
      {"NUL in a list", {ReplyShape::list}, "+OK\r\n1 a\0b\r\n.\r\n"s, "ok<>line<1 a\0b><end>"s},

      {"a message", {ReplyShape::message}, "+OK\r\nA: b\r\n\r\nc\r\n.\r\n", "ok<>A: b\r\n\r\nc\r\n<end>"},
      {"an empty message", {ReplyShape::message, ReplyShape::line}, "+OK\r\n.\r\n+OK\r\n", "ok<><end>ok<>"},
      {"an empty line as message", {ReplyShape::message}, "+OK\r\n\r\n.\r\n", "ok<>\r\n<end>"},
      {"stuffed dots",
       {ReplyShape::message},
       "+OK\r\n..\r\n...\r\n..x\r\n.\r\n",
       "ok<>.\r\n..\r\n.x\r\n<end>"},
      {"a dot line that was not stuffed", {ReplyShape::message}, "+OK\r\n.x\r\n.\r\n", "ok<>x\r\n<end>"},
      {"dots inside lines",
       {ReplyShape::message},
       "+OK\r\na.\r\nb..c\r\n .\r\n.\r\n",
       "ok<>a.\r\nb..c\r\n .\r\n<end>"},
      {"NUL in a message",
       {ReplyShape::message},
       "+OK\r\n\0a\0\r\n\0.\0\r\n.\r\n"s,
       "ok<>\0a\0\r\n\0.\0\r\n<end>"s},
      {"a bare CR before CRLF", {ReplyShape::message}, "+OK\r\na\r\r\n.\r\n", "ok<>a\r\r\n<end>"},
      {"a bare CR does not end a line",
       {ReplyShape::message},
       "+OK\r\na\r.\r\r\n.\r\n",
       "ok<>a\r.\r\r\n<end>"},
      {"dot CR without LF", {ReplyShape::message}, "+OK\r\n.\rx\r\n.\r\n", "ok<>\rx\r\n<end>"},
      {"dot CR CR LF", {ReplyShape::message}, "+OK\r\n.\r\r\n.\r\n", "ok<>\r\r\n<end>"},
      {"dot CR CR LF, then a dot line",
       {ReplyShape::message},
       "+OK\r\n.\r\r\n..y\r\n.\r\n",
       "ok<>\r\r\n.y\r\n<end>"},
      {"two messages",
       {ReplyShape::message, ReplyShape::message},
       "+OK\r\na\r\n.\r\n+OK\r\nb\r\n.\r\n",
       "ok<>a\r\n<end>ok<>b\r\n<end>"},
      {"8-bit", {ReplyShape::message}, "+OK\r\n\xff\xfe\x80\r\n.\r\n", "ok<>\xff\xfe\x80\r\n<end>"},

      {"LF dot LF is content", {ReplyShape::message}, "+OK\r\na\n.\nb\r\n.\r\n", "ok<>a\n.\nb\r\n<end>"},
      {"LF dot CRLF is content",
       {ReplyShape::message},
       "+OK\r\na\n.\r\nb\r\n.\r\n",
       "ok<>a\n.\r\nb\r\n<end>"},
      {"CRLF dot LF does not end a message",
       {ReplyShape::message},
       "+OK\r\na\r\n.\nb\r\n.\r\n",
       "ok<>a\r\n\nb\r\n<end>"},
      {"LF dots stay as they are",
       {ReplyShape::message},
       "+OK\r\na\n..b\n...\r\n.\r\n",
       "ok<>a\n..b\n...\r\n<end>"},
      {"a lone LF first", {ReplyShape::message}, "+OK\r\n\n.\n\r\n.\r\n", "ok<>\n.\n\r\n<end>"},
      {"CRLF LF dot", {ReplyShape::message}, "+OK\r\n\r\n\n.\r\n.\r\n", "ok<>\r\n\n.\r\n<end>"},

      {"a server that ends lines in LF",
       {ReplyShape::message},
       "+OK\na\n..b\n.c\n.\n",
       "ok<>a\n.b\nc\n<end>"},
      {"a server that ends lines in LF, empty message", {ReplyShape::message}, "+OK\n.\n", "ok<><end>"},
      {"a server that ends its status in LF and the message in CRLF",
       {ReplyShape::message},
       "+OK\na\r\n..\r\n.\r\n",
       "ok<>a\r\n.\r\n<end>"},
      {"each answer by the line ends of its own status",
       {ReplyShape::message, ReplyShape::message},
       "+OK\na\n.\n+OK\r\na\n.\n\r\n.\r\n",
       "ok<>a\n<end>ok<>a\n.\n\r\n<end>"},
  };
  return all;
}

}  // namespace

TEST_CASE("every transcript gives the same result whole, byte by byte and split anywhere") {
  for (const auto& one : cases()) {
    CAPTURE(one.about);
    CHECK(read(one.shapes, {one.sent}) == one.expected);
    CHECK(read(one.shapes, bytewise(one.sent)) == one.expected);
    for (std::size_t at = 0; at <= one.sent.size(); ++at) {
      CAPTURE(at);
      CHECK(read(one.shapes, {one.sent.substr(0, at), one.sent.substr(at)}) == one.expected);
    }
  }
}

TEST_CASE("every pair of splits gives the same result") {
  for (const auto& one : cases()) {
    CAPTURE(one.about);
    for (std::size_t first = 0; first <= one.sent.size(); ++first) {
      for (std::size_t second = first; second <= one.sent.size(); ++second) {
        const auto got = read(one.shapes, {one.sent.substr(0, first), one.sent.substr(first, second - first),
                                           one.sent.substr(second)});
        if (got != one.expected)
          FAIL_CHECK(one.about << " split at " << first << " and " << second << ": " << got);
      }
    }
  }
}

TEST_CASE("dots survive on every border of 64-byte pieces") {
  std::string sent = "+OK\r\n";
  std::string expected = "ok<>";
  for (std::size_t width = 0; width < 130; ++width) {
    sent += std::string(width, 'x') + "\r\n..\r\n..y\r\n";
    expected += std::string(width, 'x') + "\r\n.\r\n.y\r\n";
  }
  sent += ".\r\n";
  expected += "<end>";
  for (std::size_t offset = 0; offset < 64; ++offset) {
    std::vector<std::string> pieces{sent.substr(0, offset)};
    for (std::size_t at = offset; at < sent.size(); at += 64) pieces.push_back(sent.substr(at, 64));
    CHECK(read({ReplyShape::message}, pieces) == expected);
  }
}

TEST_CASE("random messages in random pieces come out unchanged") {
  std::mt19937 random(20260301);
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
  const std::vector<std::string> parts{"\r\n",    "\n",  "\r", ".", "..", "\r\n.", "x", std::string(1, '\0'),
                                       "+OK\r\n", "-ERR"};
  for (int round = 0; round < 500; ++round) {
    std::string body;
    for (std::size_t i = below(60); i > 0; --i) body += parts[below(parts.size())];
    body += "\r\n";
    std::string sent = "+OK\r\n" + std::string(body.starts_with('.') ? "." : "");
    for (std::size_t i = 0; i < body.size(); ++i) {
      sent += body[i];
      if (i + 1 < body.size() && body[i + 1] == '.' && body.substr(0, i + 1).ends_with("\r\n")) sent += '.';
    }
    sent += ".\r\n-ERR bye\r\n";
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < sent.size(); at += pieces.back().size())
      pieces.push_back(sent.substr(at, 1 + below(9)));
    CHECK(read({ReplyShape::message, ReplyShape::line}, pieces) == "ok<>" + body + "<end>err<bye>");
  }
}

TEST_CASE("message bytes are passed on without a copy, in one piece between dot lines") {
  const std::string sent = "+OK\r\nline one\r\nline two\r\n..three\r\nfour\r\n.\r\n";
  Conversation talk;
  talk.ask("RETR 1", ReplyShape::message);
  talk.feed(sent);
  talk.next();
  const auto first = std::get<pop3::Chunk>(talk.next()).bytes;
  CHECK(first == "line one\r\nline two\r\n");
  CHECK(first.data() == sent.data() + 5);
  CHECK(std::get<pop3::Chunk>(talk.next()).bytes == ".three\r\nfour\r\n");
}

TEST_CASE("a line may have 64 KiB and no more, in one piece or in many") {
  const std::string most = "+OK " + std::string(64 * 1024 - 6, 'x') + "\r\n";
  CHECK(read({ReplyShape::line}, {most}) == "ok<" + std::string(64 * 1024 - 6, 'x') + ">");
  CHECK(read({ReplyShape::line}, bytewise(most)) == "ok<" + std::string(64 * 1024 - 6, 'x') + ">");
  const std::string more = "+OK " + std::string(64 * 1024 - 5, 'x') + "\r\n";
  CHECK(read({ReplyShape::line}, {more}) == "<error>");
  CHECK(read({ReplyShape::line}, bytewise(more)) == "<error>");
  CHECK(read({ReplyShape::list}, {"+OK\r\n", std::string(40'000, 'x'), std::string(40'000, 'x')}) ==
        "ok<><error>");
}

TEST_CASE("a line of a message may have any length") {
  const std::string body = std::string(300'000, 'x') + "\r\n";
  CHECK(read({ReplyShape::message}, {"+OK\r\n", body, ".\r\n"}) == "ok<>" + body + "<end>");
}

TEST_CASE("commands are queued with their line ends, and answers are counted until they are complete") {
  Conversation talk;
  talk.ask("STAT", ReplyShape::line);
  talk.ask("RETR 1", ReplyShape::message);
  CHECK(talk.take_output() == "STAT\r\nRETR 1\r\n");
  CHECK(talk.take_output().empty());
  CHECK(talk.awaited() == 2);
  CHECK(talk.at_border());
  talk.feed("+OK\r\n+OK\r\nx\r\n");
  talk.next();
  CHECK(talk.awaited() == 1);
  talk.next();
  talk.next();
  CHECK(std::holds_alternative<pop3::NeedInput>(talk.next()));
  CHECK(talk.awaited() == 1);
  CHECK_FALSE(talk.at_border());
  talk.feed(".\r\n");
  CHECK(std::holds_alternative<pop3::End>(talk.next()));
  CHECK(talk.awaited() == 0);
  CHECK(talk.at_border());
}

TEST_CASE("half a status line is not the end of an answer") {
  Conversation talk;
  talk.ask("STAT", ReplyShape::line);
  talk.feed("+O");
  CHECK(std::holds_alternative<pop3::NeedInput>(talk.next()));
  CHECK_FALSE(talk.at_border());
}

TEST_CASE("a command with a line end or NUL inside is reported as a bug, not sent as two commands") {
  Conversation talk;
  for (const auto& command : {"RETR 1\r\nDELE 1"s, "RETR 1\n"s, "RETR\0 1"s}) {
    CHECK_THROWS_AS(talk.ask(command, ReplyShape::line), util::Error);
  }
  CHECK(talk.awaited() == 0);
  CHECK(talk.take_output().empty());
}

TEST_CASE("of an endless line that comes in pieces, the beginning is shown whole") {
  Conversation talk;
  talk.ask("LIST", ReplyShape::list);
  talk.feed("+OK\r\n1 hunt");
  CHECK(std::holds_alternative<pop3::Status>(talk.next()));
  CHECK(std::holds_alternative<pop3::NeedInput>(talk.next()));
  const std::string rest = "er2" + std::string(70'000, 'x');
  talk.feed(rest);
  CHECK_THROWS_WITH(talk.next(), doctest::Contains("64 KiB: \"1 hunter2xxx"));
}

TEST_CASE("only a bad status line is reported as one") {
  Conversation bad;
  bad.ask("STAT", ReplyShape::line);
  bad.feed("junk\x1b[2J\r\n");
  CHECK_THROWS_WITH(bad.next(), "the server answered neither +OK nor -ERR: \"junk\\x1b[2J\"");
  CHECK(bad.malformed_status());

  Conversation unasked;
  unasked.feed("+OK again\r\n");
  CHECK_THROWS_WITH(unasked.next(), "the server sent an answer that nobody asked for: \"+OK again\"");
  CHECK(unasked.malformed_status());

  Conversation overlong;
  overlong.ask("LIST", ReplyShape::list);
  const std::string text = "+OK\r\n" + std::string(70'000, 'x');
  overlong.feed(text);
  overlong.next();
  CHECK_THROWS_AS(overlong.next(), util::Error);
  CHECK_FALSE(overlong.malformed_status());
}
