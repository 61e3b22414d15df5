// SPDX-License-Identifier: MIT
#include "setup/draft.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "account/account.h"
#include "util/ascii.h"
#include "util/shell.h"
#include "util/units.h"
#include "util/users.h"

namespace mailhaul::setup {
namespace {

using account::Node;

Node node_of(const DraftDestination& place) {
  if (place.kind != "mda") return Node::of(place.kind + ":" + place.path);
  Node object{.form = Node::Form::object};
  object.add("kind", Node::of("mda")).add("command", Node::of_words(place.words));
  if (place.from_line) object.add("from_line", Node::of_flag(true));
  return object;
}

unsigned usual_port_of(const Draft& draft) { return draft.encryption == Encryption::implicit ? 995 : 110; }

std::string url_of(const Draft& draft) {
  if (!draft.socket.empty()) return "unix:" + draft.socket;
  const bool is_address = draft.host.find(':') != std::string::npos;
  std::string url(draft.encryption == Encryption::implicit ? "pop3s://" : "pop3://");
  url += is_address ? "[" + draft.host + "]" : draft.host;
  if (draft.port != 0 && draft.port != usual_port_of(draft)) url += ":" + std::to_string(draft.port);
  return url;
}

void add_text(Node& keys, std::string_view key, const std::string& text) {
  if (!text.empty()) keys.add(key, Node::of(text));
}

void add_password(Node& keys, const Draft& draft, const util::Path& password_file) {
  if (!draft.password.empty()) {
    keys.add("password_file", Node::of(password_file.native()));
  } else if (!draft.password_command.empty()) {
    keys.add("password_command", Node::of_words(draft.password_command));
  } else if (!draft.password_file.empty()) {
    keys.add("password_file", Node::of(draft.password_file));
  } else if (draft.netrc) {
    keys.add("netrc", Node::of_flag(true));
  }
}

void add_policy(Node& keys, const Draft& draft) {
  if (draft.timeout.count() > 0) keys.add("timeout", Node::of(util::format_duration(draft.timeout)));
  keys.add("leave_on_server", Node::of_flag(draft.leave_on_server));
  if (draft.delete_after.count() > 0)
    keys.add("delete_after", Node::of(util::format_duration(draft.delete_after)));
  if (draft.max_size > 0) keys.add("max_size", Node::of_number(draft.max_size));
  if (draft.max_bytes > 0) keys.add("max_bytes", Node::of_number(draft.max_bytes));
  if (draft.max_messages > 0) keys.add("max_messages", Node::of_number(draft.max_messages));
  if (draft.fetch_all) keys.add("fetch_all", Node::of_flag(true));
}

/// Letters, digits and . _ @ -, the first one a letter or digit.
std::string valid_name(std::string_view wanted) {
  std::string name;
  for (const char c : wanted) {
    const char small = util::lower(c);
    const bool is_word = (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9');
    const bool fits = is_word || (!name.empty() && (c == '.' || c == '_' || c == '@' || c == '-'));
    if (fits) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  return name.empty() ? "account" : name.substr(0, 100);
}

/// The mailbox as account::mailbox_of() sees it: the port counts on this machine only.
std::string mailbox_of(const Draft& draft) {
  if (!draft.socket.empty()) return draft.user + "\n" + url_of(draft);
  const auto port = draft.port != 0 ? draft.port : usual_port_of(draft);
  return draft.user + "\n" + account::plain_host(draft.host) +
         (is_on_this_machine(draft) ? "\n" + std::to_string(port) : "");
}

}  // namespace

bool is_on_this_machine(const Draft& draft) {
  return !draft.socket.empty() || account::is_loopback(account::plain_host(draft.host));
}

Node profile_of(const Draft& draft, const util::Path& password_file) {
  Node keys{.form = Node::Form::object};
  if (!draft.enabled) keys.add("enabled", Node::of_flag(false));
  keys.add("server", Node::of(url_of(draft)));
  if (draft.encryption == Encryption::none && draft.socket.empty()) keys.add("tls", Node::of("none"));
  add_text(keys, "tls_ca_file", draft.ca_file);
  add_text(keys, "tls_server_name", draft.server_name);
  add_text(keys, "tls_client_cert", draft.client_cert);
  add_text(keys, "tls_client_key", draft.client_key);
  add_text(keys, "tls_min_version", draft.min_version);
  keys.add("user", Node::of(draft.user));
  add_password(keys, draft, password_file);
  add_text(keys, "auth", draft.auth);
  add_text(keys, "proxy", draft.proxy);
  if (!draft.tunnel.empty()) keys.add("tunnel", Node::of_words(draft.tunnel));
  add_policy(keys, draft);
  std::vector<Node> places;
  for (const auto& place : draft.deliver) places.push_back(node_of(place));
  keys.add("deliver", places.size() == 1 ? std::move(places.front()) : Node::of_list(std::move(places)));
  if (!draft.trace_header) keys.add("trace_header", Node::of_flag(false));
  return keys;
}

std::vector<std::string> words_of_shell(std::string_view command) {
  const auto first = command.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  // What only a shell understands. A quote is understood by split_words() as well.
  const bool needs_shell = command.find_first_of("$`;&|<>()*?[]{}~!#\n") != std::string_view::npos;
  auto words = needs_shell ? std::nullopt : util::split_words(command);
  const bool sets_variable = words && !words->empty() && words->front().find('=') != std::string::npos;
  if (!words || words->empty() || sets_variable) return {"/bin/sh", "-c", std::string(command)};
  return std::move(*words);
}

namespace {

/// A word of a command that no shell runs, with the other program's placeholders replaced.
std::string replaced(std::string_view word, const Placeholders& known) {
  std::string written;
  while (!word.empty()) {
    const auto found =
        std::ranges::find_if(known, [&](const auto& pair) { return word.starts_with(pair.first); });
    if (found != known.end()) {
      written += found->second;
      word.remove_prefix(found->first.size());
    } else {
      written += word.front() == '%' ? "%%" : std::string(1, word.front());
      word.remove_prefix(1);
    }
  }
  return written;
}

/// True for a value that means the same to every shell, nested or not, and within all kinds of quotes.
bool is_plain_word(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    const char small = util::lower(c);
    return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("._@-").find(c) != std::string_view::npos;
  });
}

/// Whether a command starts something that reads its arguments as the text of a shell.
bool starts_shell(std::string_view command) {
  constexpr std::array<std::string_view, 7> shells{"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"};
  constexpr std::array<std::string_view, 5> always{"eval", "ssh", "rsh", "su", "parallel"};
  bool in_shell = false;
  while (!command.empty()) {
    const auto end = std::min(command.find_first_of(" \t\n;&|()'\"`"), command.size());
    const auto word = command.substr(0, end);
    const auto name = word.substr(word.rfind('/') + 1);
    if (std::ranges::find(always, name) != always.end()) return true;
    if (in_shell && word.starts_with('-') && word.find('c') != std::string_view::npos) return true;
    in_shell = in_shell || std::ranges::find(shells, name) != shells.end();
    command.remove_prefix(std::min(end + 1, command.size()));
  }
  return false;
}

/// Puts "$1", "$2", ... into the text of a shell, in place of placeholders, whatever quotes they stand in.
class ShellText {
 public:
  /// `fixed`: values to write as they are; `numbered`: those that are arguments.
  ShellText(std::string_view command, const Placeholders& fixed, const Placeholders& numbered)
      : rest_(command), fixed_(fixed), numbered_(numbered) {}

