// SPDX-License-Identifier: MIT
// getmail's configuration: one account a file.
#include <algorithm>

#include "setup/getmail_rc.h"
#include "setup/netrc_entry.h"
#include "setup/programs.h"
#include "setup/text_check.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/file.h"

namespace mailhaul::setup {
namespace {

/// Reads one file.
class GetmailDrafting {
 public:
  GetmailDrafting(const GetmailRc& rc, Outcome& outcome, const Surroundings& around)
      : rc_(rc), outcome_(outcome), around_(around) {}

  std::optional<Draft> draft() {
    const auto type = text("retriever", "type");
    if (rc_.find("retriever") == rc_.end()) return std::nullopt;
    draft_.line = line("retriever", "type");
    draft_.name = outcome_.file.filename().native();
    draft_.host = text("retriever", "server");
    draft_.user = text("retriever", "username");
    if (draft_.name == "getmailrc") draft_.name = draft_.user.empty() ? draft_.host : draft_.user;
    if (!is_pop3(type)) return std::nullopt;
    if (draft_.user.empty() && option("use_netrc", false)) {
      note(line("options", "use_netrc"), "the username is in netrc alone, and the file was not taken over",
           "write username into [retriever], and import again; the password can stay where it is");
      return std::nullopt;
    }
    if (draft_.host.empty() || draft_.user.empty()) {
      note(draft_.line, "server or username is missing, and the file was not taken over",
           "write both into [retriever], and import again");
      return std::nullopt;
    }
    if (logs_in_as_another()) return std::nullopt;
    switch_off_multidrop(type);
    connection(type);
    secret();
    policy();
    places(text("destination", "type"), "destination");
    tell_keys("retriever", "retriever");
    tell_keys("options", "options");
    for (const auto& section : destinations_) tell_keys(section, "destination");
    filters();
    seen_list();
    return std::move(draft_);
  }

 private:
  const GetmailValue* find(std::string_view section, std::string_view key) const {
    const auto in = rc_.find(section);
    if (in == rc_.end()) return nullptr;
    const auto value = in->second.find(key);
    return value == in->second.end() ? nullptr : &value->second;
  }
  std::string text(std::string_view section, std::string_view key) const {
    const auto* value = find(section, key);
    return value == nullptr ? "" : value->text;
  }
  unsigned line(std::string_view section, std::string_view key) const {
    const auto* value = find(section, key);
    return value == nullptr ? 0 : value->line;
  }
  static bool is_off(std::string_view text) {
    const auto word = util::lower(text);
    return word == "0" || word == "no" || word == "false" || word == "off";
  }
  static bool is_on(std::string_view text) {
    const auto word = util::lower(text);
    return word == "1" || word == "yes" || word == "true" || word == "on";
  }
  [[noreturn]] void refuse(unsigned line, const std::string& sentence) const {
    throw util::Error(
        util::Kind::config,
        util::escape(outcome_.file.native(), 4096) + ":" + std::to_string(line) + ": " + sentence,
        "nothing was taken over; getmail --dump shows how getmail reads the file");
  }
  bool option(std::string_view key, bool otherwise) const {
    const auto* value = find("options", key);
    if (value == nullptr) return otherwise;
    if (!is_on(value->text) && !is_off(value->text))
      refuse(value->line, std::string(key) + " must be true or false");
    return is_on(value->text);
  }
  /// The number in a key; 0 if the key is missing.
  std::uint64_t number(std::string_view section, std::string_view key) const {
    const auto* value = find(section, key);
    if (value == nullptr) return 0;
    const auto number = util::parse_number(value->text);
    if (!number) refuse(value->line, std::string(key) + " must be a number without a unit");
    return *number;
  }

  void note(unsigned line, std::string sentence, std::string advice) {
    outcome_.notes.push_back({line, std::move(sentence), std::move(advice)});
  }

