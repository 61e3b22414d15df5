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
struct Setting {
  const Node* node = nullptr;
  std::string file;  ///< empty: the command line
  std::string path;  ///< "accounts.work.server", or the option: "--server"
  const Paths* paths = nullptr;

  bool on_command_line() const noexcept { return file.empty(); }
  /// A part of this value: an array's item, an object's member.
  Setting part(const Node& inner, const std::string& suffix) const;
  std::string where() const;  ///< "FILE:12:15: accounts.work.server: ", or "--server: "
  /// Throws Error{config} "FILE:12:15: accounts.work.server: sentence", or Error{usage} "--server: sentence".
  [[noreturn]] void refuse(const std::string& sentence, const std::string& hint = {}) const;
  /// The same for a place inside the file other than the value's own.
  [[noreturn]] void refuse_at(Position position, const std::string& sentence,
                              const std::string& hint = {}) const;
};

void require_form(const Setting& setting, Node::Form form, std::string_view example);

bool flag_of(const Setting& setting);
/// Not empty, no control characters.
std::string text_of(const Setting& setting);
/// "10M", or a plain number of bytes.
std::uint64_t size_of(const Setting& setting);
struct Span {
  std::chrono::seconds least, most;
};
std::chrono::seconds duration_of(const Setting& setting, Span allowed);
struct Range {
  std::uint64_t least, most;
};
std::uint64_t number_of(const Setting& setting, Range allowed);
/// Absolute: "~" and "$HOME" at the start replaced, relative ones put under the home directory.
util::Path path_of(const Setting& setting);
util::Path absolute(const Setting& setting, std::string_view path);
/// A program with its arguments: an array, or a string split like a shell does.
std::vector<std::string> words_of(const Setting& setting);
/// The number of the choice.
std::size_t choice_of(const Setting& setting, std::span<const std::string_view> choices);

/// "; did you mean 'server'?", or nothing when no name is near.
std::string guess(std::string_view name, std::span<const std::string_view> known);

}  // namespace mailhaul::account
