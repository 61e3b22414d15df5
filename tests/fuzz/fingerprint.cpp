// SPDX-License-Identifier: MIT
// Input: a byte that says how the message is cut, and the message.
#include "engine/fingerprint.h"

#include "fuzz/fuzz.h"
#include "util/ascii.h"

using namespace mailhaul;
using engine::Print;

namespace {

Print print_of(std::string_view message, unsigned cut) {
  engine::Fingerprint fingerprint;
  fuzz::in_pieces(message, cut, [&](std::string_view piece) { fingerprint.add(piece); });
  fuzz::require(fingerprint.octets() == message.size(), "every byte is counted");
  return fingerprint.finish();
}

bool is_left_out(std::string_view line) {
  const auto name = util::lower(line.substr(0, line.find(':')));
  return line.find(':') != line.npos &&
         (name == "status" || name == "x-status" || name == "x-uidl" || name == "x-wait");
}

/// Where the header ends: after the empty line, or at the end of the message.
std::size_t header_end(std::string_view message) {
  for (std::size_t at = 0; at < message.size();) {
    const auto end = std::min(message.find('\n', at), message.size() - 1) + 1;
    const auto line = message.substr(at, end - at);
    at = end;
    if (line == "\n" || line == "\r\n") return at;
  }
  return message.size();
}

/// A second implementation, over the whole message.
Print reference(std::string_view message) {
  std::string header, content;
  bool dropped = false;
  const auto body = header_end(message);
  for (std::size_t at = 0; at < body;) {
    const auto end = std::min(message.find('\n', at), body - 1) + 1;
    const auto line = message.substr(at, end - at);
    at = end;
    if (line == "\n" || line == "\r\n") {
      content += line;
      continue;
    }
    if (!line.starts_with(' ') && !line.starts_with('\t')) dropped = is_left_out(line);
    if (dropped) continue;
    header += line;
    content += line;
  }
  content += message.substr(body);
  return {util::sha256(header), util::sha256(content)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto cut = input.byte();
  const auto message = input.rest();
  const auto expected = reference(message);
  for (const auto how : {0U, 1U, cut}) {
    const auto print = print_of(message, how);
    fuzz::require(print.header == expected.header && print.content == expected.content,
                  "the print is the same however the message is cut");
  }
  fuzz::require(print_of(message.substr(0, header_end(message)), cut).header == expected.header,
                "TOP n 0 and RETR have one header");
  return 0;
}
