// SPDX-License-Identifier: MIT
#include "account/document.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "account/config.h"
#include "account/syntax_explainer.h"
#include "util/ascii.h"
#include "util/escape.h"

namespace mailhaul::account {
namespace {

using Json = nlohmann::ordered_json;
using Form = Node::Form;

/// Where the string that begins at `at` ends; npos if it does not end on its line.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '\n'; ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

/// The commas after the last member of an object or the last item of an array, in order. A comma without a
/// value before it does not count. Stops where the text cannot be understood, as the library does.
std::vector<const char*> trailing_commas(std::string_view text) {
  std::vector<const char*> commas;
  char before = '\0';
  for (auto at = skip_blanks(text, 0); at < text.size(); at = skip_blanks(text, at)) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
    } else {
      const auto next = std::min(skip_blanks(text, at + 1), text.size() - 1);
      if (c == ',' && std::string_view(",:[{").find(before) == std::string_view::npos &&
          (text[next] == '}' || text[next] == ']'))
        commas.push_back(text.data() + at);
      ++at;
    }
    before = c;
  }
  return commas;
}

/// An iterator over the text that records how far the library has read. It shows the library a blank in place
/// of each trailing comma, which the library would refuse.
class Reading {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Reading(const char* at, const char** furthest, const std::vector<const char*>& hidden)
      : at_(at), furthest_(furthest), hidden_(&hidden) {}
  reference operator*() const {
    static constexpr char blank = ' ';
    return *at_ == ',' && std::ranges::binary_search(*hidden_, at_) ? blank : *at_;
  }
  Reading& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  Reading operator++(int) {
    const Reading before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Reading& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** furthest_;
  const std::vector<const char*>* hidden_;
};

/// Receives the library's events and builds the tree. An event comes as soon as its token has been read, so
/// that the position of the token can be computed from its length.
class Builder {
 public:
  Builder(std::string_view text, const std::string& file)
      : text_(text), explainer_(text, file), furthest_(text.data()) {}

  Node build() {
    const auto hidden = trailing_commas(text_);
    const Reading begin(text_.data(), &furthest_, hidden);
    const Reading end(text_.data() + text_.size(), &furthest_, hidden);
    Json::sax_parse(begin, end, this, Json::input_format_t::json, true, true);
    return std::move(root_);
  }

  // The names and signatures that nlohmann::json::sax_parse() asks for.
  bool null() { return put({.form = Form::null, .position = token(4)}); }
  bool boolean(bool flag) {
    return put({.form = Form::boolean, .flag = flag, .position = token(flag ? 4 : 5)});
  }
  bool number_integer(Json::number_integer_t /*value*/) { return number(); }
  bool number_unsigned(Json::number_unsigned_t /*value*/) { return number(); }
  bool number_float(Json::number_float_t /*value*/, const std::string& /*text*/) { return number(); }
  bool string(std::string& value) {
    return put({.form = Form::text, .text = std::move(value), .position = token(string_length())});
  }
  bool binary(Json::binary_t& /*value*/) { return false; }
  bool key(std::string& name) {
    const Position position = token(string_length());
    auto& members = open_.back().members;
    if (std::ranges::find(members, name, &Member::key) != members.end())
      explainer_.fail(position, "the key \"" + util::escape(name) + "\" appears twice");
    members.push_back({std::move(name), position, {}});
    after_key_ = true;
    return true;
  }
  bool start_object(std::size_t /*size*/) { return open(Form::object); }
  bool start_array(std::size_t /*size*/) { return open(Form::list); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) {
    explainer_.explain({.parsed = parsed_,
                        .reached = reached(),
                        .inside = open_.empty() ? '\0' : (open_.back().form == Form::object ? '{' : '['),
                        .after_key = after_key_,
                        .complete = complete_});
  }

 private:
  std::size_t reached() const { return static_cast<std::size_t>(furthest_ - text_.data()); }

  /// The position of the token of this length that was just read.
  Position token(std::size_t length) {
    parsed_ = reached();
    return explainer_.position(parsed_ - length);
  }

