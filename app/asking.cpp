// SPDX-License-Identifier: MIT
#include "app/asking.h"

#include "app/prompt.h"
#include "app/terminal.h"
#include "credentials/source.h"
#include "util/error.h"

namespace mailhaul::app {

namespace {

constexpr int most_tries = 3;

}  // namespace

void Screen::undisturbed(const std::function<void()>& work) const {
  if (terminal == nullptr) return work();
  terminal->undisturbed(work);
}

util::Secret PasswordPrompt::ask() const {
  const credentials::Environment outside{.variable = nullptr, .prompt = [this](std::string_view question) {
                                           return app::ask(question, cancel_);
                                         }};
  return credentials::resolve(credentials::Ask{},
                              {.account = account_.name, .user = account_.user, .host = account_.server.host},
                              outside, cancel_);
}

net::LoggedIn PasswordPrompt::open_with(util::Secret& password, const Open& open) const {
  for (int tries = 1;; ++tries) {
    try {
      return open(password);
    } catch (const util::Error& error) {
      if (error.kind() != util::Kind::login || tries == most_tries || !open_terminal()) throw;
      const std::lock_guard lock(screen_.one_question);
      screen_.undisturbed([&] {
        tell_at_terminal(account_.name + ": " + error.what());
        password = ask();
      });
    }
  }
}

}  // namespace mailhaul::app
