// SPDX-License-Identifier: MIT
// A value as somebody wrote it, in the file or on the command line, and its reading as the types that keys
// have.
#pragma once
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "account/config.h"
#include "account/document.h"

namespace mailhaul::account {

/// A value with its place. All functions below throw by refuse() when it is not what they read.
struct Given {
  const Node* node = nullptr;
  std::string file;  ///< empty: the command line
  std::string path;  ///< "accounts.work.server", or the option: "--server"
  const Place* place = nullptr;

  bool on_command_line() const noexcept { return file.empty(); }
  /// A part of this value: an array's item, an object's member.
  Given part(const Node& inner, const std::string& suffix) const;
  std::string where() const;  ///< "FILE:12:15: accounts.work.server: ", or "--server: "
  /// Throws Error{config} "FILE:12:15: accounts.work.server: sentence", or Error{usage} "--server: sentence".
  [[noreturn]] void refuse(const std::string& sentence, const std::string& hint = {}) const;
  /// The same for a place inside the file other than the value's own.
  [[noreturn]] void refuse_at(Spot spot, const std::string& sentence, const std::string& hint = {}) const;
};

void require_form(const Given& given, Node::Form form, std::string_view example);

bool flag_of(const Given& given);
/// Not empty, no control characters.
std::string text_of(const Given& given);
/// "10M", or a plain number of bytes.
std::uint64_t size_of(const Given& given);
struct Span {
  std::chrono::seconds least, most;
};
std::chrono::seconds duration_of(const Given& given, Span allowed);
struct Range {
  std::uint64_t least, most;
};
std::uint64_t number_of(const Given& given, Range allowed);
/// Absolute: "~" and "$HOME" at the start replaced, relative ones put under the home directory.
util::Path path_of(const Given& given);
util::Path absolute(const Given& given, std::string_view path);
/// A program with its arguments: an array, or a string split like a shell does.
std::vector<std::string> words_of(const Given& given);
/// The number of the choice.
std::size_t choice_of(const Given& given, std::span<const std::string_view> choices);

/// "; did you mean 'server'?", or nothing when no name is near.
std::string guess(std::string_view name, std::span<const std::string_view> known);
bool has_control_characters(std::string_view text) noexcept;

}  // namespace mailhaul::account
