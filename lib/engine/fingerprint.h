// SPDX-License-Identifier: MIT
// What identifies a message if its UIDL cannot: SHA-256 of what its sender wrote (LAW section 1).
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "util/digest.h"

namespace mailhaul::engine {

struct MessageHashes {
  util::Hash header{}, content{};
  bool has_message_id = false;  ///< so that no other message has this header
  std::uint64_t octets = 0;     ///< as received
};

/// The header fields by which people know a message, as received, unfolded; a missing field is empty.
struct TitleFields {
  std::string from, subject, message_id;
};

/// Hashes a message's bytes as the server sent them, dots removed, in pieces split anywhere.
///
/// The header hash covers the fields that senders write and servers leave alone (RFC 5322 section 3.6):
/// unfolded, white space collapsed, sorted, so that a server that adds, moves or folds fields changes
/// nothing. If a header has none of these fields, all its fields count except those that servers add. TOP n 0
/// and RETR give the same hash. The content hash covers the same fields and the body, without line ends at
/// the body's end, and with each LF alone as CRLF. One thread at a time.
class Fingerprint {
 public:
  void add(std::string_view wire);
  /// May be called once.
  MessageHashes finish();
  /// The number of bytes added, including those that no hash covers.
  std::uint64_t octets() const noexcept { return octets_; }
  /// Whether the header has any line.
  bool has_header() const noexcept { return has_header_; }
  /// Complete once the header's end was added, or after finish(). The first field of each name.
  TitleFields& title() noexcept { return title_; }
  /// Whether anything but line ends followed the header.
  bool has_body() const noexcept { return has_body_; }

 private:
  std::size_t take_header_line(std::string_view wire);
  void end_header_line();
  void end_field();
  void end_header();
  void add_body(std::string_view wire);
  void add_lines(std::string_view wire);

  util::Sha256 other_;   ///< of a header that has none of the senders' fields
  util::Sha256 excess_;  ///< of senders' fields beyond those that are kept to be sorted
  util::Sha256 content_;
  std::vector<std::string> fields_;  ///< senders' fields, normalised
  std::size_t kept_bytes_ = 0;       ///< of fields_
  std::string line_;                 ///< of the header, until its end has come
  std::string field_;                ///< unfolded, until the next one begins
  std::string line_ends_;            ///< of the body: they count once something else follows
  TitleFields title_;
  util::Hash header_hash_{};
  std::uint64_t octets_ = 0;
  char last_ = '\0';  ///< of the body's bytes so far
  bool in_body_ = false, has_header_ = false, has_body_ = false, has_excess_ = false;
};

}  // namespace mailhaul::engine
