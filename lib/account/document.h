// SPDX-License-Identifier: MIT
// JSON with comments as a tree that remembers the position of each value, so that an error can name line and
// column. nlohmann/json reads and writes the text but reports no positions; document.cpp adds them.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::account {

/// Line and column in a text, from 1. Columns count characters, not bytes.
struct Position {
  unsigned line = 1, column = 1;
};

struct Member;

/// One JSON value.
struct Node {
  enum class Form { null, boolean, number, text, list, object };
  Form form = Form::null;
  bool flag = false;
  std::string text;  ///< of a string, or of a number as it was written
  std::vector<Node> items;
  std::vector<Member> members;  ///< in the order of the text
  Position position;

  static Node of(std::string_view text);
  static Node of_flag(bool flag);
  static Node of_number(std::uint64_t number);
  static Node of_list(std::vector<Node> items);
  static Node of_words(std::span<const std::string> words);  ///< a list of strings
  /// Adds a member; returns the object, so that calls can be chained.
  Node& add(std::string_view key, Node value);
  const Member* member(std::string_view key) const;  ///< nullptr: none
};

struct Member {
  std::string key;
  Position position;
  Node value;
};

/// "an object", "a string": what a value is, for an error.
std::string_view form_name(const Node& node);

/// Reads one JSON value with // and /* */ comments; a byte order mark is skipped. `file` is its name in
/// errors. Throws Error{config} "FILE:3:7: ..." for the first mistake, a duplicate key included. Errors quote
/// keys but not values, which may be secrets.
Node parse(std::string_view text, const std::string& file);

/// The value as JSON, with LF at the end.
enum class Layout;
std::string write(const Node& node, Layout layout = {});

}  // namespace mailhaul::account
