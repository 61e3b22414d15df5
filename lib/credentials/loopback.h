// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "credentials/oauth_messages.h"
#include "util/cancel.h"
#include "util/fd.h"

namespace mailhaul::credentials {

/// The address on this machine to which the browser brings the code (RFC 8252 section 7.3).
class Loopback {
 public:
  /// Listens at `url`, such as "http://127.0.0.1:8080/back", on a free port if it names none. Does not
  /// listen if the URL is not one of http on this machine: then only a pasted address helps. Throws
  /// Error{temporary} if the port is taken.
  explicit Loopback(const std::string& url);
  const std::string& url() const noexcept { return url_; }  ///< with its port
  bool listens() const noexcept { return static_cast<bool>(listener_); }

  /// What the wait needs. `terminal` is a descriptor from which pasted lines are read; -1: none.
  struct Wait {
    const std::string& state;
    int terminal = -1;
    std::chrono::seconds limit{900};
    const util::Cancel& cancel;
    std::function<void(const std::string&)> tell;  ///< what was wrong with a pasted line
  };
  /// Waits for the browser or a pasted line that has the right state; others are refused and change nothing.
  /// Throws Error{login} when the time is over, Error{cancelled}.
  [[nodiscard]] Redirected wait(const Wait& wait) const;

 private:
  std::string url_;
  util::Fd listener_;
};

}  // namespace mailhaul::credentials
