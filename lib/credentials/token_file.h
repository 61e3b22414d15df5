// SPDX-License-Identifier: MIT
// The file in the state directory that keeps the OAuth 2 login of one account.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "util/cancel.h"
#include "util/file.h"
#include "util/secret.h"

namespace mailhaul::credentials {

/// A stored login, with the user, client and provider that it belongs to.
struct Tokens {
  util::Secret access, refresh;                  ///< refresh: empty if the provider gave none
  std::chrono::sys_seconds expires{};            ///< of `access`
  std::chrono::sys_seconds logged_in{}, used{};  ///< when the user agreed; when the login was last renewed
  std::string user, client_id, token_url;
};

/// The tokens as JSON, with LF at the end, and back. read_tokens() returns nothing for a text without tokens.
util::Secret write_tokens(const Tokens& tokens);
[[nodiscard]] std::optional<Tokens> read_tokens(std::string_view json);

/// "tokens/ACCOUNT.json" beside the state database.
util::Path token_path(const util::Path& state_file, std::string_view account);

/// The file while its lock is held: reading, renewing and saving are one step for every other process and
/// thread.
class TokenFile {
 public:
  /// Waits until nobody else holds the lock. If an interrupted run wrote newer tokens but did not put them
  /// in place, does so. Throws Error{temporary} after a minute, Error{cancelled | storage}.
  TokenFile(util::Path path, const util::Cancel& cancel);
  /// Empty: there is no login. Throws Error{storage} for a file that is damaged, Error{config} for one that
  /// others can read.
  [[nodiscard]] std::optional<Tokens> read() const;
  /// Makes room on the disk for save(), so that a full disk shows before the provider replaces a token.
  void reserve() const;
  /// Replaces the file: when this returns, the tokens are on the disk. On an error the old file is unchanged.
  void save(const Tokens& tokens) const;
  /// Returns false if there was no login.
  [[nodiscard]] bool remove() const;

 private:
  void take_left_behind() const;

  util::Path path_, fresh_;
  util::Fd lock_;
};

}  // namespace mailhaul::credentials
