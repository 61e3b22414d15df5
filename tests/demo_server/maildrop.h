// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "channel.h"
#include "message.h"

namespace mailhaul::demo {

/// One user's messages, and the exclusive lock on them (RFC 1939, section 4). Any thread may request the
/// lock; only the thread that holds it uses the messages.
class Maildrop {
 public:
  explicit Maildrop(const std::vector<Source>& sources) {
    all_.reserve(sources.size());
    for (const Source& source : sources) all_.push_back(make_message(source));
    restore();
  }
  /// Waits up to `lock_timeout` for the session that holds the lock, because its thread may not have noticed
  /// yet that its client is gone. Returns whether it has got the lock.
  bool lock(std::chrono::seconds lock_timeout) {
    std::unique_lock guard(mutex_);
    if (!freed_.wait_for(guard, lock_timeout, [this] { return !taken_; })) return false;
    taken_ = true;
    return true;
  }
  void unlock() {
    const std::lock_guard guard(mutex_);
    taken_ = false;
    freed_.notify_one();
  }

  /// Restores the messages that were removed.
  void restore() {
    messages.clear();
    messages.reserve(all_.size());
    for (const Message& message : all_) messages.push_back(&message);
  }

  std::vector<const Message*> messages;  ///< those not removed

 private:
  std::vector<Message> all_;
  std::mutex mutex_;
  std::condition_variable freed_;
  bool taken_ = false;
};

enum class TlsMode { none, implicit, starttls };

/// What all sessions share; constant except for the maildrops.
struct Service {
  std::map<std::string, Maildrop, std::less<>> users;
  std::string password = "demo";
  std::chrono::seconds lock_timeout{60};  ///< how long a login waits for another session of the same user
  bool pipelining = true, uidl = true, top = true;  ///< announced; the last two also understood
  TlsMode tls = TlsMode::none;
  TlsContext context;
};

}  // namespace mailhaul::demo
