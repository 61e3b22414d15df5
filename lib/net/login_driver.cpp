// SPDX-License-Identifier: MIT
#include "net/login_driver.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "util/error.h"

namespace mailhaul::net {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds longest_wait_for_words{5};

/// How long to wait for the next line. Once a refusal is known, the wait for more words about it is short:
/// the login is refused whether or not they come.
class LoginDeadlines {
 public:
  explicit LoginDeadlines(const LoginLimits& limits)
      : limits_(limits), gives_up_(limits.give_up != nullptr) {}
  std::chrono::milliseconds left(const LoginConversation& conversation) {
    auto at = limits_.deadline.at;
    if (gives_up_ && conversation.awaits_greeting()) {
      if (Clock::now() < limits_.greeting_by) return until(limits_.greeting_by);
      gives_up_ = limits_.give_up();
      if (gives_up_) return std::chrono::milliseconds(0);
    }
    if (conversation.awaits_capa()) at = std::min(at, limits_.capa_by);
    if (conversation.awaits_utf8()) at = std::min(at, limits_.utf8_by);
    if (conversation.knows_refusal()) {
      if (!words_by_) words_by_ = Clock::now() + longest_wait_for_words;
      at = std::min(at, *words_by_);
    }
    return until(at);
  }

 private:
  std::chrono::milliseconds until(Clock::time_point at) const {
    return Deadline{at, limits_.deadline.cancel}.left();
  }

  const LoginLimits& limits_;
  std::optional<Clock::time_point> words_by_;
  bool gives_up_;
};

/// How many bytes have arrived; empty if one has to wait, 0 at the end of the stream, however it ended.
std::optional<std::size_t> receive(Wire& wire, std::span<char> into, LoginConversation& conversation) {
  try {
    return wire.receive(into);
  } catch (const util::Error& error) {
    std::string words = error.what();
    const std::string known = "connection to " + wire.address() + " lost: ";
    if (words.starts_with(known)) words.erase(0, known.size());
    conversation.closed(std::move(words));
    return 0;
  }
}

}  // namespace

void converse(Wire& wire, LoginConversation& conversation, const LoginLimits& limits) {
  LoginDeadlines deadlines(limits);
  std::array<char, 4096> buffer{};
  for (;;) {
    const util::Secret output = conversation.take_output();
    if (!output.empty()) wire.queue(output.reveal());
    if (conversation.state() != LoginConversation::State::reading) return;
    if (limits.deadline.cancel.requested())
      throw util::Error(util::Kind::cancelled, "stopped while logging in to " + wire.address());
    const auto bytes = receive(wire, buffer, conversation);
    if (bytes) {
      if (*bytes == 0) return conversation.closed("closed during the login");
      conversation.receive(std::string_view(buffer.data(), *bytes));
      if (conversation.state() != LoginConversation::State::reading) continue;
    }
    const auto left = deadlines.left(conversation);  // also while bytes keep coming
    if (left.count() <= 0) return conversation.fell_silent();
    if (bytes) continue;
    wire.send_queued();
    wire.wait(left, limits.deadline.cancel.fd());
  }
}

}  // namespace mailhaul::net
