// SPDX-License-Identifier: MIT
#include "account/given.h"

#include <algorithm>
#include <utility>

#include "util/error.h"
#include "util/text.h"

namespace mailhaul::account {
namespace {

using Form = Node::Form;

std::string wanted(Form form) {
  switch (form) {
    case Form::null:
      return "null";
    case Form::boolean:
      return "true or false";
    case Form::number:
      return "a number";
    case Form::text:
      return "a string";
    case Form::list:
      return "an array";
    case Form::object:
      return "an object";
  }
  return {};
}

std::string joined(std::span<const std::string_view> names) {
  std::string all;
  for (const auto name : names) all.append(all.empty() ? "" : ", ").append(name);
  return all;
}

/// "/m/box//" and "/m/box" are one place.
std::string_view without_end_slashes(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

/// The list's items as the words of a command.
std::vector<std::string> items_of(const Given& given) {
  std::vector<std::string> words;
  for (const auto& item : given.node->items) {
    const auto inner = given.part(item, "[" + std::to_string(words.size()) + "]");
    require_form(inner, Form::text, {});
    if (item.text.find('\0') != std::string::npos) inner.refuse("holds a NUL");
    words.push_back(item.text);
  }
  return words;
}

}  // namespace

Given Given::part(const Node& inner, const std::string& suffix) const {
  const bool counts = on_command_line() && suffix.starts_with('[');  // there an option given several times
  return {.node = &inner, .file = file, .path = counts ? path : path + suffix, .place = place};
}

namespace {

std::string where_at(const Given& given, Spot spot) {
  if (given.on_command_line()) return given.path + ": ";
  const auto place = given.file + ":" + std::to_string(spot.line) + ":" + std::to_string(spot.column) + ": ";
  return given.path.empty() ? place : place + given.path + ": ";
}

}  // namespace

std::string Given::where() const { return where_at(*this, node->spot); }

void Given::refuse(const std::string& sentence, const std::string& hint) const {
  refuse_at(node->spot, sentence, hint);
}

void Given::refuse_at(Spot spot, const std::string& sentence, const std::string& hint) const {
  const std::string manual = on_command_line() ? "man mailhaul-fetch" : "man mailhaul-config";
  throw util::Error(on_command_line() ? util::Kind::usage : util::Kind::config,
                    where_at(*this, spot) + sentence, hint.empty() ? manual + " has the keys" : hint);
}

void require_form(const Given& given, Form form, std::string_view example) {
  if (given.node->form == form) return;
  const auto more = example.empty() ? std::string() : " such as " + std::string(example);
  given.refuse("must be " + wanted(form) + more + ", not " + std::string(form_name(*given.node)));
}

bool flag_of(const Given& given) {
  require_form(given, Form::boolean, {});
  return given.node->flag;
}

std::string text_of(const Given& given) {
  require_form(given, Form::text, {});
  if (given.node->text.empty()) given.refuse("is empty");
  if (has_control_characters(given.node->text)) given.refuse("holds a control character");
  return given.node->text;
}

std::uint64_t size_of(const Given& given) {
  if (given.node->form != Form::number) require_form(given, Form::text, "\"10M\"");
  const auto size = util::parse_size(given.node->text);
  if (!size) given.refuse("must be a size such as 500k, 10M, 2G");
  return *size;
}

std::chrono::seconds duration_of(const Given& given, Span allowed) {
  require_form(given, Form::text, "\"90s\"");
  const auto duration = util::parse_duration(given.node->text);
  if (!duration) given.refuse("must be a time such as 90s, 15m, 2h, 30d");
  if (*duration < allowed.least || *duration > allowed.most)
    given.refuse("must be a time from " + util::format_duration(allowed.least) + " to " +
                 util::format_duration(allowed.most));
  return *duration;
}

std::uint64_t number_of(const Given& given, Range allowed) {
  require_form(given, Form::number, {});
  const auto number = util::parse_number(given.node->text);
  if (!number || *number < allowed.least || *number > allowed.most)
    given.refuse("must be a whole number from " + std::to_string(allowed.least) + " to " +
                 std::to_string(allowed.most));
  return *number;
}

util::Path path_of(const Given& given) { return absolute(given, text_of(given)); }

util::Path absolute(const Given& given, std::string_view path) {
  if (has_control_characters(path)) given.refuse("holds a control character");
  path = without_end_slashes(path);
  if (path.starts_with('/')) return path;
  const auto& home = given.place->home;
  if (home.empty()) given.refuse("no home directory is known; write an absolute path");
  if (path == "~" || path == "$HOME") return home;
  for (const std::string_view start : {"~/", "$HOME/"})
    if (path.starts_with(start)) return home / path.substr(path.find_first_not_of('/', start.size()));
  if (path.starts_with('~'))
    given.refuse("the home directory of another user is not looked up; write an absolute path");
  return home / path;
}

std::vector<std::string> words_of(const Given& given) {
  std::vector<std::string> words;
  if (given.node->form == Form::list) {
    words = items_of(given);
  } else {
    require_form(given, Form::text, "\"pass show mail\" or an array");
    auto split = util::split_words(given.node->text);
    if (!split) given.refuse("a quote is not closed");
    words = std::move(*split);
  }
  if (words.empty() || words.front().empty()) given.refuse("the command is empty");
  if (words.front().starts_with("~/") || words.front().starts_with("$HOME/"))
    words.front() = absolute(given, words.front()).string();
  return words;
}

std::size_t choice_of(const Given& given, std::span<const std::string_view> choices) {
  require_form(given, Form::text, {});
  const auto found = std::ranges::find(choices, std::string_view(given.node->text));
  if (found == choices.end())
    given.refuse("'" + util::escape(given.node->text) + "' is not one of " + joined(choices) +
                 guess(given.node->text, choices));
  return static_cast<std::size_t>(found - choices.begin());
}

std::string guess(std::string_view name, std::span<const std::string_view> known) {
  const auto near = util::nearest(name, known);
  return near.empty() ? near : "; did you mean '" + near + "'?";
}

bool has_control_characters(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace mailhaul::account
