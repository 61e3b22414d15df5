// SPDX-License-Identifier: MIT
#include "app/questions.h"

#include "app/prompt.h"
#include "util/ascii.h"
#include "util/error.h"

namespace mailhaul::app {

Questions::Questions(const Invocation& invocation)
    : invocation_(invocation),
      can_ask_(!invocation.json && !invocation.print_only && static_cast<bool>(open_terminal())) {}

std::string Questions::ask(std::string_view question, std::string_view otherwise) const {
  const auto answer = ask_line(question, *invocation_.cancel);
  if (!answer) throw util::Error(util::Kind::cancelled, "stopped at a question; no account was written");
  const auto text = util::trimmed(*answer);
  return std::string(text.empty() ? otherwise : text);
}

bool Questions::agrees(std::string_view question, std::string_view otherwise) const {
  for (;;) {
    const auto answer = util::lower(ask(question, otherwise));
    if (answer.starts_with('y')) return true;
    if (answer.starts_with('n')) return false;
  }
}

util::Secret Questions::ask_secret(std::string_view question) const {
  for (int left = 3; left > 0; --left)
    if (auto answer = app::ask(question, *invocation_.cancel); answer && !answer->empty())
      return std::move(*answer);
  throw util::Error(util::Kind::cancelled, "stopped at a question; no account was written");
}

}  // namespace mailhaul::app
