// SPDX-License-Identifier: MIT
#include "setup/netrc_entry.h"

#include "credentials/source.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::setup {
namespace {

constexpr std::size_t largest_netrc = 1U << 20U;

/// The text of a file; empty: there is none.
std::optional<util::Secret> netrc_text(const util::Path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  return util::Secret(util::read_file(file, largest_netrc, util::Kind::config));
}

util::Secret password_in(const std::optional<util::Secret>& netrc, const std::string& machine,
                         const std::string& user) {
  if (!netrc || machine.empty()) return util::Secret();
  return util::Secret(credentials::find_in_netrc(netrc->reveal(), machine, user).value_or(""));
}

/// The name that mailhaul looks for.
std::string machine_of(const Draft& draft) { return draft.socket.empty() ? draft.host : "localhost"; }

/// What mailhaul has to find.
std::string line_for(const Draft& draft) {
  return "machine " + util::escape(machine_of(draft)) + " login " + util::escape(draft.user) +
         " password ...";
}

void choose(Draft& draft, Outcome& outcome, const Surroundings& around, std::string_view program) {
  const auto other = around.variable("NETRC");
  const auto theirs = netrc_text(around.home / ".netrc");
  const auto ours = password_in(other ? netrc_text(*other) : netrc_text(around.home / ".netrc"),
                                machine_of(draft), draft.user);
  // fetchmail looks for the name of its entry first, and then for the host.
  const bool has_name = !password_in(theirs, draft.poll_name, draft.user).empty();
  const auto name = has_name ? draft.poll_name : draft.host;
  const auto wanted = password_in(theirs, name, draft.user);
  draft.netrc = !ours.empty() && (wanted.empty() || wanted.reveal() == ours.reveal());
  if (draft.netrc) return;
  const auto user = util::escape(draft.user), machine = util::escape(machine_of(draft));
  if (other && !wanted.empty() && name == machine_of(draft))
    return outcome.notes.push_back(
        {draft.line,
         "~/.netrc has the password of " + user +
             ", but mailhaul reads the file that NETRC names: " + util::escape(*other, 4096),
         "add the line " + line_for(draft) + R"( to that file, and set "netrc": true in the account)"});
  if (!wanted.empty())
    return outcome.notes.push_back(
        {draft.line,
         "~/.netrc has the password of " + user + " under the name " + util::escape(name) +
             ", and mailhaul looks for the server, " + machine,
         "add the line " + line_for(draft) + R"( to it, and set "netrc": true in the account)"});
  outcome.notes.push_back({draft.line,
                           "~/.netrc has no password of " + user + " for " + machine + ": " +
                               std::string(program) + " looks elsewhere, or asks you",
                           "add the line " + line_for(draft) +
                               R"( to it, and set "netrc": true in the account; until then mailhaul asks)"});
}

}  // namespace

bool take_from_netrc(Draft& draft, Outcome& outcome, const Surroundings& around, std::string_view program) {
  std::error_code ignored;
  if (!std::filesystem::exists(around.home / ".netrc", ignored)) return false;
  try {
    choose(draft, outcome, around, program);
  } catch (const util::Error& error) {
    outcome.notes.push_back(
        {draft.line,
         "the password of " + util::escape(draft.user) +
             " is expected in ~/.netrc, which cannot be read: " + error.what(),
         R"(correct it, and set "netrc": true in the account; until then mailhaul asks)"});
  }
  return true;
}

}  // namespace mailhaul::setup
