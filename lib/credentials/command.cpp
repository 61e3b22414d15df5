// SPDX-License-Identifier: MIT
#include "credentials/command.h"

#include <chrono>
#include <utility>

#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/process.h"

namespace mailhaul::credentials {

using util::Error;
using util::Kind;
using util::Secret;

Secret first_line(const Secret& text) {
  const std::string_view all = text.reveal();
  return Secret(std::string(util::without_line_ends(all.substr(0, all.find('\n')))));
}

Secret secret_from_command(std::string_view key, const std::vector<std::string>& argv,
                           const util::Cancel& cancel) {
  constexpr std::chrono::seconds limit{60};
  constexpr std::size_t largest = 64U << 10U;  // libcurl refuses longer tokens
  const auto name = std::string(key) + " '" + util::escape(argv.front()) + "'";
  auto captured = [&] {
    try {
      return util::capture(argv, largest, limit, cancel);
    } catch (const Error& error) {
      if (error.kind() == Kind::os) throw;  // the system can start no program at all
      throw Error(Kind::config, std::string(key) + ": " + error.what(), error.hint());
    }
  }();
  const Secret output(std::move(captured.output));
  if (cancel.requested()) throw Error(Kind::cancelled, "stopped while " + name + " was running");
  const auto said = captured.last_words.empty() ? std::string() : ": " + captured.last_words;
  // The usual reason is a locked keyring. That is temporary, so it is not a mistake in the configuration.
  if (!captured.exit.ok())
    throw Error(Kind::temporary, name + " gave no password: " + util::describe(captured.exit, limit) + said,
                "run it by hand; a locked keyring has to be unlocked first");
  Secret line = first_line(output);
  if (line.empty())
    throw Error(Kind::config, "the password from " + name + " is empty" + said,
                "the password must be on the first line of its output");
  return line;
}

}  // namespace mailhaul::credentials
