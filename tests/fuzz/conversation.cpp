// SPDX-License-Identifier: MIT
// Input: a line of shapes (l, s, m: line, list, message), a byte that says how the rest is cut, and what the
// server sends. 0xff stands for 33,000 letters, so that inputs can reach the limits.
#include "pop3/conversation.h"

#include "fuzz/fuzz.h"
#include "util/ascii.h"

using namespace mailhaul;
using pop3::ReplyShape;

namespace {

constexpr std::size_t longest_line = 65536;

/// What was read of the replies. Adjacent pieces of a message are one entry, because it depends on the
/// feeding where they are cut.
struct Result {
  std::vector<std::string> events;
  bool failed = false, malformed = false;
  bool operator==(const Result&) const = default;

  void add(char kind, std::string_view text) {
    if (kind == 'c' && !events.empty() && events.back().front() == 'c') {
      events.back() += text;
    } else if (kind != 'c' || !text.empty()) {
      events.push_back(kind + std::string(text));
    }
  }
};

std::vector<ReplyShape> shapes_of(std::string_view letters) {
  std::vector<ReplyShape> shapes;
  for (const char c : letters)
    shapes.push_back(c == 's' ? ReplyShape::list : c == 'm' ? ReplyShape::message : ReplyShape::line);
  return shapes;
}

void take(pop3::Conversation& talk, Result& result) {
  for (;;) {
    const auto event = talk.next();
    if (std::holds_alternative<pop3::NeedInput>(event)) return;
    if (const auto* status = std::get_if<pop3::Status>(&event))
      result.add(status->ok ? '+' : '-', status->text);
    if (const auto* line = std::get_if<pop3::Line>(&event)) result.add('l', line->text);
    if (const auto* chunk = std::get_if<pop3::Chunk>(&event)) result.add('c', chunk->bytes);
    if (std::holds_alternative<pop3::End>(event)) result.add('.', "");
  }
}

Result converse(const std::vector<ReplyShape>& shapes, std::string_view wire, unsigned cut) {
  pop3::Conversation talk;
  for (const auto shape : shapes) talk.ask("X", shape);
  Result result;
  const auto error = fuzz::error_of([&] {
    fuzz::in_pieces(wire, cut, [&](std::string_view piece) {
      talk.feed(piece);
      take(talk, result);
    });
  });
  if (!error) return result;
  fuzz::require(error->kind() == util::Kind::protocol, "only a protocol error comes out");
  fuzz::require(fuzz::escaped(error->what()), "an error's text is escaped");
  result.failed = true;
  result.malformed = talk.malformed_status();
  return result;
}

/// A second reader, written without regard to pieces or speed.
class Reference {
 public:
  Reference(const std::vector<ReplyShape>& shapes, std::string_view wire) : rest_(wire) {
    for (const auto shape : shapes)
      if (!reply(shape)) return;
    if (!rest_.empty()) result_.failed = result_.malformed = true;
  }
  Result result() { return std::move(result_); }

 private:
  /// Takes a line with its end; empty if the line is not complete.
  std::string_view line(std::string_view end) {
    const auto at = rest_.find(end);
    const auto text = at == std::string_view::npos ? std::string_view() : rest_.substr(0, at + end.size());
    rest_.remove_prefix(text.size());
    return text;
  }
  static std::string_view bare(std::string_view line) {
    for (const char c : {'\n', '\r'})
      if (line.ends_with(c)) line.remove_suffix(1);
    return line;
  }
  bool too_long(std::string_view line) {
    result_.failed = (line.empty() ? rest_ : line).size() > longest_line;
    return result_.failed;
  }

  bool reply(ReplyShape shape) {
    const auto first = line("\n");
    if (too_long(first)) result_.malformed = true;
    if (first.empty() || result_.failed) return false;
    const auto text = bare(first);
    const bool refused = util::lower(text.substr(0, 4)) == "-err";
    const bool ok =
        util::lower(text.substr(0, 3)) == "+ok" && (text.size() == 3 || text[3] == ' ' || text[3] == '\t');
    if (!refused && !ok) return result_.failed = result_.malformed = true, false;
    const auto words = text.substr(refused ? 4 : 3);
    result_.add(ok ? '+' : '-', words.substr(std::min(words.find_first_not_of(" \t"), words.size())));
    if (refused || shape == ReplyShape::line) return true;
    const std::string_view end = first.ends_with("\r\n") ? "\r\n" : "\n";
    return shape == ReplyShape::list ? list(end) : message(end);
  }

  bool list(std::string_view end) {
    for (;;) {
      const auto whole = line(end);
      if (too_long(whole) || whole.empty()) return false;
      const auto text = bare(whole);
      if (text == ".") return result_.add('.', ""), true;
      result_.add('l', text.substr(text.starts_with('.') ? 1 : 0));
    }
  }

  bool message(std::string_view end) {
    for (;;) {
      auto whole = line(end);
      if (whole == ".\r\n" || whole == ".\n") return result_.add('.', ""), true;
      const bool last = whole.empty();
      if (last) whole = rest_;
      if (last && (whole == "." || whole == ".\r")) return false;
      result_.add('c', whole.substr(whole.starts_with('.') ? 1 : 0));
      if (last) return false;
    }
  }

  std::string_view rest_;
  Result result_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto shapes = shapes_of(input.until('\n').substr(0, 16));
  const auto cut = input.byte();
  std::string wire;
  int expanded = 0;
  for (const char c : input.rest()) {
    const bool expand = c == '\xff' && ++expanded <= 3;
    wire.append(expand ? 33000U : 1U, expand ? 'x' : c);
  }
  const auto whole = converse(shapes, wire, 0);
  if (expanded == 0) fuzz::require(whole == converse(shapes, wire, 1), "the same comes out byte by byte");
  fuzz::require(whole == converse(shapes, wire, cut), "the same comes out however it is cut");
  fuzz::require(whole == Reference(shapes, wire).result(), "what comes out is what RFC 1939 says");
  return 0;
}
