// SPDX-License-Identifier: MIT
#include "app/header_text.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "util/ascii.h"
#include "util/base64.h"
#include "util/escape.h"

namespace mailhaul::app {

namespace {

struct EncodedWord {
  std::string charset, bytes;
  std::size_t length = 0;  ///< of the word in the field
};

std::optional<std::string> from_quoted(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    if (text.front() != '=') {
      bytes += text.front() == '_' ? ' ' : text.front();
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 3) return std::nullopt;
    const auto byte = util::unescape_uid("\\x" + std::string(text.substr(1, 2)));
    if (!byte) return std::nullopt;
    bytes += *byte;
    text.remove_prefix(3);
  }
  return bytes;
}

/// Whether the name may be passed to iconv: it has no slash, which would begin an option or name a file.
bool is_charset(std::string_view name) {
  return !name.empty() && name.size() <= 40 &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:+") ==
             std::string_view::npos;
}

/// The encoded word at the start of the text: =?charset?B|Q?text?=
std::optional<EncodedWord> encoded_word(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const auto after_charset = text.find('?', 2);
  if (after_charset == std::string_view::npos || after_charset + 3 >= text.size()) return std::nullopt;
  const char encoding = util::lower(text[after_charset + 1]);
  const auto begin = after_charset + 3;
  const auto end = text.find("?=", begin);
  if (text[after_charset + 2] != '?' || end == std::string_view::npos) return std::nullopt;
  const auto name = text.substr(2, after_charset - 2);
  const auto charset = name.substr(0, name.find('*'));  // RFC 2231: a language may follow
  const auto content = text.substr(begin, end - begin);
  auto bytes = encoding == 'b'   ? util::base64_decode(content)
               : encoding == 'q' ? from_quoted(content)
                                 : std::nullopt;
  if (!bytes || !is_charset(charset)) return std::nullopt;
  return EncodedWord{util::lower(charset), std::move(*bytes), end + 2};
}

struct OtherName {
  std::string_view label;
  const char* charset;
};

/// Labels that mail programs write and iconv does not know. The suffixes of those for Hebrew and Arabic only
/// say in which order the letters are shown.
constexpr auto other_names = std::to_array<OtherName>({
    {"ks_c_5601-1987", "CP949"},
    {"ks_c_5601-1989", "CP949"},
    {"ksc5601", "CP949"},
    {"ksc_5601", "CP949"},
    {"windows-949", "CP949"},
    {"x-windows-949", "CP949"},
    {"x-euc-kr", "CP949"},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"iso-8859-8-e", "ISO-8859-8"},
    {"iso-8859-6-i", "ISO-8859-6"},
    {"iso-8859-6-e", "ISO-8859-6"},
    {"x-sjis", "CP932"},
    {"x-ms-cp932", "CP932"},
    {"x-euc-jp", "EUC-JP"},
    {"x-gbk", "GBK"},
    {"gb_2312-80", "GBK"},
    {"x-big5", "BIG5"},
    {"x-cp1252", "CP1252"},
    {"cp-1252", "CP1252"},
    {"x-windows-1252", "CP1252"},
    {"x-mac-roman", "MACINTOSH"},
    {"x-macroman", "MACINTOSH"},
    {"macroman", "MACINTOSH"},
    {"latin-1", "ISO-8859-1"},
    {"x-koi8-r", "KOI8-R"},
    {"x-utf-8", "UTF-8"},
    {"unicode-1-1-utf-7", "UTF-7"},
});

std::optional<std::string> to_utf8(const std::string& charset, std::string bytes) {
  const auto* other = std::ranges::find(other_names, charset, &OtherName::label);
  const iconv_t converter =
      ::iconv_open("UTF-8", other == other_names.end() ? charset.c_str() : other->charset);
  if (converter == reinterpret_cast<iconv_t>(-1)) return std::nullopt;  // how iconv says so
  std::string text(bytes.size() * 4 + 16, '\0');
  char* in = bytes.data();
  char* out = text.data();
  std::size_t in_left = bytes.size();
  std::size_t out_left = text.size();
  const bool whole = ::iconv(converter, &in, &in_left, &out, &out_left) != static_cast<std::size_t>(-1) &&
                     ::iconv(converter, nullptr, nullptr, &out, &out_left) != static_cast<std::size_t>(-1);
  ::iconv_close(converter);
  text.resize(text.size() - out_left);
  return whole ? std::optional(text) : std::nullopt;
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
  return util::parse_number(util::take_word(text));
}

