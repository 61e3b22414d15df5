// SPDX-License-Identifier: MIT
// Adds accounts to a configuration file as text, so that its comments and its order stay as they are.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "account/document.h"
#include "util/file.h"

namespace mailhaul::setup {

using NamedProfile = std::pair<std::string, account::Node>;

/// The accounts as they are written in "accounts", without the braces around them.
std::string profile_lines(const std::vector<NamedProfile>& profiles);

/// The text with the accounts after the existing ones; empty text: a whole new file. REQUIRES: the text
/// is a configuration that account::load() reads.
std::string with_profiles(std::string_view text, const std::vector<NamedProfile>& profiles);

/// A file that is going to replace another one, or to be a new one. Only its owner can read it, from the
/// beginning. It is removed unless it is published.
class NewFile {
 public:
  /// Writes and flushes the text beside `target`, whose directories are made. A symbolic link is followed.
  NewFile(const util::Path& target, std::string_view text);
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();
  /// The path of the file before publish(); empty afterwards.
  const util::Path& temporary() const noexcept { return temporary_; }
  /// Gives the file its name, in one step. Throws Error{cannot_create}.
  void publish();
  /// The same, but throws Error{cannot_create} if a file of this name exists.
  void publish_as_new();

 private:
  util::Path target_, temporary_;
};

}  // namespace mailhaul::setup
