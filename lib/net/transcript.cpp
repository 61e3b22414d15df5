// SPDX-License-Identifier: MIT
#include "net/transcript.h"

#include <algorithm>
#include <utility>

#include "util/ascii.h"
#include "util/escape.h"

namespace mailhaul::net {

namespace {

constexpr std::size_t most_capabilities = 256;          // the longest real answers have about twenty lines
constexpr std::size_t longest_listing = 1024UL * 1024;  // bytes of all lines
constexpr std::size_t longest_line = 64UL * 1024;       // RFC 2449 section 4 allows 512
constexpr std::size_t longest_trace = 1000;

bool is_ok(std::string_view line) { return util::upper(line.substr(0, 3)) == "+OK"; }

/// "+ERR" has been seen, too.
bool is_refusal(std::string_view line) {
  const std::string start = util::upper(line.substr(0, 4));
  return start == "-ERR" || start == "+ERR";
}

std::string_view words_after(std::string_view line, std::size_t prefix) {
  line.remove_prefix(std::min(prefix, line.size()));
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line.substr(0, longest_line);
}

}  // namespace

void Transcript::sent(std::string_view line) {
  const std::string_view verb = line.substr(0, line.find(' '));
  if (verb == "CONNECT") return;  // to a proxy
  if (verb == "UTF8") {
    utf8_owed_ = true;  // its answer decides nothing
    return;
  }
  answered_ = false;
  if (verb == "CAPA") {
    phase_ = Phase::capa;
  } else if (verb == "STLS") {
    phase_ = Phase::stls;
    capabilities_.clear();
  } else {
    // "*" cancels an exchange (RFC 5034 section 4), and contains nothing that belongs to the user.
    const bool is_command = verb == "AUTH" || verb == "PASS" || verb == "APOP" || line == "*";
    phase_ = verb == "USER" ? Phase::user : is_command ? Phase::login : Phase::exchange;
    login_tried_ = true;
  }
}

void Transcript::received(std::string_view line) {
  answered_ = true;
  if (listing_open_) return capability(line);
  if (std::exchange(utf8_owed_, false)) return;
  if (is_ok(line) || is_refusal(line)) return status(line);
  const bool awaited = phase_ == Phase::greeting && !greeted() && !line.starts_with('+');
  if (awaited && !foreign_greeting_) foreign_greeting_ = std::string(line.substr(0, longest_line));
}

void Transcript::status(std::string_view line) {
  const bool ok = is_ok(line);
  if (phase_ == Phase::greeting && greeting_.empty()) greeting_ = std::string(line.substr(0, longest_line));
  if (phase_ == Phase::capa) {
    listing_open_ = ok;
    listing_.clear();
    listing_bytes_ = 0;
    return;
  }
  if (!ok) refusal_ = std::string(words_after(line, 4));
  if (ok && phase_ == Phase::stls) secured_ = true;
}

void Transcript::capability(std::string_view line) {
  if (line == ".") {
    capabilities_ = std::move(listing_);
    listing_.clear();
    listing_open_ = false;
    return;
  }
  if (line.starts_with("..")) line.remove_prefix(1);  // a dot at the start of a line is sent twice
  line = line.substr(0, longest_line);
  listing_bytes_ += line.size();
  if (listing_.size() < most_capabilities && listing_bytes_ <= longest_listing)
    listing_.push_back(util::upper(line));
}

void Dialogue::sent(std::string_view line) {
  line = util::without_line_ends(line);
  transcript_.sent(line);
  tell('>', redactor_.command(line));
}

void Dialogue::received(std::string_view line) {
  line = util::without_line_ends(line);
  transcript_.received(line);
  tell('<', redactor_.text(line));
}

void Dialogue::remark(std::string_view text) const {
  tell('*', redactor_.text(util::without_line_ends(text)));
}

std::string Dialogue::shown(std::string_view line) const {
  return redactor_.shown(util::without_line_ends(line));
}

void Dialogue::tell(char direction, const std::string& line) const {
  if (trace_) trace_(direction, util::escape(line, longest_trace));
}

}  // namespace mailhaul::net
