// SPDX-License-Identifier: MIT
// What a message is known by where its UIDL is no good: SHA-256 of the header and of the whole (LAW section
// 1).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "util/digest.h"

namespace mailhaul::engine {

struct Print {
  util::Hash header{}, content{};
};

/// Hashes a message's bytes as the server sent them, dots removed, CRLF kept, in pieces split anywhere. Left
/// out: the header fields Status, X-Status, X-UIDL and X-WAIT, which servers and scanners put in as they
/// like. The header hash covers the lines before the first empty one, so that TOP n 0 and RETR agree. One
/// thread at a time.
class Fingerprint {
 public:
  void add(std::string_view wire);
  Print finish();                                            ///< may be called once
  std::uint64_t octets() const noexcept { return octets_; }  ///< all bytes added, those left out too

 private:
  enum class Place { line_start, kept_line, dropped_line, body };
  void decide();
  void keep(std::string_view bytes);
  std::size_t take_line_start(std::string_view wire);
  std::size_t take_line(std::string_view wire);

  util::Sha256 header_, content_;
  std::string start_;  ///< the first bytes of a header line, until it is known what it is
  Place place_ = Place::line_start;
  bool dropping_ = false;  ///< the field before was left out: so are its continuation lines
  std::uint64_t octets_ = 0;
};

}  // namespace mailhaul::engine
