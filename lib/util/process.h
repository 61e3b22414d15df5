// SPDX-License-Identifier: MIT
#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "util/cancel.h"
#include "util/fd.h"

namespace mailhaul::util {

/// How a program ended.
struct Exit {
  int status = 0;          ///< exit status, if signal is 0
  int signal = 0;          ///< the signal that ended it
  bool timed_out = false;  ///< we killed it because it took too long
  bool stopped = false;    ///< we killed it after a cancel; `timed_out` is true as well
  bool ok() const noexcept { return status == 0 && signal == 0 && !timed_out; }
};

/// How a child is started: without a shell; the program is looked up in PATH.
struct Launch {
  std::span<const std::string> argv;
  std::span<const std::string> environment;  ///< "NAME=value", added to ours
  int input = -1;                            ///< its standard input; -1: /dev/null
  int output = -1;                           ///< its standard output; -1: ours
  int error = -1;                            ///< its standard error; -1: ours
  int keep = -1;  ///< inherited as descriptor 3: a lock that lives as long as the child
};

/// How much a child may still do after a cancel.
enum class AfterCancel {
  little,    ///< it may be killed at any time: it gets Cancel::grace()
  its_work,  ///< it may finish its work: it gets usual_grace, whatever the signal is
};

/// A running program in a process group of its own, with every signal unblocked and at its default. It
/// inherits our umask and limits, and of our descriptors only those that Launch names. One thread at a time.
class Child {
 public:
  /// Throws Error{storage} if the program cannot be started, Error{os} if the system cannot start any.
  explicit Child(const Launch& launch);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();  ///< kills the group and reaps a child that was not waited for
  /// Waits until the child ends. After `limit` the child is killed (TERM, then KILL 5 s later); after a
  /// cancel, this happens sooner.
  [[nodiscard]] Exit wait(std::chrono::seconds limit, const Cancel& cancel,
                          AfterCancel after_cancel = AfterCancel::little);

 private:
  pid_t pid_ = -1;
};

/// How a program ended, and what it wrote.
struct Captured {
  Exit exit;
  std::string output;
  std::string last_words;  ///< the end of its standard error
};
/// Runs a program with nothing on standard input and keeps at most `limit_bytes` of its output.
[[nodiscard]] Captured capture(std::span<const std::string> argv, std::size_t limit_bytes,
                               std::chrono::seconds limit, const Cancel& cancel);

/// The end of a program's output in a file, as one line that can be shown.
std::string last_words(const Fd& said);

/// Whether a process is running. A process that has ended is not, although it keeps its number until it is
/// reaped.
[[nodiscard]] bool is_running(pid_t pid);

/// When a process was started, in clock ticks since boot (proc(5), field 22 of stat); empty if there is no
/// such process. Process numbers are used again, but a number with this time and boot_id() is unique.
[[nodiscard]] std::optional<std::uint64_t> start_of(pid_t pid);

/// For process 1 of a container, which inherits what its children leave behind: reaps the processes that have
/// ended. Those of our session that lead a process group, or are in ours, may be a Child and are left alone.
void reap_orphans();

/// "exit status 3", "signal 9 (Killed)", "did not end within 300 s", "stopped together with mailhaul".
std::string describe(const Exit& exit, std::chrono::seconds limit);

}  // namespace mailhaul::util
