// SPDX-License-Identifier: MIT
#pragma once
#include <memory>
#include <span>
#include <string>

#include "util/cancel.h"
#include "util/fd.h"
#include "util/process.h"

namespace mailhaul::net {

/// A program whose standard input and output are a connection. The destructor kills the program.
class Tunnel {
 public:
  /// Throws Error{config} if the program cannot be started, Error{os} if there is no connection to it.
  explicit Tunnel(std::span<const std::string> argv);

  /// Our end: a connected TCP socket, the only kind that libcurl takes over.
  int fd() const noexcept { return socket_.get(); }
  /// Closes the connection and waits a moment for the end of the program. Returns how it ended, and its last
  /// words; empty if it did not end by itself.
  std::string end(const util::Cancel& cancel);

 private:
  util::Fd said_;  ///< what the program wrote to its standard error
  std::unique_ptr<util::Child> program_;
  util::Fd socket_;
};

}  // namespace mailhaul::net
