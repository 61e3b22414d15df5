// SPDX-License-Identifier: MIT
#include "setup/draft.h"

#include <algorithm>
#include <map>
#include <set>

#include "util/ascii.h"
#include "util/escape.h"
#include "util/shell.h"
#include "util/units.h"
#include "util/users.h"

namespace mailhaul::setup {
namespace {

using account::Node;

Node list_of(const std::vector<std::string>& words) {
  std::vector<Node> nodes;
  for (const auto& word : words) nodes.push_back(Node::of(word));
  return Node::of_list(std::move(nodes));
}

Node node_of(const Place& place) {
  if (place.kind != "mda") return Node::of(place.kind + ":" + place.path);
  Node object{.form = Node::Form::object};
  object.add("kind", Node::of("mda")).add("command", list_of(place.words));
  if (place.from_line) object.add("from_line", Node::of_flag(true));
  return object;
}

std::string url_of(const Draft& draft) {
  if (!draft.socket.empty()) return "unix:" + draft.socket;
  const bool is_address = draft.host.find(':') != std::string::npos;
  std::string url(draft.encryption == Encryption::implicit ? "pop3s://" : "pop3://");
  url += is_address ? "[" + draft.host + "]" : draft.host;
  const unsigned usual = draft.encryption == Encryption::implicit ? 995 : 110;
  if (draft.port != 0 && draft.port != usual) url += ":" + std::to_string(draft.port);
  return url;
}

void add_text(Node& keys, std::string_view key, const std::string& text) {
  if (!text.empty()) keys.add(key, Node::of(text));
}

void add_password(Node& keys, const Draft& draft, const util::Path& password_file) {
  if (!draft.password.empty()) {
    keys.add("password_file", Node::of(password_file.native()));
  } else if (!draft.password_command.empty()) {
    keys.add("password_command", list_of(draft.password_command));
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
  auto host = util::lower(draft.host);
  if (host.ends_with('.')) host.pop_back();
  const bool is_here = host == "localhost" || host == "::1" || host.starts_with("127.");
  return draft.user + "\n" + host + (is_here ? "\n" + std::to_string(draft.port) : "");
}

}  // namespace

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
  if (!draft.tunnel.empty()) keys.add("tunnel", list_of(draft.tunnel));
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

/// A text of the other program's placeholders, as a word without a shell.
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

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

}  // namespace

std::vector<std::string> program_of_shell(std::string_view command, const Placeholders& known) {
  auto words = words_of_shell(command);
  const bool by_shell = words.size() == 3 && words[0] == "/bin/sh" && words[2] == command;
  if (!by_shell) {
    for (auto& word : words) word = replaced(word, known);
    return words;
  }
  // What comes from a message must not become a part of the shell's text: it is an argument, "$1".
  std::string text(command);
  words.emplace_back("sh");
  for (const auto& [name, value] : known) {
    const auto argument = "\"$" + std::to_string(words.size() - 3) + "\"";
    if (text.find(name) == std::string::npos) continue;
    for (const auto& quoted : {"'" + name + "'", "\"" + name + "\"", name})
      replace_all(text, quoted, argument);
    words.push_back(value);
  }
  replace_all(text, "%", "%%");
  words[2] = text;
  return words;
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

void without_double_places(std::vector<Place>& places) {
  std::vector<Place> once;
  for (auto& place : places) {
    const auto same = [&](const Place& other) {
      return other.kind == place.kind && other.path == place.path && other.words == place.words;
    };
    if (std::ranges::none_of(once, same)) once.push_back(std::move(place));
  }
  places = std::move(once);
}

/// Places in the home directory of somebody who is not known here.
void without_unknown_homes(Draft& draft, Outcome& outcome) {
  for (const auto& place : draft.deliver) {
    if (!place.path.starts_with('~')) continue;
    draft.lacks_place = true;
    outcome.notes.push_back({draft.line,
                             "there is no user here whose home directory is meant by " + place.path,
                             "correct \"deliver\" in the account"});
  }
  std::erase_if(draft.deliver, [](const Place& place) { return place.path.starts_with('~'); });
}

/// `mailboxes`: those that have an account already, each with its name.
void without_doubles_of(std::map<std::string, std::string>& mailboxes, Outcome& outcome) {
  for (auto& draft : outcome.drafts) {
    if (!draft.enabled) continue;
    const auto [earlier, is_new] = mailboxes.try_emplace(mailbox_of(draft), draft.name);
    if (is_new) continue;
    draft.enabled = false;
    outcome.notes.push_back(
        {draft.line, "account " + draft.name + " is switched off: it is the mailbox of " + earlier->second,
         "one account can deliver to several places: give its \"deliver\" an array"});
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
    without_double_places(draft.deliver);
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
