// SPDX-License-Identifier: MIT
#include "setup/netrc_entry.h"

#include <algorithm>
#include <map>

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

/// The line that mailhaul looks for in a netrc file.
std::string line_for(const Draft& draft) {
  return "machine " + util::escape(machine_of(draft)) + " login " + util::escape(draft.user) +
         " password ...";
}

/// The file as people write it.
std::string name_of_netrc(const util::Path& file, const Surroundings& around) {
  return file == around.home / ".netrc" ? "~/.netrc" : util::escape(file.native(), 4096);
}

void choose(Draft& draft, Outcome& outcome, const Surroundings& around, const NetrcReader& reader) {
  const util::Path read_here = around.variable("NETRC").value_or((around.home / ".netrc").native());
  const auto theirs = netrc_text(reader.file);
  const auto ours = password_in(netrc_text(read_here), machine_of(draft), draft.user);
  // fetchmail looks for the name of its entry first, and then for the host.
  const bool has_name = !password_in(theirs, draft.poll_name, draft.user).empty();
  const auto name = has_name ? draft.poll_name : draft.host;
  const auto wanted = password_in(theirs, name, draft.user);
  draft.netrc = !ours.empty() && (wanted.empty() || wanted.reveal() == ours.reveal());
  if (draft.netrc) return;
  const auto user = util::escape(draft.user), machine = util::escape(machine_of(draft));
  const auto file = name_of_netrc(reader.file, around);
  const auto tell = [&](const std::string& sentence, const std::string& place, const std::string& then) {
    outcome.notes.push_back({draft.line, sentence,
                             "add the line " + line_for(draft) + " to " + place +
                                 R"(, and set "netrc": true in the account)" + then});
  };
  if (read_here != reader.file && !wanted.empty() && name == machine_of(draft))
    return tell(file + " has the password of " + user + ", but mailhaul reads " +
                    (around.variable("NETRC") ? "the file that NETRC names: " : "") +
                    name_of_netrc(read_here, around),
                "that file", "");
  if (!wanted.empty())
    return tell(file + " has the password of " + user + " under the name " + util::escape(name) +
                    ", and mailhaul looks for the server, " + machine,
                name_of_netrc(read_here, around), "");
  tell(file + " has no password of " + user + " for " + machine + ": " + std::string(reader.program) +
           " looks elsewhere, or asks you",
       name_of_netrc(read_here, around), "; until then mailhaul asks");
}

/// Reads a netrc file as Python's module netrc does.
class PythonNetrc {
 public:
  explicit PythonNetrc(std::string_view text) : text_(text) {}

  /// The logins by the names of machines, one of which is "default".
  std::map<std::string, std::string> logins() {
    std::map<std::string, std::string> found;
    std::string* login = nullptr;  // of the entry
    while (const auto token = next()) {
      if (token->starts_with('#')) {
        skip_line();
      } else if (*token == "machine" || *token == "default") {
        login = &found[*token == "default" ? *token : next().value_or("")];
        login->clear();
      } else if (*token == "login" || *token == "user") {
        const auto name = next().value_or("");
        if (login != nullptr) *login = name;
      } else if (*token == "account" || *token == "password") {
        next();
      } else if (*token == "macdef") {
        skip_macro();
      }
    }
    return found;
  }

 private:
  static constexpr std::string_view blanks = " \t\r\n";

  std::optional<std::string> next() {
    at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size());
    if (at_ == text_.size()) return std::nullopt;
    const auto ends = text_[at_] == '"' ? std::string_view("\"") : blanks;
    if (text_[at_] == '"') ++at_;
    std::string token;
    for (; at_ < text_.size() && ends.find(text_[at_]) == std::string_view::npos; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      token += text_[at_];
    }
    if (ends != blanks) at_ = std::min(at_ + 1, text_.size());
    return token;
  }

  void skip_line() {
    const auto end = text_.find('\n', at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
  }

  /// A macro ends at the next empty line.
  void skip_macro() {
    do skip_line();
    while (at_ < text_.size() && text_[at_] != '\n');
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool take_from_netrc(Draft& draft, Outcome& outcome, const Surroundings& around, const NetrcReader& reader) {
  std::error_code ignored;
  if (!std::filesystem::exists(reader.file, ignored)) return false;
  try {
    choose(draft, outcome, around, reader);
  } catch (const util::Error& error) {
    outcome.notes.push_back(
        {draft.line,
         "the password of " + util::escape(draft.user) + " is expected in " +
             name_of_netrc(reader.file, around) + ", which cannot be read: " + error.what(),
         R"(correct it, and set "netrc": true in the account; until then mailhaul asks)"});
  }
  return true;
}

std::string login_of_getmail(const util::Path& file, const std::string& server) {
  try {
    const auto netrc = netrc_text(file);
    if (!netrc) return {};
    const auto logins = PythonNetrc(netrc->reveal()).logins();
    const auto own = logins.find(server);
    const auto found = own != logins.end() ? own : logins.find("default");
    return found == logins.end() ? std::string() : found->second;
  } catch (const util::Error&) {
    return {};
  }
}

bool has_in_netrc(const Draft& draft, const util::Path& file) {
  try {
    return !password_in(netrc_text(file), draft.host, draft.user).empty();
  } catch (const util::Error&) {
    return false;
  }
}

bool take_from_netrc(Draft& draft, Outcome& outcome, const Surroundings& around, std::string_view program) {
  return take_from_netrc(draft, outcome, around, NetrcReader{program, around.home / ".netrc"});
}

}  // namespace mailhaul::setup
