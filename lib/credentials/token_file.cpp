// SPDX-License-Identifier: MIT
#include "credentials/token_file.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "util/error.h"

namespace mailhaul::credentials {
namespace {

using Json = nlohmann::json;
using std::chrono::sys_seconds;
using util::Error;
using util::Kind;

constexpr std::size_t largest_file = 256U << 10U;
constexpr off_t room = 64L << 10U;

std::int64_t number_of(sys_seconds time) { return time.time_since_epoch().count(); }

std::string member_text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

sys_seconds member_time(const Json& object, const char* name) {
  const auto found = object.find(name);
  constexpr std::int64_t last = 253'402'300'799;  // the year 9999
  if (found == object.end() || !found->is_number_integer()) return {};
  return sys_seconds(
      std::chrono::seconds(std::min(std::max<std::int64_t>(found->get<std::int64_t>(), 0), last)));
}

util::Fd wait_for_lock(const util::Path& path, const util::Cancel& cancel) {
  constexpr int tries = 600, pause_ms = 100;
  for (int i = 0; i < tries; ++i) {
    if (auto lock = util::try_lock(path)) return std::move(*lock);
    struct pollfd stop {
      cancel.fd(), POLLIN, 0
    };
    ::poll(&stop, 1, pause_ms);
    if (cancel.requested()) throw Error(Kind::cancelled, "stopped while waiting for " + path.native());
  }
  throw Error(Kind::temporary, "cannot lock " + path.native() + ": another mailhaul holds it",
              "it is renewing the login; try again later");
}

/// Empty: there is no such file, or it has no tokens.
std::optional<Tokens> tokens_in(const util::Path& path) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(path, unknown)) return std::nullopt;
  const util::Secret text(util::read_file(path, largest_file));
  return read_tokens(text.reveal());
}

}  // namespace

util::Secret write_tokens(const Tokens& tokens) {
  const Json json{{"version", 1},
                  {"user", tokens.user},
                  {"client_id", tokens.client_id},
                  {"token_url", tokens.token_url},
                  {"access_token", tokens.access.reveal()},
                  {"refresh_token", tokens.refresh.reveal()},
                  {"expires", number_of(tokens.expires)},
                  {"logged_in", number_of(tokens.logged_in)},
                  {"used", number_of(tokens.used)}};
  return util::Secret(json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n");
}

std::optional<Tokens> read_tokens(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  Tokens tokens{.access = util::Secret(member_text(json, "access_token")),
                .refresh = util::Secret(member_text(json, "refresh_token")),
                .expires = member_time(json, "expires"),
                .logged_in = member_time(json, "logged_in"),
                .used = member_time(json, "used"),
                .user = member_text(json, "user"),
                .client_id = member_text(json, "client_id"),
                .token_url = member_text(json, "token_url")};
  if (tokens.access.empty() && tokens.refresh.empty()) return std::nullopt;
  return tokens;
}

util::Path token_path(const util::Path& state_file, std::string_view account) {
  return state_file.parent_path() / "tokens" / (std::string(account) + ".json");
}

TokenFile::TokenFile(util::Path path, const util::Cancel& cancel) : path_(std::move(path)), fresh_(path_) {
  fresh_ += ".new";
  util::make_directories(path_.parent_path());
  auto lock = path_;
  lock += ".lock";
  lock_ = wait_for_lock(lock, cancel);
  take_left_behind();
}

/// After a power cut between the writing and the renaming of the new file, its refresh token may be the only
/// one that is valid.
void TokenFile::take_left_behind() const {
  const auto left = tokens_in(fresh_);
  if (!left) return;
  const auto kept = tokens_in(path_);
  if (kept && left->used > kept->used) save(*left);
}

std::optional<Tokens> TokenFile::read() const {
  if (::access(path_.c_str(), F_OK) != 0 && errno == ENOENT) return std::nullopt;
  util::require_private(path_, "a token");
  const util::Secret text(util::read_file(path_, largest_file));
  auto tokens = read_tokens(text.reveal());
  if (!tokens)
    throw Error(Kind::storage, "cannot read " + path_.native() + ": it is damaged",
                "remove it and log in again: mailhaul login " + path_.stem().native());
  return tokens;
}

void TokenFile::reserve() const {
  const auto file = util::open_file(fresh_, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  const int failed = ::posix_fallocate(file.get(), 0, room);
  if (failed != 0 && failed != EOPNOTSUPP && failed != EINVAL)
    util::throw_errno(Kind::storage, "write", fresh_.native(), failed);
}

void TokenFile::save(const Tokens& tokens) const {
  const auto text = write_tokens(tokens);
  // The file is not truncated when it is opened, so that the room that reserve() made is used.
  auto file = util::open_file(fresh_, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  util::pwrite_all(file.get(), text.reveal(), 0, fresh_);
  if (::ftruncate(file.get(), static_cast<off_t>(text.reveal().size())) != 0)
    util::throw_errno(Kind::storage, "truncate", fresh_.native());
  util::sync_fd(file.get(), fresh_);
  file.close_checked(Kind::storage, fresh_.native());
  if (::rename(fresh_.c_str(), path_.c_str()) != 0)
    util::throw_errno(Kind::storage, "replace", path_.native());
  util::sync_directory(path_.parent_path());
}

bool TokenFile::remove() const {
  ::unlink(fresh_.c_str());
  if (::unlink(path_.c_str()) != 0) {
    if (errno == ENOENT) return false;
    util::throw_errno(Kind::storage, "remove", path_.native());
  }
  util::sync_directory(path_.parent_path());
  return true;
}

}  // namespace mailhaul::credentials