/// "08:00" or "08:00:59"
std::optional<std::chrono::seconds> time_of(std::string_view text) {
  const bool with_seconds = text.size() == 8 && text[5] == ':';
  if (!(with_seconds || text.size() == 5) || text[2] != ':') return std::nullopt;
  const auto hours = util::parse_number(text.substr(0, 2));
  const auto minutes = util::parse_number(text.substr(3, 2));
  const auto seconds = with_seconds ? util::parse_number(text.substr(6)) : std::uint64_t{0};
  if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
  return std::chrono::seconds(*hours * 3600 + *minutes * 60 + *seconds);
}

unsigned month_of(std::string_view name) {
  constexpr std::array<std::string_view, 12> names{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
  const auto found = std::ranges::find(names, util::lower(name));
  return found == names.end() ? 0 : static_cast<unsigned>(found - names.begin()) + 1;
}

/// Minutes east of Greenwich; 0 for a zone whose meaning is not certain (RFC 5322 section 4.3).
int zone_of(std::string_view zone) {
  if (zone.size() >= 5 && (zone.front() == '+' || zone.front() == '-')) {
    const auto number = util::parse_number(zone.substr(1, 4));
    const auto minutes = number ? static_cast<int>(*number / 100 * 60 + *number % 100) : 0;
    return zone.front() == '-' ? -minutes : minutes;
  }
  constexpr std::string_view american = "est edt cst cdt mst mdt pst pdt";
  const auto place = zone.size() == 3 ? american.find(util::lower(zone)) : std::string_view::npos;
  if (place == std::string_view::npos) return 0;
  const int index = static_cast<int>(place / 4);
  return -60 * (5 + index / 2 - index % 2);
}

}  // namespace

std::string decoded(std::string_view field) {
  std::string text;
  while (!field.empty()) {
    const auto begin = std::min(field.find("=?"), field.size());
    text += field.substr(0, begin);
    field.remove_prefix(begin);
    auto word = encoded_word(field);
    if (!word) {
      text += field.substr(0, 2);
      field.remove_prefix(std::min<std::size_t>(2, field.size()));
      continue;
    }
    // Blanks between encoded words do not belong to the text, and a character may begin in one word and end
    // in the next.
    std::size_t length = word->length;
    for (;;) {
      const auto next_begin = field.find_first_not_of(" \t", length);
      if (next_begin == std::string_view::npos) break;
      const auto next = encoded_word(field.substr(next_begin));
      if (!next || next->charset != word->charset) break;
      word->bytes += next->bytes;
      length = next_begin + next->length;
    }
    const auto converted = to_utf8(word->charset, word->bytes);
    text += converted ? *converted : std::string(field.substr(0, length));
    field.remove_prefix(length);
    const auto rest = field.find_first_not_of(" \t");
    if (converted && rest != std::string_view::npos && encoded_word(field.substr(rest)))
      field.remove_prefix(rest);
  }
  return text;
}

std::string sender_name(std::string_view from) {
  const auto address = from.rfind('<');
  auto name = from.substr(0, std::min(address, from.size()));
  while (!name.empty() && (name.back() == ' ' || name.back() == '\t' || name.back() == '"'))
    name.remove_suffix(1);
  while (!name.empty() && (name.front() == ' ' || name.front() == '"')) name.remove_prefix(1);
  if (!name.empty()) return decoded(name);
  const auto inside = from.substr(std::min(address, from.size() - 1) + 1);
  return std::string(inside.substr(0, inside.find('>')));
}

std::optional<std::chrono::sys_seconds> parse_date(std::string_view field) {
  const auto comma = field.find(',');
  std::string_view text = field.substr(comma == std::string_view::npos ? 0 : comma + 1);
  const auto day = take_number(text);
  const auto month = month_of(util::take_word(text));
  auto year = take_number(text);
  const auto time = time_of(util::take_word(text));
  if (!day || !year || !time || *day > 31 || *year > 9999) return std::nullopt;
  if (*year < 1000) *year += *year < 50 ? 2000 : 1900;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(month),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + *time - std::chrono::minutes(zone_of(util::take_word(text)));
}

}  // namespace mailhaul::app
