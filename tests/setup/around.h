// SPDX-License-Identifier: MIT
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "account/config.h"
#include "setup/import.h"
#include "util/error.h"

namespace mailhaul::test {

inline setup::Surroundings around() {
  return {.home = "/home/anna",
          .config_home = "/home/anna/.config",
          .user = "anna",
          .variable = [](const std::string& name) -> std::optional<std::string> {
            if (name == "HOST") return "box";
            return std::nullopt;
          }};
}

/// What mailhaul makes of a configuration: the keys of each account as one line, then the notes.
inline std::string read(std::string_view program, std::string_view text,
                        const setup::Surroundings& places = around()) {
  auto outcome = setup::find_program(program)->read("/home/anna/rc", text, places);
  setup::complete(outcome, places, {"fetch"});
  std::string all;
  for (const auto& draft : outcome.drafts) {
    all += draft.name + " " +
           account::write(setup::profile_of(draft, "PASSWORDS/" + draft.name), account::Layout::one_line);
    if (!draft.password.empty()) all += "password " + draft.password.reveal() + "\n";
    if (!draft.seen_file.empty()) all += "list " + draft.seen_file.native() + "\n";
  }
  for (const auto& note : outcome.notes) all += std::to_string(note.line) + ": " + note.sentence + "\n";
  return all;
}

inline void requires_in(const std::string& text, std::initializer_list<std::string_view> parts) {
  for (const auto part : parts)
    CHECK_MESSAGE(text.find(part) != std::string::npos, part << " is not in\n" << text);
}

/// The complaint about a configuration that is refused.
inline std::string refusal(std::string_view program, std::string_view text) {
  try {
    read(program, text);
  } catch (const util::Error& error) {
    CHECK(error.kind() == util::Kind::config);
    return error.what();
  }
  return "was accepted";
}

}  // namespace mailhaul::test
