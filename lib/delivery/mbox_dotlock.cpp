// SPDX-License-Identifier: MIT
#include "delivery/mbox_dotlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <vector>

#include "util/host.h"
#include "util/process.h"

namespace mailhaul::delivery {

namespace {

using util::Fd;
using util::Kind;
using util::Path;

constexpr const char* program = "/usr/bin/dotlockfile";  // Debian's liblockfile-bin: setgid mail

Path lock_path(const Path& mailbox) { return mailbox.native() + ".lock"; }

constexpr std::string_view name = "mailhaul ";

std::string signature(const RunContext& context) { return std::string(name) + context.instance + "\n"; }

/// Of another instance: its state was lost, or it is at work now. Then it holds the mailbox's kernel lock,
/// and its process lives. On a network file system that may be elsewhere.
bool abandoned(std::string_view text, const Path& path) {
  pid_t process = 0;
  const auto number = std::from_chars(text.data(), text.data() + text.size(), process);
  if (number.ec != std::errc() || process <= 0 || !text.substr(text.find('\n') + 1).starts_with(name))
    return false;
  const bool gone = ::kill(process, 0) != 0 && errno == ESRCH;
  return gone && util::medium_of(path) != util::Medium::network;
}

/// The lock file, open, when it bears our instance, or one of which nothing is left.
Fd open_ours(const Path& path, const RunContext& context) {
  Fd file(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  std::array<char, 256> text{};
  const auto length = util::pread_all(file.get(), text, 0, path);
  const std::string_view content(text.data(), length);
  const bool ours = content.find(signature(context)) != std::string_view::npos || abandoned(content, path);
  return ours ? std::move(file) : Fd();
}

int run(const std::vector<std::string>& argv) {
  const util::Cancel never;
  return util::capture(argv, 4096, std::chrono::seconds(10), never).exit.status;
}

}  // namespace

Dotlock::Dotlock(const Path& mailbox, const RunContext& context)
    : context_(context), path_(lock_path(mailbox)) {}

Dotlock::~Dotlock() {
  if (held_ == Held::by_us) ::unlink(path_.c_str());
  if (held_ == Held::by_program) {
    try {
      run({program, "-u", path_.native()});
    } catch (const util::Error&) {  // others see that its process is gone
    }
  }
}

Dotlock::Answer Dotlock::try_take() {
  auto answer = create();
  if (answer == Answer::busy) answer = take_over();
  if (answer == Answer::forbidden) return ask_program();
  if (answer == Answer::taken) held_ = Held::by_us;
  return answer;
}

/// The process id first, as other programs expect it.
std::string Dotlock::content() const { return std::to_string(::getpid()) + "\n" + signature(context_); }

/// It appears with its content or not at all, after a power cut too: one without would be a stranger's to our
/// next run.
Dotlock::Answer Dotlock::create() {
  const auto directory = path_.parent_path();
  Fd file(::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644));
  const Path named = path_.native() + ".mh" + context_.instance + context_.mailbox;
  const bool nameless = static_cast<bool>(file);
  if (!nameless && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
    ::unlink(named.c_str());  // from a run that was killed right here
    file = Fd(::open(named.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644));
  }
  if (!file && (errno == EACCES || errno == EPERM || errno == EROFS)) return Answer::forbidden;
  if (!file) util::throw_errno(Kind::storage, "create", path_.native());
  util::write_all(file.get(), content(), path_);
  util::sync_fd(file.get(), path_);
  const auto source = nameless ? "/proc/self/fd/" + std::to_string(file.get()) : named.native();
  const int linked = ::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, path_.c_str(), AT_SYMLINK_FOLLOW);
  const int err = errno;
  if (!nameless) ::unlink(named.c_str());
  if (linked == 0) return Answer::taken;
  if (err == EEXIST) return Answer::busy;
  if (err == EACCES || err == EPERM) return Answer::forbidden;
  util::throw_errno(Kind::storage, "create", path_.native(), err);
}

/// Written anew where it stands, not removed and made: no gap in which another program could get between.
Dotlock::Answer Dotlock::take_over() {
  const Fd file = open_ours(path_, context_);
  if (!file) return Answer::busy;
  util::pwrite_all(file.get(), content(), 0, path_);
  ::futimens(file.get(), nullptr);
  return Answer::taken;
}

bool dotlockfile_installed() { return ::access(program, X_OK) == 0; }

Dotlock::Answer Dotlock::ask_program() {
  if (!dotlockfile_installed()) return Answer::forbidden;
  constexpr int lock_exists = 4;  // L_MAXTRYS in lockfile.h
  const int status = run({program, "-p", "-l", "-r", "0", path_.native()});
  if (status == lock_exists) return Answer::busy;
  if (status != 0) return Answer::forbidden;
  held_ = Held::by_program;
  return Answer::taken;
}

bool left_by_us(const Path& mailbox, const RunContext& context) {
  return static_cast<bool>(open_ours(lock_path(mailbox), context));
}

}  // namespace mailhaul::delivery
