// SPDX-License-Identifier: MIT
#include "delivery/mbox_dotlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "util/host.h"
#include "util/process.h"

namespace mailhaul::delivery {

namespace {

using util::Fd;
using util::Kind;
using util::Path;
using namespace std::string_view_literals;

constexpr const char* program = "/usr/bin/dotlockfile";  // Debian's liblockfile-bin: setgid mail

Path lock_path(const Path& mbox) { return mbox.native() + ".lock"; }

constexpr std::string_view name = "mailhaul ";

std::string signature(const RunContext& context) { return std::string(name) + context.instance + "\n"; }

/// The third line of our locks. It shows whether the process id belongs to another process by now.
std::string birth_of(pid_t process, const RunContext& context) {
  const auto ticks = util::start_of(process);
  return ticks ? "started " + std::to_string(*ticks) + " after boot " + context.boot + "\n" : "";
}

struct Lockfile {
  Fd file;
  std::string content;
  struct stat info {};
  bool writable = false;
};

/// Opens a lock file. The result has no file if there is none that could be taken over.
Lockfile open_lock(const Path& path) {
  constexpr int flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  Lockfile lock{.file = Fd(::open(path.c_str(), O_RDWR | flags)), .content = std::string(256, '\0')};
  lock.writable = static_cast<bool>(lock.file);
  if (!lock.file) lock.file = Fd(::open(path.c_str(), O_RDONLY | flags));
  if (!lock.file || ::fstat(lock.file.get(), &lock.info) != 0 || !S_ISREG(lock.info.st_mode)) return {};
  lock.content.resize(util::pread_all(lock.file.get(), lock.content, 0, path));
  return lock;
}

enum class Owner { alive, gone, unknown };

/// Most programs write their process id in the first line, and some the name of the machine after it. If
/// anything else follows that is not mailhaul's, or if the file is on a network file system, the process may
/// be on another machine. Locks of mailhaul also say when the process was started.
Owner owner_of(const Lockfile& lock, const Path& path, const RunContext& context) {
  std::string_view text = lock.content;
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  pid_t process = 0;
  const auto number = std::from_chars(text.data(), text.data() + text.size(), process);
  auto rest = text.substr(static_cast<std::size_t>(number.ptr - text.data()));
  rest.remove_prefix(std::min(rest.find_first_not_of(" \r\n\0"sv), rest.size()));
  if (number.ec != std::errc() || process <= 0) return Owner::unknown;
  const auto machine = rest.substr(0, rest.find_first_of(" \r\n\0"sv));
  const bool from_here = rest.empty() || rest.starts_with(name) || machine == util::host_name();
  if (!from_here) return Owner::unknown;
  const bool says_when = rest.starts_with(name) && rest.find("\nstarted ") != rest.npos;
  const bool is_another = says_when && rest.find('\n' + birth_of(process, context)) == rest.npos;
  if (util::is_running(process) && !is_another) return Owner::alive;
  return util::medium_of(path) == util::Medium::network ? Owner::unknown : Owner::gone;
}

bool is_ours(const Lockfile& lock, const RunContext& context) {
  return lock.content.find(signature(context)) != std::string::npos;
}

/// True if nobody will remove the file: its process is gone, or it is older than a day and names no process
/// that could be looked for here.
bool is_abandoned(const Lockfile& lock, const Path& path, const RunContext& context) {
  constexpr std::int64_t a_day = 86400;
  const auto owner = owner_of(lock, path, context);
  return owner == Owner::gone ||
         (owner == Owner::unknown && context.seconds() - std::int64_t{lock.info.st_mtime} > a_day);
}

/// The exit status; -1 if a signal ended the program, or it took too long.
int run(const std::vector<std::string>& argv) {
  const util::Cancel never;
  const auto exit = util::capture(argv, 4096, std::chrono::seconds(10), never).exit;
  return exit.signal != 0 || exit.timed_out ? -1 : exit.status;
}

}  // namespace

Dotlock::Dotlock(const Path& mbox, const RunContext& context) : context_(context), path_(lock_path(mbox)) {}

Dotlock::~Dotlock() {
  if (held_ == Held::by_us) ::unlink(path_.c_str());
  if (held_ == Held::by_program) {
    try {
      run({program, "-u", path_.native()});
    } catch (const util::Error&) {  // other programs see that its process is gone
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

/// The process id comes first, as other programs expect.
std::string Dotlock::content() const {
  return std::to_string(::getpid()) + "\n" + signature(context_) + birth_of(::getpid(), context_);
}

/// The file appears with its content or not at all, even after a power cut: our next run would take an empty
/// file for that of another program.
Dotlock::Answer Dotlock::create() {
  const auto directory = path_.parent_path();
  Fd file(::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644));
  const Path named = path_.native() + ".mh" + context_.instance + context_.mailbox;
  const bool nameless = static_cast<bool>(file);
  if (!nameless && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
    ::unlink(named.c_str());  // left by a run that was killed here
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

/// Rewrites the file in place, so that no other program can create one in between. If we may not write to the
/// file of another program, it is removed if the directory allows that.
Dotlock::Answer Dotlock::take_over() {
  const auto lock = open_lock(path_);
  if (!lock.file) return Answer::busy;
  const bool ours = is_ours(lock, context_);
  if (!ours && !is_abandoned(lock, path_, context_)) return Answer::busy;
  if (!util::is_named(path_, lock.info)) return Answer::busy;
  if (lock.writable) {
    // Write before shortening the file: an empty file, left by a kill, would look like another program's.
    const auto text = content();
    util::pwrite_all(lock.file.get(), text, 0, path_);
    if (::ftruncate(lock.file.get(), static_cast<off_t>(text.size())) != 0) return Answer::busy;
    ::futimens(lock.file.get(), nullptr);
    if (!util::is_named(path_, lock.info)) return Answer::busy;  // another program has just taken it over
  } else {
    if (::unlink(path_.c_str()) != 0) return Answer::forbidden;
    if (const auto answer = create(); answer != Answer::taken) return answer;
  }
  if (!ours) {
    context_.warn("took over " + path_.native() + ", left behind by a program that is gone",
                  "if that program was killed while it wrote, the end of the mbox may be damaged");
  }
  return Answer::taken;
}

bool dotlockfile_installed() { return ::access(program, X_OK) == 0; }

Dotlock::Answer Dotlock::ask_program() {
  if (!dotlockfile_installed()) return Answer::forbidden;
  constexpr int lock_exists = 4;  // L_MAXTRYS in lockfile.h
  const int status = run({program, "-p", "-l", "-r", "0", path_.native()});
  if (status < 0) return Answer::none;
  if (status == lock_exists) return Answer::busy;
  if (status != 0) return Answer::forbidden;
  held_ = Held::by_program;
  return Answer::taken;
}

bool left_by_us(const Path& mbox, const RunContext& context) {
  const auto path = lock_path(mbox);
  const auto lock = open_lock(path);
  const auto second = lock.content.substr(lock.content.find('\n') + 1);
  return lock.file && (is_ours(lock, context) ||
                       (second.starts_with(name) && owner_of(lock, path, context) == Owner::gone));
}

}  // namespace mailhaul::delivery
