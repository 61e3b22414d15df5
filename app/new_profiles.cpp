// SPDX-License-Identifier: MIT
#include "app/new_profiles.h"

#include <algorithm>
#include <utility>

#include "app/config_files.h"
#include "app/output.h"
#include "report/listener.h"
#include "util/error.h"
#include "util/join.h"

namespace mailhaul::app {
namespace {

using util::Error;
using util::Kind;

/// Throws unless the file contains exactly this line. A command that was killed may leave such a file behind.
void require_same(const util::Path& path, const util::Secret& line) {
  util::require_private(path, "a password");
  const util::Secret there(util::read_file(path, 1U << 20U, Kind::config));
  if (there.reveal() == line.reveal()) return;
  throw Error(Kind::cannot_create,
              "cannot write the password into " + safe(path.native()) + ": it already contains another one",
              "nothing was written; remove the file if no account uses it");
}

/// The sentence without its position in the temporary file, which is gone when the user reads the error.
std::string without_place(std::string_view sentence) {
  const auto key = sentence.find("accounts.");
  return std::string(key == std::string_view::npos ? sentence : sentence.substr(key));
}

}  // namespace

NewProfiles::NewProfiles(const Invocation& invocation, std::vector<setup::NamedProfile> profiles)
    : invocation_(invocation), profiles_(std::move(profiles)), file_(config_to_write(invocation)) {}

NewProfiles::~NewProfiles() {
  std::error_code ignored;
  for (const auto& file : passwords_) std::filesystem::remove(file, ignored);
}

util::Path NewProfiles::password_file(const util::Path& config, const std::string& name) {
  return config.parent_path() / "passwords" / name;
}

util::Secret NewProfiles::text_of_file() const {
  if (!std::filesystem::exists(file_)) return {};
  return util::Secret(util::read_file(file_, 16U << 20U, Kind::config));
}

/// Gives the accounts the keys that keep them apart from the file's `defaults`.
void NewProfiles::fit() {
  before_ = text_of_file();
  const auto root = before_.empty() ? account::Node() : account::parse(before_.reveal(), file_.native());
  if (const auto* const defaults = root.member("defaults")) defaults_ = defaults->value;
  for (auto& [name, keys] : profiles_) keys = account::below_defaults(std::move(keys), defaults_);
}

std::vector<setup::NamedProfile> NewProfiles::fitted() {
  fit();
  return profiles_;
}

/// The text of the file with the accounts.
util::Secret NewProfiles::new_text() {
  fit();
  return util::Secret(setup::with_profiles(before_.reveal(), profiles_));
}

void NewProfiles::warn_of_defaults() const {
  if (defaults_.members.empty()) return;
  const auto tell = make_listener(invocation_);
  const auto quoted = [](const std::string& key) { return "\"" + key + "\""; };
  for (const auto& [name, keys] : profiles_) {
    const auto taken = account::taken_from_defaults(keys, defaults_);
    if (taken.empty()) continue;
    tell->warned(
        name, {.sentence = "the account takes these keys from \"defaults\": " + util::joined(taken, quoted),
               .hint = "if it must not have these keys, move them from \"defaults\" into the accounts "
                       "that need them",
               .uid = {}});
  }
}

bool NewProfiles::is_ours(const std::string& name) const {
  return std::ranges::find(profiles_, name, &setup::NamedProfile::first) != profiles_.end();
}

void NewProfiles::require_new_names() const {
  if (text_of_file().empty()) return;
  const auto config = load_config_from(invocation_, file_);
  for (const auto& name : config.names)
    if (is_ours(name))
      throw Error(
          Kind::config,
          "cannot add the account " + name + ": " + safe(file_.native()) +
              " already has an account of this name",
          "nothing was written; remove or rename the one that is there, or name another file with -c");
}

void NewProfiles::require_writable(const std::string& name, const util::Secret& password) const {
  if (password.empty()) return;
  if (password.reveal().find_first_of("\r\n") != std::string::npos)
    throw Error(Kind::config, "the password of " + name + " contains a line end",
                "nothing was written; mailhaul cannot use such a password");
  const auto path = password_file(file_, name);
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) require_same(path, util::Secret(password.reveal() + "\n"));
}

void NewProfiles::write_password(const std::string& name, const util::Secret& password) {
  require_writable(name, password);
  const auto path = password_file(file_, name);
  std::error_code ignored;
  if (password.empty() || std::filesystem::exists(path, ignored)) return;
  const util::Secret line(password.reveal() + "\n");
  setup::NewFile fresh(path, line.reveal());
  fresh.publish_as_new();
  passwords_.push_back(path);
}

const account::Config& NewProfiles::check() {
  fresh_.emplace(file_, new_text().reveal());
  config_ = load_config_from(invocation_, fresh_->temporary());
  require_sound_profiles();
  warn_of_defaults();
  return config_;
}

void NewProfiles::check_in_memory() {
  config_ = load_config_from_text(invocation_, file_, new_text());
  require_sound_profiles();
  warn_of_defaults();
}

void NewProfiles::require_sound_profiles() const {
  for (const auto& [name, keys] : profiles_) {
    require_sound(name);
    require_new_mailbox(name);
  }
}

void NewProfiles::require_sound(const std::string& name) const {
  const auto named = std::ranges::find(config_.mistakes, name, &account::Mistake::account);
  if (named == config_.mistakes.end()) return;
  throw Error(
      Kind::config, "cannot add the account " + name + ": " + without_place(named->error.what()),
      named->error.hint().empty() ? "nothing was written" : "nothing was written; " + named->error.hint());
}

void NewProfiles::require_new_mailbox(const std::string& name) const {
  const auto own = std::ranges::find(config_.accounts, name, &account::Account::name);
  for (const auto& other : config_.accounts) {
    if (own == config_.accounts.end() || is_ours(other.name) ||
        account::mailbox_of(other) != account::mailbox_of(*own))
      continue;
    throw Error(Kind::config,
                "cannot add the account " + name + ": it is the same mailbox as the account " + other.name,
                "nothing was written; remove the one that is there, or name another file with -c");
  }
}

void NewProfiles::require_unchanged() const {
  if (text_of_file().reveal() != before_.reveal())
    throw Error(Kind::temporary, safe(file_.native()) + " was changed meanwhile",
                "the configuration was not written; try again");
}

void NewProfiles::publish() {
  require_unchanged();
  try {
    fresh_->publish();
  } catch (...) {
    if (is_published()) passwords_.clear();  // even if it may not be safe on the disk yet
    throw;
  }
  passwords_.clear();
}

bool NewProfiles::is_published() const { return fresh_ && fresh_->temporary().empty(); }

}  // namespace mailhaul::app
