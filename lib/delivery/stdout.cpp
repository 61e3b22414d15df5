// SPDX-License-Identifier: MIT
#include "delivery/stdout.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <mutex>
#include <optional>

#include "delivery/handover.h"
#include "delivery/sleep.h"

namespace mailhaul::delivery {

namespace {

using util::Error;
using util::Kind;

/// Held while a message is written: all accounts share standard output, and a message must not be
/// interrupted.
std::mutex& turn() {
  static std::mutex mutex;
  return mutex;
}

[[noreturn]] void reader_gone() {
  throw Error(Kind::storage, "cannot write to standard output: its reader has gone",
              "the messages are still on the server; to be sure that the reader keeps each of them, use "
              "\"deliver\": \"mda:...\"");
}

using Clock = std::chrono::steady_clock;

/// How far the message that is being written has got.
struct Progress {
  bool has_begun = false;
  std::optional<Clock::time_point> until = {};  ///< when to give up, after a request to stop
};

class Stdout final : public Handover {
 public:
  Stdout(int fd, const RunContext& context)
      : Handover(
            {.kind = stdout_kind, .target = std::string(stdout_kind.name), .form = StoredForm::mbox_entry},
            context),
        fd_(fd) {}

  std::vector<DeliveryResult> recover(std::span<const Ticket> tickets) override;
  void close() override;

 private:
  DeliveryResult hand_over(const QueuedMessage& message) override;
  void write_out(const QueuedMessage& message) const;
  void write_piece(std::string_view bytes, Progress& progress) const;
  void wait_until_writable(Progress& progress) const;

  int fd_;
};

DeliveryResult Stdout::hand_over(const QueuedMessage& message) {
  const std::lock_guard lock(turn());
  write_out(message);
  return {};
}

void Stdout::write_out(const QueuedMessage& message) const {
  std::array<char, 65536> piece{};
  Progress progress;
  for (off_t at = 0; static_cast<std::uint64_t>(at) < message.bytes;) {
    const auto got = util::pread_all(message.file.get(), piece, at, "a waiting message");
    if (got == 0) throw Error(Kind::storage, "a message waiting for standard output was cut short");
    write_piece({piece.data(), got}, progress);
    at += static_cast<off_t>(got);
  }
}

/// Writes no more at a time than fits into a pipe that poll(2) reports as writable, so that the write never
/// blocks, and a request to stop is seen even if the reader has stopped reading.
void Stdout::write_piece(std::string_view bytes, Progress& progress) const {
  while (!bytes.empty()) {
    wait_until_writable(progress);
    const ssize_t n = ::write(fd_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (n < 0 && errno == EPIPE) reader_gone();
    if (n < 0 && errno != EINTR && errno != EAGAIN) {
      util::throw_errno(Kind::storage, "write to", "standard output");
    }
    if (n <= 0) continue;
    progress.has_begun = true;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

/// A reader would take half a message for a whole one. So a message that was begun is finished after a
/// request to stop, if the reader reads it soon enough.
void Stdout::wait_until_writable(Progress& progress) const {
  const auto& cancel = *context().cancel;
  for (;;) {
    const bool is_stopping = cancel.requested();
    if (is_stopping && !progress.until) progress.until = Clock::now() + cancel.grace();
    const auto left = is_stopping
                          ? std::chrono::ceil<std::chrono::milliseconds>(*progress.until - Clock::now())
                          : std::chrono::milliseconds(0);
    if (is_stopping && (!progress.has_begun || left.count() <= 0))
      throw Error(Kind::cancelled, "stopped while writing to standard output");
    std::array<struct pollfd, 2> waits{{{fd_, POLLOUT, 0}, {is_stopping ? -1 : cancel.fd(), POLLIN, 0}}};
    if (::poll(waits.data(), waits.size(), is_stopping ? static_cast<int>(left.count()) : -1) < 0 &&
        errno != EINTR)
      util::throw_errno(Kind::storage, "wait for", "standard output");
    if (waits[0].revents != 0 && waits[1].revents == 0) return;
  }
}

/// Nothing reports that a pipe or socket has become empty, so it is polled. A socket whose reader leaves
/// drops what was not read, but shows an error before that: therefore the error is checked last.
void Stdout::close() {
  const auto info = util::status_of(fd_, "standard output");
  if (S_ISREG(info.st_mode)) util::sync_fd(fd_, "standard output");
  const bool is_pipe = S_ISFIFO(info.st_mode);
  if (!is_pipe && !S_ISSOCK(info.st_mode)) return;
  for (int pause = 1;; pause = std::min(pause * 2, 50)) {
    int unread = 0;
    if (::ioctl(fd_, is_pipe ? FIONREAD : SIOCOUTQ, &unread) != 0) {
      util::throw_errno(Kind::storage, "read how much is unread in", "standard output");
    }
    struct pollfd reader {};
    reader.fd = fd_;
    ::poll(&reader, 1, 0);
    if ((reader.revents & POLLERR) != 0) reader_gone();
    if (unread == 0) return;
    sleep_unless_cancelled(context(), std::chrono::milliseconds(pause),
                           "standard output was not yet read to its end");
  }
}

std::vector<DeliveryResult> Stdout::recover(std::span<const Ticket> tickets) {
  std::vector<DeliveryResult> results;
  results.reserve(tickets.size());
  for (const auto& ticket : tickets) {
    results.push_back({DeliveryStatus::doubt,
                       "nobody can tell whether " + id_of(ticket) +
                           " was written to standard output: it will be written again",
                       ""});
  }
  return results;
}

/// Only recover() works on it.
std::unique_ptr<Destination> reopen_stdout(const Ticket& /*ticket*/, const RunContext& context) {
  return std::make_unique<Stdout>(STDOUT_FILENO, context);
}

}  // namespace

std::unique_ptr<Destination> open_stdout(int fd, const RunContext& context) {
  if (::isatty(fd) == 1) {
    throw Error(Kind::usage, "messages are not written to a terminal",
                "send the output to a program or a file: | less, | formail -Y -s procmail, > FILE");
  }
  return std::make_unique<Stdout>(fd, context);
}

// The batch is small because each waiting message holds a descriptor.
constinit const KindRow stdout_kind{
    .name = "stdout",
    .value = "",
    .help = "standard output, as an mbox stream",
    .fields = {},
    .traits = {.guarantee = Guarantee::at_least_once, .delivered_by = DeliveredBy::close, .batch = 64},
    .open = [](const Spec& /*spec*/,
               const RunContext& context) { return open_stdout(STDOUT_FILENO, context); },
    .reopen = reopen_stdout,
};

}  // namespace mailhaul::delivery
