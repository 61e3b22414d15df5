// SPDX-License-Identifier: MIT
// Asks for a password at the terminal, and asks again if the server refuses it.
#pragma once
#include <functional>
#include <mutex>

#include "account/account.h"
#include "net/connection.h"
#include "util/cancel.h"
#include "util/secret.h"

namespace mailhaul::app {

class Terminal;

/// The terminal, which questions share with live lines. Any thread may ask; `terminal` is changed only while
/// no other thread uses the Screen.
struct Screen {
  /// Does the work while no live line is on the screen.
  void undisturbed(const std::function<void()>& work) const;

  Terminal* terminal = nullptr;  ///< the first one that was made, until it ends; nullptr: no live lines
  std::mutex one_question;
};

/// Asks for the password of one account. All arguments are borrowed.
class PasswordPrompt {
 public:
  PasswordPrompt(const account::Account& account, Screen& screen, const util::Cancel& cancel)
      : account_(account), screen_(screen), cancel_(cancel) {}

  /// Throws Error{config} if there is no terminal or no password is typed, Error{cancelled}.
  util::Secret ask() const;

  /// Calls `open` with `password`. If the server refuses it, asks for another one and tries again, at most
  /// three times in all. Afterwards `password` is the one that the server accepted.
  using Open = std::function<net::LoggedIn(const util::Secret&)>;
  net::LoggedIn open_with(util::Secret& password, const Open& open) const;

 private:
  const account::Account& account_;
  Screen& screen_;
  const util::Cancel& cancel_;
};

}  // namespace mailhaul::app