  std::string written() {
    while (!rest_.empty()) {
      if (const auto* const value = value_in(fixed_)) {
        text_ += *value;
      } else if (const auto* const dollar = value_in(numbered_)) {
        argument(*dollar);
      } else {
        take();
      }
    }
    return std::move(text_);
  }

 private:
  /// Removes the placeholder that the rest begins with, and returns its value; nullptr if there is none.
  const std::string* value_in(const Placeholders& placeholders) {
    const auto found =
        std::ranges::find_if(placeholders, [&](const auto& pair) { return rest_.starts_with(pair.first); });
    if (found == placeholders.end()) return nullptr;
    rest_.remove_prefix(found->first.size());
    return &found->second;
  }

  void argument(const std::string& dollar) {
    if (quote_ == '"') {
      text_ += dollar;
    } else if (quote_ == '\'') {
      if (opened_ == text_.size()) {
        text_.pop_back();  // nothing stands between the quote and the placeholder
      } else {
        text_ += '\'';
      }
      text_ += '"' + dollar + '"';
      if (rest_.starts_with('\'')) {
        rest_.remove_prefix(1);
        quote_ = '\0';
      } else {
        text_ += '\'';
        opened_ = text_.size();
      }
    } else {
      text_ += '"' + dollar + '"';
    }
  }

  /// One character, or two where the first is a backslash.
  void take() {
    const char c = rest_.front();
    text_ += c;
    if (c == '%') text_ += '%';
    rest_.remove_prefix(1);
    if (c == '\\' && quote_ != '\'' && !rest_.empty() && rest_.front() != '%') {
      text_ += rest_.front();
      rest_.remove_prefix(1);
    } else if (c == '\'' || c == '"') {
      if (quote_ == '\0') {
        quote_ = c;
        opened_ = text_.size();
      } else if (quote_ == c) {
        quote_ = '\0';
      }
    }
  }

