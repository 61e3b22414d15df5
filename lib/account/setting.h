// SPDX-License-Identifier: MIT
// A value as it was written in the file or on the command line, and how it is read as one of the types that
// keys have. Errors name keys but do not quote values, because a value may be a password in the wrong place.
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

/// A value and where it was written. The functions below call refuse() for a value that they do not accept.
struct Setting {
  const Node* node = nullptr;
  std::string file;  ///< empty: the command line
  std::string path;  ///< "accounts.work.server", or the option: "--server"
  const Paths* paths = nullptr;
  std::string_view key_name = {};  ///< "server"; empty if the manual has no such key

  bool on_command_line() const noexcept { return file.empty(); }
  /// A part of this value: an item of an array, a member of an object.
  Setting part(const Node& inner, const std::string& suffix) const;
  /// Another key as it is written in the same place: "\"user\"" in the file, "--user" on the command line.
  std::string key(std::string_view name) const;
  std::string where() const;  ///< "FILE:12:15: accounts.work.server: ", or "--server: "
  /// Throws Error{config} "FILE:12:15: accounts.work.server: sentence", or Error{usage} "--server: sentence".
  [[noreturn]] void refuse(const std::string& sentence, const std::string& hint = {}) const;
  /// The same for another position in the file.
  [[noreturn]] void refuse_at(Position position, const std::string& sentence,
                              const std::string& hint = {}) const;
};

void require_form(const Setting& setting, Node::Form form, std::string_view example);

bool flag_of(const Setting& setting);
/// Not empty, and without control characters.
std::string text_of(const Setting& setting);
/// "10M", or a number of bytes.
std::uint64_t size_of(const Setting& setting);
struct Span {
  std::chrono::seconds least, most;
};
std::chrono::seconds duration_of(const Setting& setting, Span allowed);
struct Range {
  std::uint64_t least, most;
};
std::uint64_t number_of(const Setting& setting, Range allowed);
/// An absolute path: "~" and "$HOME" at the start are replaced, a relative path begins at the home directory.
util::Path path_of(const Setting& setting);
util::Path absolute(const Setting& setting, std::string_view path);
/// A program with its arguments: an array, or a string that is split as a shell does it.
std::vector<std::string> words_of(const Setting& setting);
/// The index of the value in `choices`.
std::size_t choice_of(const Setting& setting, std::span<const std::string_view> choices);

/// "; did you mean \"server\"?", or nothing when no known name is similar.
std::string guess(std::string_view name, std::span<const std::string_view> known);

}  // namespace mailhaul::account