  /// "~" and "$VARIABLE" as getmail replaces them.
  std::string expanded(std::string_view text, std::string_view base_of_relative = {}) const {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
      if (text[at] != '$') {
        result += text[at++];
        continue;
      }
      const bool braces = at + 1 < text.size() && text[at + 1] == '{';
      const auto from = at + (braces ? 2 : 1);
      auto end = from;
      while (end < text.size() &&
             (text[end] == '_' || (util::lower(text[end]) >= 'a' && util::lower(text[end]) <= 'z') ||
              (text[end] >= '0' && text[end] <= '9')))
        ++end;
      const auto value = around_.variable(std::string(text.substr(from, end - from)));
      const auto after = braces && end < text.size() && text[end] == '}' ? end + 1 : end;
      result += value ? *value : std::string(text.substr(at, after - at));
      at = after;
    }
    if (base_of_relative.empty() && !result.starts_with('~')) return result;
    return absolute(result, around_.home,
                    base_of_relative.empty() ? around_.home : util::Path(base_of_relative));
  }
  std::string path(std::string_view section, std::string_view key) const {
    return expanded(text(section, key), outcome_.file.parent_path().native());
  }

  void switch_off_multidrop(const std::string& type) {
    if (type.find("Multidrop") == std::string::npos) return;
    note(draft_.line,
         util::escape(type) +
             " distributes one mailbox among several people, which mailhaul does not do; "
             "the account was taken over, but is switched off",
         "deliver to a program (mda:) that reads Delivered-To or the like, and remove \"enabled\"");
    draft_.enabled = false;
  }

  bool is_pop3(const std::string& type) {
    if (type.find("POP3") != std::string::npos && type.find("Multidrop") == std::string::npos) return true;
    if (type.find("Multidrop") != std::string::npos && type.find("IMAP") == std::string::npos) return true;
    note(draft_.line, util::escape(type) + " was not taken over",
         "mailhaul fetches over POP3 only; leave this file to getmail");
    return false;
  }

  void connection(const std::string& type) {
    const bool tls = type.find("SSL") != std::string::npos;
    draft_.encryption = tls ? Encryption::implicit : Encryption::none;
    const auto port = number("retriever", "port");
    if (port > 65535) refuse(line("retriever", "port"), "port must be a number from 1 to 65535");
    draft_.port = port != 0 ? static_cast<std::uint16_t>(port) : tls ? 995 : 110;
    draft_.ca_file = path("retriever", "ca_certs");
    if (draft_.ca_file == "/etc/ssl/certs/ca-certificates.crt") draft_.ca_file.clear();  // the system's
    draft_.client_cert = path("retriever", "certfile");
    draft_.client_key = path("retriever", "keyfile");
    draft_.server_name = text("retriever", "ssl_cert_hostname");
    if (tls && text("retriever", "ca_certs").empty())
      note(draft_.line, "getmail does not check the certificate of " + draft_.host + "; mailhaul does",
           "for a self-signed certificate, name it in tls_ca_file");
    draft_.timeout = std::chrono::seconds(std::min<std::uint64_t>(number("retriever", "timeout"), 86400));
    if (type.starts_with("BrokenUIDL"))
      note(draft_.line,
           "the server has no UIDs that last: mailhaul recognises its messages by their contents",
           "stop its timer, run getmail once more, and directly after that run: mailhaul state mark-seen " +
               draft_.name + " --all");
  }

  util::Path netrc_file() const {
    const auto named = text("options", "netrc_file");
    return expanded(named.empty() ? "~/.netrc" : named, around_.home.native());
  }

  /// Whether netrc has another user name for the server, which getmail then uses; notes it.
  bool logs_in_as_another() {
    if (!option("use_netrc", false)) return false;
    const auto login = login_of_getmail(netrc_file(), draft_.host);
    if (login.empty() || login == draft_.user) return false;
    note(line("retriever", "username"),
         "getmail logs in as " + util::escape(login) + ", the user in netrc, and not as " +
             util::escape(draft_.user) + "; the file was not taken over",
         "write the right name into username, and import again");
    return true;
  }

  /// A password in netrc comes before one in the file. False if netrc is not used, or if the file has a
  /// password and netrc has none.
  bool from_netrc() {
    if (!option("use_netrc", false)) return false;
    const bool has_own =
        find("retriever", "password") != nullptr || !text("retriever", "password_command").empty();
    const auto file = netrc_file();
    if (has_own && !has_in_netrc(draft_, file)) return false;
    if (take_from_netrc(draft_, outcome_, around_, NetrcReader{"getmail", file})) return true;
    note(line("options", "use_netrc"),
         "getmail expects the password of " + util::escape(draft_.user) + " in " +
             util::escape(file.native(), 4096) + ", which is not there",
         "let password_command print it, for example with secret-tool; until then mailhaul asks");
    return true;
  }

