// SPDX-License-Identifier: MIT
#include "account/setting.h"

#include <algorithm>
#include <utility>

#include "util/ascii.h"
#include "util/error.h"
#include "util/file.h"
#include "util/join.h"
#include "util/nearest.h"
#include "util/shell.h"
#include "util/units.h"

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

/// The items of a list as the words of a command.
std::vector<std::string> items_of(const Setting& setting) {
  std::vector<std::string> words;
  for (const auto& item : setting.node->items) {
    const auto inner = setting.part(item, "[" + std::to_string(words.size()) + "]");
    require_form(inner, Form::text, {});
    if (item.text.find('\0') != std::string::npos) inner.refuse("contains a NUL byte");
    words.push_back(item.text);
  }
  return words;
}

}  // namespace

Setting Setting::part(const Node& inner, const std::string& suffix) const {
  // On the command line an item is one of several options of the same name.
  const bool is_option = on_command_line() && suffix.starts_with('[');
  return {.node = &inner,
          .file = file,
          .path = is_option ? path : path + suffix,
          .paths = paths,
          .key_name = key_name};
}

namespace {

std::string where_at(const Setting& setting, Position position) {
  if (setting.on_command_line()) return setting.path + ": ";
  const auto position_text =
      setting.file + ":" + std::to_string(position.line) + ":" + std::to_string(position.column) + ": ";
  return setting.path.empty() ? position_text : position_text + setting.path + ": ";
}

std::string page_of(const Setting& setting) {
  if (setting.on_command_line()) return "see man mailhaul-fetch";
  const auto key = setting.key_name.empty() ? "" : "\"" + std::string(setting.key_name) + "\" in ";
  return "see " + key + "man mailhaul.json";
}

}  // namespace

std::string Setting::key(std::string_view name) const {
  return on_command_line() ? option_name(name) : "\"" + std::string(name) + "\"";
}

std::string Setting::where() const { return where_at(*this, node->position); }

void Setting::refuse(const std::string& sentence, const std::string& hint) const {
  refuse_at(node->position, sentence, hint);
}

void Setting::refuse_at(Position position, const std::string& sentence, const std::string& hint) const {
  throw util::Error(on_command_line() ? util::Kind::usage : util::Kind::config,
                    where_at(*this, position) + sentence, hint.empty() ? page_of(*this) : hint);
}

void require_form(const Setting& setting, Form form, std::string_view example) {
  if (setting.node->form == form) return;
  const auto more = example.empty() ? std::string() : " such as " + std::string(example);
  setting.refuse("must be " + wanted(form) + more + ", not " + std::string(form_name(*setting.node)));
}

bool flag_of(const Setting& setting) {
  require_form(setting, Form::boolean, {});
  return setting.node->flag;
}

std::string text_of(const Setting& setting) {
  require_form(setting, Form::text, {});
  if (setting.node->text.empty()) setting.refuse("must not be empty");
  if (util::has_control_character(setting.node->text)) setting.refuse("contains a control character");
  return setting.node->text;
}

std::uint64_t size_of(const Setting& setting) {
  if (setting.node->form != Form::number) require_form(setting, Form::text, "\"10M\"");
  const auto size = util::parse_size(setting.node->text);
  if (!size) setting.refuse("must be a size such as 500k, 10M or 2G");
  return *size;
}

std::chrono::seconds duration_of(const Setting& setting, Span allowed) {
  require_form(setting, Form::text, "\"90s\"");
  const auto duration = util::parse_duration(setting.node->text);
  if (!duration) setting.refuse("must be a time such as 90s, 15m, 2h or 30d");
  if (*duration < allowed.least || *duration > allowed.most)
    setting.refuse("must be a time from " + util::format_duration(allowed.least) + " to " +
                   util::format_duration(allowed.most));
  return *duration;
}

std::uint64_t number_of(const Setting& setting, Range allowed) {
  require_form(setting, Form::number, {});
  const auto number = util::parse_number(setting.node->text);
  if (!number || *number < allowed.least || *number > allowed.most)
    setting.refuse("must be a whole number from " + std::to_string(allowed.least) + " to " +
                   std::to_string(allowed.most));
  return *number;
}

util::Path path_of(const Setting& setting) { return absolute(setting, text_of(setting)); }

util::Path absolute(const Setting& setting, std::string_view path) {
  if (util::has_control_character(path)) setting.refuse("contains a control character");
  path = util::without_end_slashes(path);
  if (path.starts_with('/')) return path;
  const auto& home = setting.paths->home;
  if (home.empty()) setting.refuse("the home directory is not known; write an absolute path");
  if (path == "~" || path == "$HOME") return home;
  for (const std::string_view start : {"~/", "$HOME/"})
    if (path.starts_with(start)) return home / path.substr(path.find_first_not_of('/', start.size()));
  if (path.starts_with('~'))
    setting.refuse("the home directories of other users are not looked up; write an absolute path");
  if (path.starts_with('$'))
    setting.refuse("no variable but $HOME is replaced; write an absolute path, or one that begins with ~/");
  return home / path;
}

std::vector<std::string> words_of(const Setting& setting) {
  std::vector<std::string> words;
  if (setting.node->form == Form::list) {
    words = items_of(setting);
  } else {
    require_form(setting, Form::text, "\"pass show mail\" or an array");
    auto split = util::split_words(setting.node->text);
    if (!split) setting.refuse("a quote is not closed");
    words = std::move(*split);
  }
  if (words.empty() || words.front().empty()) setting.refuse("the command is empty");
  if (words.front().starts_with("~/") || words.front().starts_with("$HOME/"))
    words.front() = absolute(setting, words.front()).string();
  return words;
}

std::size_t choice_of(const Setting& setting, std::span<const std::string_view> choices) {
  require_form(setting, Form::text, {});
  const auto found = std::ranges::find(choices, std::string_view(setting.node->text));
  if (found == choices.end())
    setting.refuse("must be " + util::in_words(choices, " or ") + guess(setting.node->text, choices));
  return static_cast<std::size_t>(found - choices.begin());
}

std::string guess(std::string_view name, std::span<const std::string_view> known) {
  const auto near = util::nearest(name, known);
  return near.empty() ? near : "; did you mean \"" + near + "\"?";
}

}  // namespace mailhaul::account
