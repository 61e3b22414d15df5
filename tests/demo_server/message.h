// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::demo {

/// A message as it was written: line ends are LF or CRLF, and the last one may be missing.
struct Source {
  std::string uid;  ///< its unique-id, and its file name in a dump: 1 to 70 bytes of 0x21-0x7e
  std::string bytes;
};

/// A message in the server: the complete answer to RETR, ready to be sent.
struct Message {
  std::string uid;
  std::string answer;       ///< "+OK N octets", the dot-stuffed lines, "."
  std::size_t body_at = 0;  ///< where the lines begin in the answer
  std::size_t octets = 0;   ///< the size in LIST: with CRLF, before dot-stuffing
};

/// Line ends become CRLF, and a missing last one is added: POP3 cannot express that there was none.
Message make_message(const Source& source);

/// SHA-256, in hexadecimal, of the message as a client writes it, with LF line ends.
std::string digest_of(const Source& source);

/// The dot-stuffed header, the empty line and the first `lines` lines of the body.
std::string_view top_of(const Message& message, std::size_t lines);

/// The content of a mailbox, in order. `spec`: "demo", "gen:COUNT:MINBYTES:MAXBYTES[:SEED]", or a folder of
/// files, taken in the order of their names. Throws std::runtime_error.
std::vector<Source> open_mailbox(const std::string& spec);

/// About a dozen messages of the shapes found in real mailboxes; the same bytes at every call.
std::vector<Source> sample_mailbox();

}  // namespace mailhaul::demo
