// SPDX-License-Identifier: MIT
// Parts of MemoryServer: its maildrop, its capabilities, and how messages look on the wire.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "support/cpp/scripted_stream.h"

namespace mailhaul::test {

/// A message's bytes as a server sends them: dots stuffed, a final line end and the closing dot added.
inline std::string stuffed(std::string_view bytes) {
  std::string text;
  bool at_start = true;
  for (const char c : bytes) {
    if (at_start && c == '.') text += '.';
    text += c;
    at_start = c == '\n' && text.ends_with("\r\n");
  }
  return text + (at_start ? ".\r\n" : "\r\n.\r\n");
}

struct StoredMessage {
  std::string uidl, bytes;  ///< line ends CRLF
};

/// The header up to and including the empty line; the whole message if there is no empty line.
inline std::string_view header_of(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  return end == std::string_view::npos ? bytes : bytes.substr(0, end + 4);
}

/// A complete multi-line answer.
inline std::string multi_line(const std::vector<std::string>& lines) {
  std::string text = "+OK\r\n";
  for (const auto& line : lines) text.append(line).append("\r\n");
  return text + ".\r\n";
}

struct ServerOptions {
  bool capa = true, pipelining = true, uidl = true, top = true;
  std::vector<std::string> more_capabilities = {};  ///< "EXPIRE 0"
  bool removes = true;                              ///< false: answers +OK to QUIT and keeps everything
  Wire wire = {};                                   ///< for sessions opened from now on

  std::vector<std::string> capabilities() const {
    if (!capa) return {};
    std::vector<std::string> lines{"USER", "RESP-CODES"};
    if (pipelining) lines.emplace_back("PIPELINING");
    if (uidl) lines.emplace_back("UIDL");
    if (top) lines.emplace_back("TOP");
    lines.insert(lines.end(), more_capabilities.begin(), more_capabilities.end());
    return lines;
  }
};

}  // namespace mailhaul::test
