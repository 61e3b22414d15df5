// SPDX-License-Identifier: MIT
// Input: a byte that says how the message is cut, and the message.
#include "delivery/text_filters.h"

#include "fuzz/fuzz.h"

using namespace mailhaul;

namespace {

std::string lf_of(std::string_view wire, unsigned cut) {
  delivery::LineEnds ends;
  std::string text;
  fuzz::in_pieces(wire, cut, [&](std::string_view piece) { text += ends.convert(piece); });
  return text += ends.finish();
}

std::string quoted(std::string_view text, unsigned cut) {
  delivery::FromQuoter quoter;
  std::string all;
  fuzz::in_pieces(text, cut, [&](std::string_view piece) { all += quoter.quote(piece); });
  return all += quoter.finish();
}

/// Calls take() with each line, including its end.
template <typename Take>
void for_each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const auto length = std::min(text.find('\n'), text.size() - 1) + 1;
    take(text.substr(0, length));
    text.remove_prefix(length);
  }
}

bool is_from(std::string_view line) {
  return line.substr(std::min(line.find_first_not_of('>'), line.size())).starts_with("From ");
}

/// Removes the quoting as a reader of mboxrd does.
std::string unquoted(std::string_view text) {
  std::string all;
  for_each_line(text, [&](std::string_view line) {
    fuzz::require(!line.starts_with("From "), "no line begins an entry");
    all += line.substr(is_from(line) ? 1 : 0);
  });
  return all;
}

std::string sender_of(std::string_view header, unsigned cut) {
  delivery::SenderFinder finder;
  std::size_t fed = 0;
  bool known = false;
  fuzz::in_pieces(header, cut, [&](std::string_view piece) {
    if (known) return;
    known = finder.feed(piece);
    fed += piece.size();
  });
  fuzz::require(finder.held() == header.substr(0, fed), "what was held back is what was fed");
  return finder.sender();
}

void check_sender(std::string_view header, unsigned cut) {
  const auto sender = sender_of(header, 0);
  fuzz::require(sender == sender_of(header, 1) && sender == sender_of(header, cut),
                "the sender is the same however the message is cut");
  fuzz::require(!sender.empty() && sender.size() <= 256 && sender.front() != '-', "a sender is no option");
  fuzz::require(std::all_of(sender.begin(), sender.end(),
                            [](char c) {
                              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                     (c >= '0' && c <= '9') || std::string_view("@._+=-").find(c) < 6;
                            }),
                "a sender holds nothing that a shell could read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto cut = input.byte();
  const std::string wire(input.rest());

  std::string text;
  for (std::size_t i = 0; i < wire.size(); ++i)
    if (wire[i] != '\r' || i + 1 == wire.size() || wire[i + 1] != '\n') text += wire[i];
  for (const auto how : {0U, 1U, cut})
    fuzz::require(lf_of(wire, how) == text, "CRLF becomes LF, nothing else");

  const auto stored = quoted(text, 0);
  for (const auto how : {1U, cut})
    fuzz::require(quoted(text, how) == stored, "quoting is the same however the text is cut");
  fuzz::require(unquoted(stored) == text, "unquoting gives back what was quoted");
  check_sender(text, cut);
  return 0;
}