  /// Inside a JSON string every quote follows a backslash, so the nearest quote without one is where the
  /// string begins.
  std::size_t string_length() const {
    const auto end = reached() - 1;
    auto begin = text_.rfind('"', end - 1);
    while (begin > 0 && text_[begin - 1] == '\\') begin = text_.rfind('"', begin - 1);
    return end + 1 - begin;
  }

  /// The library knows the end of a number only after it has read the next byte.
  bool number() {
    constexpr std::string_view number_bytes = "0123456789+-.eE";
    const auto last = text_.find_last_of(number_bytes, reached() - 1);
    const auto before = text_.find_last_not_of(number_bytes, last);
    const auto begin = before == std::string_view::npos ? 0 : before + 1;
    parsed_ = last + 1;
    return put({.form = Form::number,
                .text = std::string(text_.substr(begin, parsed_ - begin)),
                .position = explainer_.position(begin)});
  }

  bool open(Form form) {
    // A profile needs six levels. Nodes are destroyed recursively, so the depth needs a limit.
    constexpr std::size_t deepest = 32;
    const Position position = token(1);
    if (open_.size() == deepest) explainer_.fail(position, "nested too deeply");
    open_.push_back({.form = form, .position = position});
    after_key_ = false;
    return true;
  }

  bool close() {
    token(1);
    Node done = std::move(open_.back());
    open_.pop_back();
    return put(std::move(done));
  }

  bool put(Node&& node) {
    after_key_ = false;
    if (open_.empty()) {
      root_ = std::move(node);
      complete_ = true;
    } else if (open_.back().form == Form::object) {
      open_.back().members.back().value = std::move(node);
    } else {
      open_.back().items.push_back(std::move(node));
    }
    return true;
  }

  std::string_view text_;
  SyntaxExplainer explainer_;
  const char* furthest_;
  std::size_t parsed_ = 0;  ///< the text up to here has become events
  std::vector<Node> open_;  ///< from the outermost inwards
  bool after_key_ = false, complete_ = false;
  Node root_;
};

Json json_of(const Node& node) {
  switch (node.form) {
    case Form::null:
      return nullptr;
    case Form::boolean:
      return node.flag;
    case Form::number:
      return util::parse_number(node.text).value_or(0);
    case Form::text:
      return node.text;
    case Form::list: {
      Json list = Json::array();
      for (const auto& item : node.items) list.push_back(json_of(item));
      return list;
    }
    case Form::object: {
      Json object = Json::object();
      for (const auto& member : node.members) object[member.key] = json_of(member.value);
      return object;
    }
  }
  return nullptr;
}

}  // namespace

Node Node::of(std::string_view text) { return {.form = Form::text, .text = std::string(text)}; }

Node Node::of_flag(bool flag) { return {.form = Form::boolean, .flag = flag}; }

Node Node::of_number(std::uint64_t number) { return {.form = Form::number, .text = std::to_string(number)}; }

Node Node::of_list(std::vector<Node> items) { return {.form = Form::list, .items = std::move(items)}; }

Node Node::of_words(std::span<const std::string> words) {
  std::vector<Node> items;
  for (const auto& word : words) items.push_back(of(word));
  return of_list(std::move(items));
}

Node& Node::add(std::string_view key, Node value) {
  members.push_back({std::string(key), {}, std::move(value)});
  return *this;
}

const Member* Node::member(std::string_view key) const {
  const auto found = std::ranges::find(members, key, &Member::key);
  return found == members.end() ? nullptr : &*found;
}

std::string_view form_name(const Node& node) {
  switch (node.form) {
    case Form::null:
      return "null";
    case Form::boolean:
      return node.flag ? "true" : "false";
    case Form::number:
      return "a number";
    case Form::text:
      return "a string";
    case Form::list:
      return "an array";
    case Form::object:
      return "an object";
  }
  return "";
}

Node parse(std::string_view text, const std::string& file) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return Builder(text, file).build();
}

std::string write(const Node& node, Layout layout) {
  // A value of the command line need not be UTF-8.
  return json_of(node).dump(layout == Layout::one_line ? -1 : 2, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

}  // namespace mailhaul::account
