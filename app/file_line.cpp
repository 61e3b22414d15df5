// SPDX-License-Identifier: MIT
#include "app/file_line.h"

#include <algorithm>
#include <optional>

#include "account/config.h"
#include "util/ascii.h"

namespace mailhaul::app {

namespace {

constexpr auto nowhere = std::string_view::npos;
// How many characters of a long line are shown on either side of the mark.
constexpr std::size_t most_before = 50, most_after = 30;

struct FilePosition {
  std::size_t line = 0, column = 0;  ///< from 1; the column counts bytes
};

/// The position that the error names in this file.
std::optional<FilePosition> position_in(std::string_view sentence, const std::string& file) {
  if (!sentence.starts_with(file + ":")) return std::nullopt;
  sentence.remove_prefix(file.size() + 1);
  const auto first = sentence.find(':');
  const auto second = first == nowhere ? first : sentence.find(": ", first + 1);
  if (second == nowhere) return std::nullopt;
  const auto line = util::parse_number(sentence.substr(0, first));
  const auto column = util::parse_number(sentence.substr(first + 1, second - first - 1));
  if (!line || !column || *line == 0 || *column == 0) return std::nullopt;
  return FilePosition{*line, *column};
}

std::string_view line_of(std::string_view text, std::size_t number) {
  for (; number > 1; --number) {
    const auto end = text.find('\n');
    if (end == nowhere) return {};
    text.remove_prefix(end + 1);
  }
  auto line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Whether the word is a key, a word of JSON, or part of the path that the error names:
/// "accounts.home.sever".
bool is_harmless(std::string_view word, std::string_view path) {
  const auto is_key = [word](const account::KeyRow& row) { return row.name == word; };
  if (std::ranges::any_of(account::keys(), is_key) || std::ranges::any_of(account::top_level_keys(), is_key))
    return true;
  if (word == "true" || word == "false" || word == "null") return true;
  for (auto rest = path; !word.empty() && !rest.empty();) {
    const auto end = std::min(rest.find('.'), rest.size());
    if (rest.substr(0, end) == word) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

/// How long the string, the word or the sign at the start of the text is.
std::size_t length_of_piece(std::string_view text) {
  constexpr std::string_view signs = "{}[]:, \t";
  if (signs.find(text.front()) != nowhere) return 1;
  if (text.front() != '"') return std::min(text.find_first_of("{}[]:,\"\t "), text.size());
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      return i + 1;
  }
  return text.size();
}

std::string shown_piece(std::string_view piece, std::string_view path) {
  if (piece == "\t") return " ";
  if (piece.size() == 1 && piece.find_first_of("{}[]:, ") == 0) return std::string(piece);
  if (!piece.starts_with('"')) return is_harmless(piece, path) ? std::string(piece) : "...";
  const bool is_closed = piece.size() > 1 && piece.ends_with('"');
  const bool is_shown = is_closed && is_harmless(piece.substr(1, piece.size() - 2), path);
  return is_shown ? std::string(piece) : is_closed ? "\"...\"" : "\"...";
}

/// The line as it may be shown, and where the mark is in it.
struct Shown {
  std::string text;
  std::size_t mark = 0;
};

Shown shown(std::string_view line, std::size_t column, std::string_view path) {
  Shown result;
  std::size_t at = 0;
  while (at < line.size()) {
    if (at < column) result.mark = result.text.size();
    const auto length = length_of_piece(line.substr(at));
    result.text += shown_piece(line.substr(at, length), path);
    at += length;
  }
  if (column > line.size()) result.mark = result.text.size();
  return result;
}

}  // namespace

util::Error with_line(const util::Error& error, const std::string& file, std::string_view text) {
  const std::string sentence = error.what();
  const auto place = position_in(sentence, file);
  if (!place) return error;
  const auto path_begin = sentence.find(": ", file.size()) + 2;
  const auto path = sentence.substr(path_begin, sentence.find(": ", path_begin) - path_begin);
  auto [line, mark] = shown(line_of(text, place->line), place->column, path);
  const auto begin =
      std::max(std::min(line.find_first_not_of(' '), mark), mark - std::min(mark, most_before));
  line = line.substr(begin, mark - begin + most_after);
  if (line.find_first_not_of(' ') == nowhere) return error;
  return {error.kind(), sentence + "\n    " + line + "\n    " + std::string(mark - begin, ' ') + "^",
          error.hint()};
}

}  // namespace mailhaul::app
