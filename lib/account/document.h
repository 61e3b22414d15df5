// SPDX-License-Identifier: MIT
// JSON with comments as a tree that remembers where each thing stood, so that every complaint can name line
// and column. nlohmann/json reads the text and writes it, but does not tell positions; document.cpp adds
// them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mailhaul::account {

/// Line and column in a text, from 1; columns count characters, not bytes.
struct Position {
  unsigned line = 1, column = 1;
};

struct Member;

/// One JSON value.
struct Node {
  enum class Form { null, boolean, number, text, list, object };
  Form form = Form::null;
  bool flag = false;
  std::string text;  ///< of a text, or of a number as it was written
  std::vector<Node> items;
  std::vector<Member> members;  ///< in the order written
  Position position;

  static Node of(std::string_view text);
  static Node of_flag(bool flag);
  static Node of_number(std::uint64_t number);
  static Node of_list(std::vector<Node> items);
  /// Adds a member; returns the object, to go on.
  Node& add(std::string_view key, Node value);
  const Member* member(std::string_view key) const;  ///< nullptr: none
};

struct Member {
  std::string key;
  Position position;
  Node value;
};

/// "an object", "a string": what a value is, for a complaint.
std::string_view form_name(const Node& node);

/// Reads one JSON value with // and /* */ comments and perhaps a byte order mark. `file` is what complaints
/// call it. Throws Error{config} "FILE:3:7: ..." at the first thing that is wrong, a duplicate key included;
/// it never quotes the text, which may be a secret.
Node parse(std::string_view text, const std::string& file);

/// As JSON, LF at the end.
enum class Layout;
std::string write(const Node& node, Layout layout = {});

}  // namespace mailhaul::account
