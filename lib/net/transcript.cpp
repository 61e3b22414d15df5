// SPDX-License-Identifier: MIT
#include "net/transcript.h"

#include <algorithm>

#include "util/ascii.h"
#include "util/base64.h"
#include "util/escape.h"

namespace mailhaul::net {

namespace {

constexpr std::size_t most_capabilities = 256;  // the longest real answers have about twenty lines
constexpr std::size_t longest_line = 1024;      // RFC 2449 section 4 allows 512
constexpr std::size_t longest_trace = 1000;

std::string_view words_after(std::string_view line, std::size_t prefix) {
  line.remove_prefix(std::min(prefix, line.size()));
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line.substr(0, longest_line);
}

}  // namespace

void Transcript::sent(std::string_view line) {
  const std::string_view verb = line.substr(0, line.find(' '));
  if (verb == "CONNECT") return;  // to a proxy
  answered_ = false;
  if (verb == "CAPA") {
    stage_ = Stage::capa;
  } else if (verb == "STLS") {
    stage_ = Stage::stls;
    capabilities_.clear();
  } else {
    stage_ = verb == "USER" ? Stage::user : Stage::login;
    login_tried_ = true;
    if (verb == "AUTH") initial_response_ = std::count(line.begin(), line.end(), ' ') > 1;
  }
}

void Transcript::received(std::string_view line) {
  answered_ = true;
  if (listing_open_) return capability(line);
  if (line.starts_with("+OK") || line.starts_with("-ERR")) return status(line);
  if (stage_ == Stage::login && line.starts_with('+')) challenge(line);
  const bool awaited = stage_ == Stage::greeting && !greeted() && !line.starts_with('+');
  if (awaited && !foreign_greeting_) foreign_greeting_ = std::string(line.substr(0, longest_line));
}

void Transcript::status(std::string_view line) {
  const bool ok = line.starts_with('+');
  if (stage_ == Stage::greeting && greeting_.empty()) greeting_ = std::string(line.substr(0, longest_line));
  if (stage_ == Stage::capa) {
    listing_open_ = ok;
    listing_.clear();
    return;
  }
  if (!ok) refusal_ = std::string(words_after(line, 4));
  if (ok && stage_ == Stage::stls) secured_ = true;
}

void Transcript::challenge(std::string_view line) {
  const auto decoded = util::base64_decode(words_after(line, 1));
  if (decoded && decoded->starts_with('{')) sasl_error_ = *decoded;
}

void Transcript::capability(std::string_view line) {
  if (line == ".") {
    capabilities_ = std::move(listing_);
    listing_.clear();
    listing_open_ = false;
  } else if (listing_.size() < most_capabilities) {
    listing_.push_back(util::upper(line.substr(0, longest_line)));
  }
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