  std::string_view rest_;
  const Placeholders& fixed_;
  const Placeholders& numbered_;
  std::string text_;
  char quote_ = '\0';
  std::size_t opened_ = std::string::npos;  ///< the length of the text when the quote was opened
};

}  // namespace

std::optional<std::vector<std::string>> program_of_shell(std::string_view command,
                                                         const Placeholders& known) {
  Placeholders fixed, varying;
  for (const auto& pair : known) {
    if (command.find(pair.first) != std::string_view::npos)
      (is_plain_word(pair.second) ? fixed : varying).push_back(pair);
  }
  if (!varying.empty() && starts_shell(command)) return std::nullopt;
  auto words = words_of_shell(command);
  const bool by_shell = words.size() == 3 && words[0] == "/bin/sh" && words[2] == command;
  if (!by_shell) {
    for (auto& word : words) word = replaced(word, known);
    return words;
  }
  // What comes from a message must not become a part of the shell's text: it is an argument, "$1".
  words.emplace_back("sh");
  Placeholders numbered;
  for (const auto& [name, value] : varying) {
    numbered.emplace_back(name, "$" + std::to_string(words.size() - 3));
    words.push_back(value);
  }
  words[2] = ShellText(command, fixed, numbered).written();
  if (varying.empty()) words.pop_back();
  return words;
}

std::string without_placeholders(std::string_view word) { return replaced(word, {}); }

void deliver_to_shell(Draft& draft, Outcome& outcome, std::string_view command, const Placeholders& known) {
  auto words = program_of_shell(command, known);
  if (words && words->empty()) return;
  if (words) return draft.deliver.push_back({.kind = "mda", .path = {}, .words = std::move(*words)});
  draft.lacks_place = true;
  outcome.notes.push_back(
      {draft.line,
       "the command that gets the mail of " + draft.name +
           " gives parts of a message to a shell of its own, which could run them as commands",
       "let the command be a script that reads them as its arguments ($1), and name it in \"deliver\", with "
       "%F for the sender"});
}

std::string absolute(std::string_view path, const util::Path& home, const util::Path& base) {
  if (path == "~") return home.native();
  if (path.starts_with("~/")) return (home / path.substr(2)).lexically_normal().native();
  if (path.empty() || path.starts_with('/')) return std::string(path);
  if (path.starts_with('~')) {
    const auto slash = std::min(path.find('/'), path.size());
    const auto other = util::home_of(std::string(path.substr(1, slash - 1)));
    const auto rest = path.substr(std::min(slash + 1, path.size()));
    return other ? (*other / rest).lexically_normal().native() : std::string(path);
  }
  return (base / path).lexically_normal().native();
}

namespace {

void without_double_destinations(std::vector<DraftDestination>& places) {
  std::vector<DraftDestination> once;
  for (auto& place : places) {
    const auto same = [&](const DraftDestination& other) {
      return other.kind == place.kind && other.path == place.path && other.words == place.words;
    };
    if (std::ranges::none_of(once, same)) once.push_back(std::move(place));
  }
  places = std::move(once);
}

/// Removes places in the home directory of a user who does not exist here, and notes it.
void without_unknown_homes(Draft& draft, Outcome& outcome) {
  for (const auto& place : draft.deliver) {
    if (!place.path.starts_with('~')) continue;
    draft.lacks_place = true;
    outcome.notes.push_back({draft.line,
                             place.path + " is in the home directory of a user who does not exist here",
                             "correct \"deliver\" in the account"});
  }
  std::erase_if(draft.deliver, [](const DraftDestination& place) { return place.path.starts_with('~'); });
}

/// `mailboxes`: those that have an account already, each with the name of the account.
void without_doubles_of(std::map<std::string, std::string>& mailboxes, Outcome& outcome) {
  for (auto& draft : outcome.drafts) {
    if (!draft.enabled) continue;
    const auto [earlier, is_new] = mailboxes.try_emplace(mailbox_of(draft), draft.name);
    if (is_new) continue;
    draft.enabled = false;
    outcome.notes.push_back(
        {draft.line,
         "account " + draft.name + " is switched off, because account " + earlier->second +
             " has the same mailbox",
         "one account can deliver to several destinations: give its \"deliver\" an array"});
  }
}

}  // namespace

void complete(Outcome& outcome, const Surroundings& around, const std::vector<std::string>& reserved) {
  std::set<std::string> names(reserved.begin(), reserved.end());
  for (auto& draft : outcome.drafts) {
    const std::string name = valid_name(draft.name);
    draft.name = name;
    for (unsigned n = 2; !names.insert(draft.name).second; ++n) draft.name = name + "-" + std::to_string(n);
    without_unknown_homes(draft, outcome);
    without_double_destinations(draft.deliver);
    if (draft.deliver.empty() || draft.lacks_place) {
      draft.enabled = false;
      if (draft.deliver.empty())
        draft.deliver.push_back({.kind = "maildir", .path = (around.home / "Mail" / draft.name).native()});
      outcome.notes.push_back(
          {draft.line,
           "account " + draft.name + " is switched off: it delivers in a way that mailhaul does not know",
           "correct \"deliver\" in the account, and remove \"enabled\""});
    }
  }
  switch_off_doubles({&outcome, 1});
}

void switch_off_doubles(std::span<Outcome> outcomes) {
  std::map<std::string, std::string> mailboxes;
  for (auto& outcome : outcomes) without_doubles_of(mailboxes, outcome);
}

}  // namespace mailhaul::setup
