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
  /// Listens at `url`, such as "http://127.0.0.1:8080/back", on a free port if it names none. If `url`
  /// is not http on this machine, nothing listens, and only a pasted address helps. Throws Error{temporary}
  /// if the port is taken.
  explicit Loopback(const std::string& url);
  const std::string& url() const noexcept { return url_; }  ///< with its port
  bool listens() const noexcept { return static_cast<bool>(listener_); }

  /// What the wait needs. `terminal` is a descriptor from which pasted lines are read; -1: none.
  struct Wait {
    const std::string& state;
    int terminal = -1;
    std::chrono::seconds limit{900};
    const util::Cancel& cancel;
    std::function<void(const std::string&)> tell;  ///< reports what was wrong with a pasted line
  };
  /// Waits until the browser or a pasted line brings the right state; refuses and ignores everything else.
  /// Throws Error{login} when the time is over, Error{cancelled}.
  [[nodiscard]] Redirected wait(const Wait& wait) const;

 private:
  std::string url_;
  util::Fd listener_;
};

}  // namespace mailhaul::credentials
