// SPDX-License-Identifier: MIT
#include "delivery/mbox_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "delivery/owner.h"
#include "delivery/sleep.h"
#include "util/digest.h"
#include "util/file.h"

namespace mailhaul::delivery {

namespace {

using util::Error;
using util::Fd;
using util::Kind;
using util::Path;
using Clock = std::chrono::steady_clock;

constexpr int mbox_flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

[[noreturn]] void refuse(const Path& path, const std::string& what, std::string hint) {
  throw Error(Kind::cannot_create, path.native() + " " + what, std::move(hint));
}

void require_plain_file(int fd, const Path& path) {
  const auto info = util::status_of(fd, path);
  if (!S_ISREG(info.st_mode))
    refuse(path, "is not a regular file", "name a regular file, or one that does not exist yet");
  if (info.st_nlink > 1) {  // 0: replaced a moment ago, which LockedMbox notices
    refuse(path, "has a second name (a hard link)", "find it: find / -xdev -samefile " + path.native());
  }
  if (info.st_uid != ::geteuid()) refuse_owner(path, info.st_uid);
}

Fd create_mbox_file(const Path& path) {
  Fd file(::open(path.c_str(), mbox_flags | O_CREAT | O_EXCL, 0600));
  if (!file) {
    if (errno == EEXIST) return {};
    util::throw_errno(Kind::cannot_create, "create", path.native());
  }
  util::sync_directory(path.parent_path());
  return file;
}

[[noreturn]] void cannot_open(const Path& path, int err) {
  if (err == ELOOP) refuse(path, "is a symbolic link", "name the file that it points to");
  if (err == EISDIR) refuse(path, "is a directory", "for a Maildir: maildir:" + path.native());
  if (err == ENOENT) {
    throw Error(Kind::storage, "the mbox " + path.native() + " is gone, and a delivery to it is unfinished",
                "restore it (is its disk mounted?), or create an empty one (touch " + path.native() +
                    "), or deliver elsewhere: the messages are still on the server");
  }
  util::throw_errno(Kind::cannot_create, "open", path.native(), err);
}

std::string who_uses(const Path& path) { return "see which: fuser -v " + path.native(); }

/// False if a reader has replaced the file while we waited.
bool still_there(int fd, const Path& path) { return util::is_named(path, util::status_of(fd, path)); }

}  // namespace

Fd open_mbox_file(const Path& path, Missing missing) {
  for (;;) {
    Fd file(::open(path.c_str(), mbox_flags));
    const int err = errno;
    if (!file && err == ENOENT && missing == Missing::create) {
      file = create_mbox_file(path);
      if (!file) continue;  // another program has just created it
    }
    if (!file) cannot_open(path, err);
    require_plain_file(file.get(), path);
    return file;
  }
}

LockedMbox::LockedMbox(const Path& path, const RunContext& context, const Locking& locking, Missing missing)
    : path_(path) {
  const auto deadline = Clock::now() + locking.lock_timeout;
  std::chrono::milliseconds wait{10};
  for (;;) {
    file_ = open_mbox_file(path_, missing);
    if (try_lock(context, locking)) return;
    dotlock_.reset();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0)
      throw Error(Kind::temporary, "cannot lock " + path_.native() + ": " + busy_, busy_hint_);
    // Hold nothing while waiting: other programs take the same two locks in the opposite order.
    file_ = Fd();
    sleep_unless_cancelled(context, std::min(wait, left), "waiting for the lock of " + path_.native());
    wait = std::min(wait * 2, std::chrono::milliseconds(250));
  }
}

/// Whether the path still names this file, and it may be delivered to.
bool LockedMbox::is_unchanged() {
  busy_ = "other programs keep replacing it";
  busy_hint_ = who_uses(path_);
  if (!still_there(fd(), path_)) return false;
  require_plain_file(fd(), path_);
  return true;
}

bool LockedMbox::try_lock(const RunContext& context, const Locking& locking) {
  busy_ = "it is locked by another program";
  busy_hint_ = who_uses(path_);
  if (!util::try_lock(fd(), util::LockMode::exclusive, path_)) return false;
  if (!is_unchanged()) return false;
  if (locking.kind == MboxLock::fcntl) return true;
  dotlock_ = std::make_unique<Dotlock>(path_, context);
  const auto answer = dotlock_->try_take();
  forbidden_ = answer == Dotlock::Answer::forbidden;
  const auto& lock = dotlock_->path().native();
  busy_ = "it is locked by " + lock + ", which another program created";
  busy_hint_ = "if no program is using it: rm " + lock;
  if (answer == Dotlock::Answer::busy) return false;
  busy_ = "dotlockfile(1) gave no answer";
  busy_hint_ = "try it: dotlockfile -p -l " + lock;
  if (answer == Dotlock::Answer::none) return false;
  return is_unchanged();  // a program that respects only the dotlock may have replaced the file until now
}

std::uint64_t LockedMbox::bytes() const {
  return static_cast<std::uint64_t>(util::status_of(fd(), path_).st_size);
}

ino_t LockedMbox::inode() const { return util::status_of(fd(), path_).st_ino; }

std::string LockedMbox::padding(std::uint64_t at) const {
  if (at == 0) return "";
  std::array<char, 2> last{};
  const auto n = std::min<std::uint64_t>(at, 2);
  // Bytes that the file does not have stay NUL, and get the padding of a line without a newline.
  (void)util::pread_all(fd(), std::span(last).last(n), static_cast<off_t>(at - n), path_);
  if (last[1] != '\n') return "\n\n";
  return last[0] == '\n' ? "" : "\n";
}

std::string LockedMbox::hash_before(std::uint64_t at) const {
  std::array<char, 4096> before{};
  const auto n = std::min<std::uint64_t>(at, before.size());
  const auto got = util::pread_all(fd(), std::span(before).first(n), static_cast<off_t>(at - n), path_);
  return util::hex(util::sha256({before.data(), got}));
}

}  // namespace mailhaul::delivery
