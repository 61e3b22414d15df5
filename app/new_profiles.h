// SPDX-License-Identifier: MIT
// Accounts on their way into the configuration file.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "account/config.h"
#include "app/invocation.h"
#include "setup/profile_text.h"
#include "util/secret.h"

namespace mailhaul::app {

/// Adds accounts to the configuration file, in steps; what the steps wrote is removed again unless publish()
/// is reached. Errors say that nothing was written.
class NewProfiles {
 public:
  NewProfiles(const Invocation& invocation, std::vector<setup::NamedProfile> profiles);
  NewProfiles(const NewProfiles&) = delete;
  NewProfiles& operator=(const NewProfiles&) = delete;
  ~NewProfiles();

  /// Where the password of a new account is kept.
  static util::Path password_file(const util::Path& config, const std::string& name);
  /// Throws Error{config} if the file has an account of one of the names.
  void require_new_names() const;
  /// Throws what write_password() would throw because of the password, or of one that is there.
  void require_writable(const std::string& name, const util::Secret& password) const;
  /// Writes a file of mode 0600 for it, if it is not empty. Throws Error{cannot_create} if another
  /// password is there.
  void write_password(const std::string& name, const util::Secret& password);
  /// Writes the whole configuration beside the file and reads it. Throws Error{config} for a mistake in one
  /// of the accounts, or if the file has one for the same mailbox.
  const account::Config& check();
  /// The same without a file.
  void check_in_memory();
  /// Puts it in place of the file. REQUIRES: check().
  void publish();

 private:
  util::Secret text_of_file() const;
  bool is_ours(const std::string& name) const;
  void require_sound_profiles() const;
  void require_sound(const std::string& name) const;
  void require_new_mailbox(const std::string& name) const;

  const Invocation& invocation_;
  std::vector<setup::NamedProfile> profiles_;
  util::Path file_;
  std::vector<util::Path> passwords_;  ///< files that were written
  std::optional<setup::NewFile> fresh_;
  account::Config config_;
};

}  // namespace mailhaul::app