  void own_secret() {
    const auto value = text("retriever", "password_command");
    if (!value.empty()) {
      if (auto words = getmail_strings(value)) {
        for (auto& word : *words) draft_.password_command.push_back(expanded(word));
      } else {
        note(line("retriever", "password_command"), "password_command is not a plain list of strings",
             "set \"password_command\" in the account");
      }
    } else if (find("retriever", "password") != nullptr) {
      draft_.password = util::Secret(text("retriever", "password"));
    } else {
      note(line("retriever", "username"),
           "getmail reads the password of " + util::escape(draft_.user) + " from a keyring, or asks for it",
           "let password_command print it, for example with secret-tool; until then mailhaul asks");
    }
  }

  void secret() {
    if (!from_netrc()) own_secret();
    const auto is_set = [&](std::string_view key) {
      return find("retriever", key) != nullptr && !is_off(text("retriever", key));
    };
    if (is_set("use_apop")) draft_.auth = "apop";
    if (is_set("use_xoauth2")) draft_.auth = "xoauth2";
  }

  void policy() {
    const bool read_all = option("read_all", true), remove = option("delete", false);
    draft_.leave_on_server = !remove;
    if (const auto days = number("options", "delete_after"); days > 0 && !remove)
      draft_.delete_after = std::chrono::hours(24 * std::min<std::uint64_t>(days, 36500));
    if (read_all && !remove)
      note(line("options", "read_all"),
           "getmail fetches everything again in each run; mailhaul fetches each message once",
           "if you want the old way: \"fetch_all\": true");
    draft_.max_size = number("options", "max_message_size");
    draft_.max_messages = number("options", "max_messages_per_session");
    draft_.max_bytes = number("options", "max_bytes_per_session");
    if (!option("received", true)) draft_.trace_header = false;
    if (option("delivered_to", true))
      note(line("options", "delivered_to"), "mailhaul adds no Delivered-To field",
           "a program (mda:) can add it");
  }

  /// Takes over the destination of a section. `depth` is limited, because sections may name one another.
  void places(const std::string& type, const std::string& section, int depth = 0) {
    if (++visited_ > 1000) return;  // sections may name one another many times
    if (std::ranges::find(destinations_, section) == destinations_.end()) destinations_.push_back(section);
    if (type == "Maildir") {
      draft_.deliver.push_back({.kind = "maildir", .path = directory(path(section, "path")), .words = {}});
    } else if (type == "Mboxrd") {
      draft_.deliver.push_back({.kind = "mbox", .path = path(section, "path"), .words = {}});
    } else if (type == "MDA_external") {
      program(section);
    } else if (type == "MultiDestination" && depth < 8) {
      const auto named = getmail_strings(text(section, "destinations"));
      if (!named)
        return unplaced(line(section, "destinations"), "destinations is not a plain list of strings",
                        "write the destinations into \"deliver\" of the account");
      for (const auto& destination : *named) place(destination, depth + 1);
    } else if (type.empty()) {
      unplaced(0, "the section [" + util::escape(section) + "] is missing, or has no type",
               "write into it where mail goes, and import again");
    } else {
      const bool hands_over = type == "MDA_lmtp" || type == "MDA_qmaillocal";
      unplaced(line(section, "type"), util::escape(type) + " is not supported",
               hands_over ? "deliver to a program (mda:), or into a Maildir"
                          : "mailhaul does not sort mail; deliver to a program (mda:) that does");
    }
  }

  /// A place that has no counterpart: the account must not run without it.
  void unplaced(unsigned line, std::string sentence, std::string advice) {
    draft_.lacks_place = true;
    note(line, std::move(sentence), std::move(advice));
  }

  static std::string directory(const std::string& path) {
    return std::string(util::without_end_slashes(path));
  }

  /// "[section]", "/a/maildir/" or "/an/mbox".
  void place(const std::string& named, int depth) {
    if (draft_.deliver.size() > 100) return;
    if (named.starts_with('[') && named.ends_with(']')) {
      const auto section = named.substr(1, named.size() - 2);
      return places(text(section, "type"), section, depth);
    }
    const auto path = expanded(named, outcome_.file.parent_path().native());
    const bool is_maildir = path.ends_with('/') || named.ends_with('/');
    draft_.deliver.push_back({.kind = is_maildir ? "maildir" : "mbox", .path = directory(path), .words = {}});
  }

