// SPDX-License-Identifier: MIT
// Makes configurations from a few words, and returns what load() says about them.
#pragma once
#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "account/config.h"
#include "support/cpp/temp_dir.h"
#include "util/error.h"

namespace mailhaul::test {

/// The result of an attempt: the parts of the first error, or "no error".
struct Said {
  util::Kind kind = util::Kind::internal;
  std::string sentence = "no error", hint;
};

/// A configuration file "F" in a directory of its own; errors are shown without the directory.
class Profile {
 public:
  explicit Profile(const std::string& text, mode_t mode = 0600) {
    spill(dir_ / "F", text);
    ::chmod((dir_ / "F").c_str(), mode);
    sources_.file = dir_ / "F";
    sources_.paths = {.home = "/home/anna",
                      .default_state_file = "/home/anna/.local/state/mailhaul/state.db",
                      .default_netrc = "/home/anna/.netrc"};
    sources_.reserved_names = {"fetch", "list"};
  }

  account::Sources& sources() noexcept { return sources_; }
  account::Config load() const { return account::load(sources_); }

  Said said() const {
    try {
      const auto config = load();
      if (config.mistakes.empty()) return {};
      const auto& error = config.mistakes.front().error;
      return {error.kind(), shortened(error.what()), error.hint()};
    } catch (const util::Error& error) {
      return {error.kind(), shortened(error.what()), error.hint()};
    }
  }

 private:
  /// The text without the directory of the test.
  std::string shortened(std::string text) const {
    const auto directory = dir_.path().string() + "/";
    for (auto at = text.find(directory); at != std::string::npos; at = text.find(directory))
      text.erase(at, directory.size());
    return text;
  }

  TempDir dir_;
  account::Sources sources_;
};

/// A file with the account "work": `keys`, on line 2 from column 1, after the keys that every account needs.
inline std::string work(const std::string& keys) {
  const std::string needed = R"("server": "pop3s://h", "user": "u", "deliver": "maildir:m")";
  return R"({"accounts": {"work": {)" + needed + (keys.empty() ? "" : ",\n") + keys + "}}}";
}

}  // namespace mailhaul::test
