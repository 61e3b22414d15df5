// SPDX-License-Identifier: MIT
#include "engine/fingerprint.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/header_field.h"
#include "util/ascii.h"
#include "util/pairs.h"

namespace mailhaul::engine {

namespace {

/// The longest part of a header line or a field that is hashed, so that an endless header costs no memory.
constexpr std::size_t longest_field = std::size_t{64} << 10U;
/// The most bytes of senders' fields that are kept for sorting.
constexpr std::size_t most_kept = std::size_t{1} << 20U;
/// The most line ends at the end of a body that are left out.
constexpr std::size_t most_line_ends = std::size_t{64} << 10U;

constexpr std::array<std::string_view, 11> senders_fields{
    "message-id", "date",    "from",        "sender",     "reply-to",    "to",
    "cc",         "subject", "in-reply-to", "references", "mime-version"};

/// Servers, scanners and readers add these as they like.
constexpr std::array<std::string_view, 9> servers_fields{
    "status", "x-status", "x-uidl", "x-uid", "x-imapbase", "x-keywords", "x-wait", "lines", "content-length"};

bool is_senders(std::string_view name) {
  if (name == "content-length") return false;
  return name.starts_with("content-") || name.starts_with("resent-") ||
         std::ranges::find(senders_fields, name) != senders_fields.end();
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// Appends the text with each run of white space as one blank, and none at the text's ends.
void append_collapsed(std::string& result, std::string_view text) {
  const auto start = result.size();
  for (auto word = std::ranges::find_if_not(text, is_blank); word != text.end();) {
    const auto end = std::find_if(word, text.end(), is_blank);
    if (result.size() != start) result += ' ';
    result.append(word, end);
    word = std::find_if_not(end, text.end(), is_blank);
  }
}

/// A server that puts a notice in the place of a message takes another boundary each time.
void remove_boundary(std::string& field) {
  constexpr std::string_view name = "boundary=";
  const auto at = util::lower(field).find(name);
  if (at == std::string::npos) return;
  const auto value = at + name.size();
  const bool quoted = value < field.size() && field[value] == '"';
  const auto end = quoted ? field.find('"', value + 1) : field.find_first_of("; ", value);
  field.erase(at, end == std::string::npos ? end : end - at);
}

}  // namespace

namespace {

/// The field of the title that has this name, given in lower case; null if the title has no such field.
std::string* titled(TitleFields& title, std::string_view name) {
  if (name == "from") return &title.from;
  if (name == "subject") return &title.subject;
  return name == "message-id" ? &title.message_id : nullptr;
}

}  // namespace

void Fingerprint::add(std::string_view wire) {
  octets_ += wire.size();
  while (!wire.empty() && !in_body_) wire.remove_prefix(take_header_line(wire));
  add_body(wire);
}

std::size_t Fingerprint::take_header_line(std::string_view wire) {
  const auto end = wire.find('\n');
  const std::size_t taken = end == std::string_view::npos ? wire.size() : end + 1;
  line_.append(wire.substr(0, std::min(taken, longest_field - std::min(longest_field, line_.size()))));
  if (end != std::string_view::npos) end_header_line();
  return taken;
}

void Fingerprint::end_header_line() {
  const std::string_view line = line_;
  if (line == "\r\n" || line == "\n") {
    end_header();
    line_.clear();
    return;
  }
  has_header_ = true;
  if (line.starts_with(' ') || line.starts_with('\t')) {
    field_.append(line.substr(0, longest_field - std::min(longest_field, field_.size())));
  } else {
    end_field();
    field_ = line;
  }
  line_.clear();
}

void Fingerprint::end_field() {
  if (field_.empty()) return;
  const auto colon = std::min(field_.find(':'), field_.size());
  std::string text;
  append_collapsed(text, std::string_view(field_).substr(0, colon));
  text = util::lower(text);
  const bool senders = is_senders(text);
  const bool servers = std::ranges::find(servers_fields, text) != servers_fields.end();
  const std::string line = std::exchange(field_, {});
  if (auto* shown = titled(title_, text); shown != nullptr && shown->empty())
    *shown = header_field(line, std::string_view(line).substr(0, colon + 1));
  if (!senders && (servers || !fields_.empty())) return;  // once there are senders' fields, no others count
  text += ':';
  append_collapsed(text, std::string_view(line).substr(std::min(colon + 1, line.size())));
  if (text.starts_with("content-type:")) remove_boundary(text);
  text += '\n';
  if (!senders) {
    other_.add(text);
  } else if (kept_bytes_ + text.size() <= most_kept) {
    kept_bytes_ += text.size();
    fields_.push_back(std::move(text));
  } else {
    has_excess_ = true;
    excess_.add(text);
  }
}

void Fingerprint::end_header() {
  end_field();
  in_body_ = true;
  if (fields_.empty()) {
    header_hash_ = other_.finish();
  } else {
    std::ranges::sort(fields_);
    util::Sha256 header;
    for (const auto& field : fields_) header.add(field);
    if (has_excess_) header.add(util::hex(excess_.finish()));
    header_hash_ = header.finish();
    fields_ = {};
  }
  content_.add(util::hex(header_hash_));
}

namespace {

constexpr auto is_lone_lf = [](auto before, auto byte) { return (byte == '\n') & (before != '\r'); };

/// Whether an LF in the text has no CR before it; `before` is the byte before the text. REQUIRES: the text is
/// not empty.
bool has_lone_lf(std::string_view text, char before) {
  return is_lone_lf(before, text.front()) || util::find_pair(text, is_lone_lf) != text.npos;
}

std::string without_lone_lf(std::string_view text, char before) {
  std::string result;
  for (const char c : text) {
    if (is_lone_lf(before, c)) result += '\r';
    result += c;
    before = c;
  }
  return result;
}

}  // namespace

/// A line that ends in LF alone counts as one that ends in CRLF, because they are the same on the disk.
void Fingerprint::add_body(std::string_view wire) {
  if (wire.empty()) return;
  const char before = std::exchange(last_, wire.back());
  if (has_lone_lf(wire, before)) return add_lines(without_lone_lf(wire, before));
  add_lines(wire);
}

void Fingerprint::add_lines(std::string_view wire) {
  if (const auto text = util::without_line_ends(wire); !text.empty()) {
    content_.add(line_ends_);
    line_ends_.clear();
    content_.add(text);
    has_body_ = has_body_ || !std::ranges::all_of(text, is_blank);
    wire.remove_prefix(text.size());
  }
  line_ends_ += wire;
  if (line_ends_.size() <= most_line_ends) return;
  const auto too_many = line_ends_.size() - most_line_ends;
  content_.add(std::string_view(line_ends_).substr(0, too_many));
  line_ends_.erase(0, too_many);
}

MessageHashes Fingerprint::finish() {
  if (!in_body_) {
    if (!line_.empty()) end_header_line();
    if (!in_body_) end_header();
  }
  return {header_hash_, content_.finish(), !title_.message_id.empty(), octets_};
}

}  // namespace mailhaul::engine
