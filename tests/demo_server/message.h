// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::demo {

/// A message as somebody wrote it: line ends LF or CRLF, the last one possibly missing.
struct Source {
  std::string uid;  ///< its unique-id, and its file name in a dump: 1 to 70 bytes of 0x21-0x7e
  std::string bytes;
};

/// A message as the server holds it: the whole answer to RETR, ready to be sent.
struct Message {
  std::string uid;
  std::string answer;       ///< "+OK N octets", the dot-stuffed lines, "."
  std::size_t body_at = 0;  ///< where in the answer the lines begin
  std::size_t octets = 0;   ///< what LIST says: with CRLF, before dot-stuffing
};

/// Line ends become CRLF and a last one is added where it is missing: POP3 cannot say that there was none.
Message make_message(const Source& source);

/// SHA-256 in hexadecimal of what a client writes: with LF line ends.
std::string digest_of(const Source& source);

/// The dot-stuffed header, the empty line and the first `lines` lines of the body.
std::string_view top_of(const Message& message, std::size_t lines);

/// What a mailbox holds, in order. `spec`: "demo", "gen:COUNT:MINBYTES:MAXBYTES[:SEED]", or a folder of
/// files, taken in the order of their names. Throws std::runtime_error.
std::vector<Source> open_mailbox(const std::string& spec);

/// Some dozen messages of the shapes that real mailboxes hold; the same bytes at every call.
std::vector<Source> sample_mailbox();

}  // namespace mailhaul::demo
