// SPDX-License-Identifier: MIT
// New accounts, which are checked and then added to the configuration file.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "account/config.h"
#include "account/document.h"
#include "app/invocation.h"
#include "setup/profile_text.h"
#include "util/secret.h"

namespace mailhaul::app {

/// Adds accounts to the configuration file, in steps. Files that the steps wrote are removed again unless
/// publish() puts the new configuration in place. Errors say that nothing was written. What the file has in
/// `defaults` does not change the accounts; check() and check_in_memory() warn of keys that they take from
/// there all the same.
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
  /// Throws what write_password() would throw because of the password or of a file that exists already.
  void require_writable(const std::string& name, const util::Secret& password) const;
  /// Writes the password, if it is not empty, into a file of mode 0600. Throws Error{cannot_create} if that
  /// file has another password.
  void write_password(const std::string& name, const util::Secret& password);
  /// Writes the whole new configuration beside the file, and reads it. Throws Error{config} if one of the
  /// accounts has a mistake, or if another account has the same mailbox.
  const account::Config& check();
  /// The same without writing a file.
  void check_in_memory();
  /// The accounts as check() writes them: with the keys that keep them apart from the file's `defaults`.
  std::vector<setup::NamedProfile> fitted();
  /// Throws Error{temporary} if the file has changed since check().
  void require_unchanged() const;
  /// Puts the new configuration in place of the file. Throws as require_unchanged() does. REQUIRES: check().
  void publish();
  /// Whether the new configuration is in place of the file, even if publish() has thrown.
  bool is_published() const;

 private:
  util::Secret text_of_file() const;
  void fit();
  util::Secret new_text();
  void warn_of_defaults() const;
  bool is_ours(const std::string& name) const;
  void require_sound_profiles() const;
  void require_sound(const std::string& name) const;
  void require_new_mailbox(const std::string& name) const;

  const Invocation& invocation_;
  std::vector<setup::NamedProfile> profiles_;
  util::Path file_;
  util::Secret before_;                ///< the text of the file at check()
  account::Node defaults_;             ///< in this text
  std::vector<util::Path> passwords_;  ///< files that were written
  std::optional<setup::NewFile> fresh_;
  account::Config config_;
};

}  // namespace mailhaul::app
