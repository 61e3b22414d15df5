// SPDX-License-Identifier: MIT
// Input: a login and a password, each ending in NUL, and the text of a netrc file.
#include "credentials/source.h"
#include "fuzz/fuzz.h"
#include "util/ascii.h"

using namespace mailhaul;
using credentials::find_in_netrc;

namespace {

constexpr std::string_view machine = "pop.example.org";

/// Quotes the text as a token, whatever it contains.
std::string as_token(std::string_view text) {
  std::string token = "\"";
  for (const char c : text) {
    if (c == '\n') {
      token += "\\n";
    } else {
      if (c == '"' || c == '\\') token += '\\';
      token += c;
    }
  }
  return token + '"';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::string login(input.until('\0'));
  const std::string password(input.until('\0'));
  const std::string text(input.rest());

  std::optional<std::string> found;
  const auto error = fuzz::error_of([&] { found = find_in_netrc(text, machine, login); });
  if (error) {
    const std::string_view what = error->what();
    constexpr std::string_view start = "netrc line ";
    fuzz::require(error->kind() == util::Kind::config && what.starts_with(start), "an error names the line");
    const auto line = util::parse_number(what.substr(start.size(), what.find(':') - start.size()));
    fuzz::require(line && *line >= 1 && *line <= fuzz::count(text, "\n") + 1, "that line is there");
    return 0;
  }
  fuzz::require(!found || found->size() <= text.size(), "what is found stands in the file");
  const auto other = "machine other.example.org login " + as_token(login) + " password x\n";
  fuzz::require(find_in_netrc(other + "machine nobody\n" + text, machine, login) == found,
                "an entry for another machine changes nothing");
  const auto entry =
      "machine POP.example.org login " + as_token(login) + " password " + as_token(password) + "\n";
  fuzz::require(find_in_netrc(entry + "machine nobody\n" + text, machine, login) == password,
                "the first that fits counts");
  auto words = util::lower(text);
  std::erase(words, '\\');  // in quotes, a backslash may precede each byte of a word
  const bool open_ended =
      find_in_netrc(text + "\nx\n", machine, login) != found || words.find("macdef") != std::string::npos;
  fuzz::require(
      found || open_ended || find_in_netrc(text + "\nmachine nobody\n" + entry, machine, login) == password,
      "the last that fits counts where no other does");
  return 0;
}