  void program(const std::string& section) {
    DraftDestination place{.kind = "mda", .path = {}, .words = {without_placeholders(path(section, "path"))}};
    const auto arguments = text(section, "arguments");
    const auto words = arguments.empty() ? std::vector<std::string>() : getmail_strings(arguments);
    if (!words)
      return unplaced(line(section, "arguments"), "arguments is not a plain list of strings",
                      "write the program and its arguments into \"deliver\" of the account");
    for (const auto& word : *words) {
      auto argument = replaced(expanded(word));
      if (!argument)
        return unplaced(line(section, "arguments"),
                        "an argument names the recipient, which mailhaul does not know",
                        "mailhaul fetches for one person; give the program a fixed name");
      place.words.push_back(std::move(*argument));
    }
    const auto unixfrom = text(section, "unixfrom");
    place.from_line = !unixfrom.empty() && !is_off(unixfrom);
    draft_.deliver.push_back(std::move(place));
  }

  /// Replaces "%(sender)" by "%F", and each other "%" by "%%". nullopt if there is another name in brackets.
  static std::optional<std::string> replaced(std::string_view word) {
    constexpr std::string_view sender = "%(sender)";
    std::string result;
    while (!word.empty()) {
      if (word.starts_with(sender)) {
        result += "%F";
        word.remove_prefix(sender.size());
      } else if (word.starts_with("%(")) {
        return std::nullopt;
      } else {
        result += word.front() == '%' ? "%%" : std::string(1, word.front());
        word.remove_prefix(1);
      }
    }
    return result;
  }

  /// Notes the keys of a section that have no counterpart, and those that getmail does not know either,
  /// because they are mistyped or of another version. `kind` is "destination" for all destinations.
  void tell_keys(const std::string& section, std::string_view kind) {
    for (const auto& row : getmail_keys_elsewhere())
      if (const auto value = text(section, row.key); row.section == kind && !value.empty() && !is_off(value))
        note(line(section, row.key), std::string(row.key) + " is not supported", std::string(row.advice));
    const auto in = rc_.find(section);
    if (in == rc_.end()) return;
    for (const auto& [key, value] : in->second)
      if (!is_known_to_getmail(kind, key))
        note(
            value.line, util::escape(key) + " is not known, and was left out",
            "correct the key and import again, or set the key of mailhaul in the account that does the same");
  }

  void filters() {
    for (const auto& [name, section] : rc_) {
      if (!name.starts_with("filter")) continue;
      note(section.empty() ? 0 : section.begin()->second.line,
           "the section " + util::escape(name) + " is not supported",
           "mailhaul does not judge mail; deliver to a program (mda:) that runs the filter");
    }
  }

  void seen_list() {
    if (option("read_all", true) && !draft_.leave_on_server) return;  // getmail does not use its list then
    std::string name;
    bool replaced_before = false;
    for (const char c : draft_.host + "-" + std::to_string(draft_.port) + "-" + draft_.user) {
      const bool is_bad = std::string_view("/:;<>|").find(c) != std::string_view::npos;
      if (!is_bad || !replaced_before) name += is_bad ? '-' : c;
      replaced_before = is_bad;
    }
    draft_.seen_file = outcome_.file.parent_path() / ("oldmail-" + name);
  }

  const GetmailRc& rc_;
  Outcome& outcome_;
  const Surroundings& around_;
  Draft draft_;
  unsigned visited_ = 0;
  std::vector<std::string> destinations_;  ///< the sections that are places
};

}  // namespace

Outcome read_getmail(const util::Path& file, std::string_view text, const Surroundings& around) {
  const auto rc = parse_getmailrc(text, file.native());
  Outcome outcome{.file = file, .drafts = {}, .notes = {}};
  if (auto draft = GetmailDrafting(rc, outcome, around).draft()) outcome.drafts.push_back(std::move(*draft));
  leave_out_other_bytes(outcome, text);
  return outcome;
}

}  // namespace mailhaul::setup
