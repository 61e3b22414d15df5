// SPDX-License-Identifier: MIT
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"
#include "support/cpp/scripted_server.h"
#include "support/cpp/temp_dir.h"
#include "support/cpp/text.h"
#include "support/cpp/time_out.h"
#include "util/base64.h"
#include "util/cancel.h"
#include "util/error.h"

namespace mailhaul::test {

inline const std::string password = "Correct-Horse7";

/// The authority that issues the certificates of these tests.
inline const Authority& authority() {
  static const Authority one;
  return one;
}

/// The client's side of a test: its settings and its trace.
struct Session {
  explicit Session(const ScriptedServer& server, net::Tls tls = net::Tls::none) {
    static const bool started = (net::start_library(), true);
    static_cast<void>(started);
    endpoint.host = "127.0.0.1";
    endpoint.port = server.port();
    endpoint.tls = tls;
    endpoint.connect_timeout = limit;
    login.user = "anna";
    login.secret = util::Secret(password);
  }

  net::LoggedIn open() {
    const net::Trace tell = [this](char direction, std::string_view line) {
      trace.push_back(std::string(1, direction) + " " + std::string(line));
    };
    return net::open_pop3({.endpoint = endpoint,
                           .login = login,
                           .remembered_method = remembered,
                           .cancel = cancel,
                           .trace = tell,
                           .advise = advise});
  }

  /// Calls open(), which has to fail, and returns its error.
  util::Error refused() {
    try {
      open();
    } catch (const util::Error& error) {
      return error;
    }
    FAIL("the session was opened");
    return {util::Kind::internal, ""};
  }

  bool traced(std::string_view line) const {
    return std::find(trace.begin(), trace.end(), line) != trace.end();
  }

  net::Endpoint endpoint;
  net::Login login;
  std::string remembered;
  net::Advisor advise = nullptr;
  util::Cancel cancel;
  std::vector<std::string> trace;
};

/// A session that trusts authority().
struct TrustingSession : Session {
  explicit TrustingSession(const ScriptedServer& server, net::Tls tls = net::Tls::none)
      : Session(server, tls) {
    spill(directory / "ca.pem", authority().pem());
    endpoint.ca_file = directory / "ca.pem";
  }
  TempDir directory;
};

/// Reads everything up to the end of the stream.
inline std::string read_all(net::Stream& stream) {
  std::string result;
  std::array<char, 4096> buffer{};
  while (const auto bytes = stream.read(buffer)) result.append(buffer.data(), bytes);
  return result;
}

inline std::string plain_credentials() {
  return util::base64_encode(std::string(1, '\0') + "anna" + std::string(1, '\0') + password);
}

}  // namespace mailhaul::test
