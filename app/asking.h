// SPDX-License-Identifier: MIT
// A password that is typed: it is asked for again if the server refuses it.
#pragma once
#include <functional>
#include <mutex>

#include "account/account.h"
#include "net/connection.h"
#include "util/cancel.h"
#include "util/secret.h"

namespace mailhaul::app {

/// The terminal, which questions share with live lines. Any thread may ask.
struct Screen {
  /// Does the work while no live line is on the screen.
  std::function<void(const std::function<void()>&)> undisturbed = [](const auto& work) { work(); };
  std::mutex one_question;
};

/// Asks for the password of one account. All is borrowed.
class PasswordPrompt {
 public:
  PasswordPrompt(const account::Account& account, Screen& screen, const util::Cancel& cancel)
      : account_(account), screen_(screen), cancel_(cancel) {}

  /// Throws Error{config} if there is no terminal or no password is typed, Error{cancelled}.
  util::Secret ask() const;

  /// Calls `open` with this password, and with the next one that is typed if the server refuses it: three
  /// at most. Afterwards it is the one that the server took.
  using Open = std::function<net::LoggedIn(const util::Secret&)>;
  net::LoggedIn open_with(util::Secret& password, const Open& open) const;

 private:
  const account::Account& account_;
  Screen& screen_;
  const util::Cancel& cancel_;
};

}  // namespace mailhaul::app
