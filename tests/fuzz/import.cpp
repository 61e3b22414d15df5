// SPDX-License-Identifier: MIT
// Input: a byte that chooses the program, and its configuration; after NUL NUL, its list of fetched
// messages.
#include "setup/import.h"

#include "account/config.h"
#include "fuzz/fuzz.h"
#include "setup/profile_text.h"
#include "util/ascii.h"

using namespace mailhaul;

namespace {

/// Checks that "FILE:LINE: sentence" names a line that exists.
void check_refusal(const util::Error& error, std::string_view text) {
  fuzz::require(error.kind() == util::Kind::config, "what is wrong is the configuration");
  const std::string_view what = error.what();
  fuzz::require(what.size() < 10000, "a complaint is no longer than a page");
  if (!what.starts_with("FILE:")) return;
  const auto digits = what.substr(5, what.find(':', 5) - 5);
  const auto line = util::parse_number(digits);
  fuzz::require(line && *line >= 1 && *line <= fuzz::count(text, "\n") + 1,
                "a complaint names a line that is there");
}

void check_profile(const setup::Draft& draft) {
  const auto keys = setup::profile_of(draft, "/p/" + draft.name);
  const auto text = setup::with_profiles("{\"accounts\": {\"/\": 1 // c\n}}", {{draft.name, keys}});
  const auto root = account::parse(text, "F");
  fuzz::require(root.member("accounts")->value.member(draft.name) != nullptr, "what is written can be read");
  for (const auto& member : keys.members)
    fuzz::require(member.key != "password", "no password stands in the configuration");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto& program = setup::programs()[input.byte() % setup::programs().size()];
  const auto both = input.rest();
  const auto divider = both.find(std::string_view("\0\0", 2));
  const auto text = both.substr(0, divider);
  const auto list = divider == std::string_view::npos ? std::string_view() : both.substr(divider + 2);
  const setup::Surroundings around{
      .home = "/home/anna",
      .config_home = "/home/anna/.config",
      .user = "anna",
      .variable = [](const std::string&) { return std::optional<std::string>(); }};
  setup::Outcome outcome;
  if (const auto error = fuzz::error_of([&] { outcome = program.read("FILE", text, around); })) {
    check_refusal(*error, text);
  } else {
    setup::complete(outcome, around, {"fetch"});
    for (const auto& draft : outcome.drafts) check_profile(draft);
  }
  const setup::Draft draft{.poll_name = "h", .host = "h", .user = "u"};
  fuzz::error_of([&] {
    for (const auto& known : program.read_list("LIST", list, draft))
      fuzz::require(!known.uid.empty() && list.find(known.uid) != std::string_view::npos,
                    "a UID stands in the list");
  });
  return 0;
}
