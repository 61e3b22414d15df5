// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

#include "account/account.h"
#include "setup/fetchmail_rc.h"
#include "setup/netrc_entry.h"
#include "setup/programs.h"
#include "setup/text_check.h"
#include "util/ascii.h"
#include "util/escape.h"
#include "util/units.h"

namespace mailhaul::setup {
namespace {

/// Looks an option up; `defaults` have been merged into the values before.
class Options {
 public:
  explicit Options(const FetchmailValues& values) : values_(values) {}
  const FetchmailValue* find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() || !found->second.on ? nullptr : &found->second;
  }
  bool on(std::string_view name) const { return find(name) != nullptr; }
  bool off(std::string_view name) const {
    const auto found = values_.find(name);
    return found != values_.end() && !found->second.on;
  }
  std::string text(std::string_view name) const {
    const auto* value = find(name);
    return value == nullptr || value->texts.empty() ? std::string() : value->texts.front();
  }
  std::uint64_t number(std::string_view name) const { return util::parse_number(text(name)).value_or(0); }

 private:
  const FetchmailValues& values_;
};

/// A global option ("set") that has no counterpart.
struct SetRow {
  std::string_view name, advice;
};
constexpr std::string_view no_bounces =
    "mailhaul sends no mail; its messages and exit status name what failed";
constexpr std::array set_elsewhere{
    SetRow{"logfile", "put \"log\", which names a file for all accounts, at the top of the configuration"},
    SetRow{"syslog", "put \"log\": \"syslog\" at the top of the configuration"},
    SetRow{"postmaster", no_bounces},
    SetRow{"softbounce", "mailhaul removes only what has been delivered; no action is needed"},
};

std::uint16_t port_of(const std::string& text) {
  if (text == "pop3s") return 995;
  const auto number = util::parse_number(text).value_or(0);
  return static_cast<std::uint16_t>(number <= 65535 ? number : 0);
}

/// The mail server of this machine, with or without its usual port.
bool names_this_machine(std::string_view host) {
  if (host.ends_with("/25") || host.ends_with("/smtp")) host = host.substr(0, host.rfind('/'));
  return account::is_loopback(account::plain_host(host));
}

class Drafting {
 public:
  /// `seen_file`: fetchmail's list, which fetchmail consults unless it is told to fetch all.
  Drafting(Outcome& outcome, const Surroundings& around, util::Path seen_file)
      : outcome_(outcome), around_(around), seen_file_(std::move(seen_file)) {}

  void entry(const FetchmailEntry& entry) {
    const Options server(entry.values);
    const auto protocol = util::lower(server.text("protocol"));
    if (!is_pop3(entry, protocol)) return;
    auto users = entry.users;
    if (users.empty()) users.push_back({entry.line, entry.values});
    for (const auto& user : users) {
      Draft draft{.line = user.line, .poll_name = entry.name, .host = server.text("via")};
      if (draft.host.empty()) draft.host = entry.name;
      draft.auth = protocol == "apop" ? "apop" : auth_of(server.text("auth"), entry.line);
      draft.enabled = !entry.skipped;
      draft.timeout = std::chrono::seconds(std::min<std::uint64_t>(server.number("timeout"), 86400));
      const Options own(user.values);
      identity(draft, own);
      draft.name = users.size() == 1 ? entry.name : draft.user;
      connection(draft, server, own);
      tunnel(draft, server);
      leave_tls_to_plugin(draft, server, own);
      password(draft, own);
      policy(draft, own);
      delivery(draft, own);
      tell_what_has_no_counterpart(user.values);
      outcome_.drafts.push_back(std::move(draft));
    }
    tell_what_has_no_counterpart(entry.values);
  }

  void note(unsigned line, std::string sentence, std::string advice) {
    outcome_.notes.push_back({line, std::move(sentence), std::move(advice)});
  }

 private:
  bool is_pop3(const FetchmailEntry& entry, const std::string& protocol) {
    if (protocol == "pop3" || protocol == "apop") return true;
    if (protocol.empty() || protocol == "auto") {
      note(entry.line, entry.name + " has no protocol; it was taken over as POP3",
           "if it is IMAP, remove the account");
      return true;
    }
    note(entry.line, entry.name + " uses " + util::upper(protocol) + ", and was not taken over",
         "mailhaul fetches over POP3 only; leave this entry to fetchmail");
    return false;
  }

  std::string auth_of(const std::string& method, unsigned line) {
    const auto name = util::lower(method);
    if (name.empty() || name == "any" || name == "password") return {};
    if (name == "ntlm" || name == "msn") return "ntlm";
    if (name == "cram" || name == "cram-md5") return "cram-md5";
    if (name.starts_with("kerberos") || name == "gssapi") return "gssapi";
    if (name == "external" || name == "oauthbearer" || name == "xoauth2") return name;
    note(line, "auth " + util::escape(method) + " is not supported", "mailhaul chooses a method itself");
    return {};
  }

  void identity(Draft& draft, const Options& own) {
    draft.user = own.on("user") ? own.text("user") : around_.user;
    if (own.on("user is local") && own.on("is")) draft.user = own.text("is");
  }

  void tell_unknown_service(const Draft& draft, const Options& server) {
    const auto name = server.text("port");
    if (port_of(name) != 0 || name.empty() || name == "pop3" || name == "pop-3") return;
    const std::string scheme = draft.encryption == Encryption::implicit ? "pop3s://" : "pop3://";
    note(server.find("port")->line, "the service " + util::escape(name) + " is not known here",
         "write its port into \"server\", such as " + scheme + draft.host + ":1110");
  }

  void connection(Draft& draft, const Options& server, const Options& own) {
    draft.port = port_of(server.text("port"));
    const auto mode = util::lower(own.text("sslmode"));
    const auto protocol = util::lower(own.text("sslproto"));
    const bool never = (own.on("sslproto") && protocol.empty()) || mode == "none";
    const bool wrapped = own.on("ssl") || mode == "wrapped" || (mode.empty() && draft.port == 995);
    draft.encryption = wrapped ? Encryption::implicit : never ? Encryption::none : Encryption::stls;
    tell_unknown_service(draft, server);
    if (wrapped && draft.port == 0) draft.port = 995;
    if (draft.encryption == Encryption::stls && mode != "starttls=must")
      note(
          draft.line,
          "fetchmail encrypts the connection to " + draft.host + " if the server offers it; mailhaul insists",
          "if the server has no STLS, and you accept plain text: \"tls\": \"none\"");
    if (protocol.starts_with("tls1.3")) draft.min_version = "1.3";
    if (own.off("sslcertck"))
      note(draft.line, "fetchmail does not check the certificate of " + draft.host + "; mailhaul does",
           "for a self-signed certificate, name it in tls_ca_file");
    draft.ca_file = path(own.text("sslcertfile"));
    draft.server_name = own.text("sslcommonname");
    draft.client_cert = path(own.text("sslcert"));
    draft.client_key = path(own.text("sslkey"));
  }

  /// fetchmail replaces %h and %p, divides the text at blanks, and starts the program without a shell.
  void tunnel(Draft& draft, const Options& server) {
    if (!server.on("plugin")) return;
    const unsigned usual_port = draft.encryption == Encryption::implicit ? 995 : 110;
    const auto port = std::to_string(draft.port != 0 ? draft.port : usual_port);
    std::istringstream words(server.text("plugin"));
    for (std::string word; words >> word; draft.tunnel.push_back(word))
      for (auto at = word.find('%'); at != std::string::npos; at = word.find('%', at)) {
        const auto name = word.substr(at, 2);
        const auto value = name == "%h" ? draft.host : name == "%p" ? port : name;
        word.replace(at, name.size(), value);
        at += value.size();
      }
    // For mailhaul, the word "none" alone means that there is no tunnel.
    const bool says_none = draft.tunnel == std::vector<std::string>{"none"};
    if (!draft.tunnel.empty() && !says_none) return;
    draft.tunnel.clear();
    draft.enabled = false;
    note(server.find("plugin")->line, "the plugin is not a program that mailhaul can start",
         "write its path into \"tunnel\", and remove \"enabled\"");
  }

  /// If only the port stands for TLS, the plugin does the encryption. REQUIRES: tunnel() was called.
  void leave_tls_to_plugin(Draft& draft, const Options& server, const Options& own) {
    if (draft.tunnel.empty() || draft.port != 995 || own.on("ssl")) return;
    if (!own.text("sslmode").empty()) return;
    draft.encryption = Encryption::none;
    note(server.find("plugin")->line,
         "port 995 without ssl: the plugin encrypts the connection to " + draft.host +
             ", so that mailhaul does not",
         "if it only hands the connection on, write pop3s:// in \"server\", and remove \"tls\"");
  }

  /// In fetchmail, a relative path begins at the directory of the configuration file.
  std::string path(const std::string& text) const {
    return absolute(text, around_.home, outcome_.file.parent_path());
  }

  void password(Draft& draft, const Options& own) {
    draft.password_command = words_of_shell(own.text("passwordeval"));
    draft.password_file = path(own.text("passwordfile"));
    if (own.on("password")) draft.password = util::Secret(own.text("password"));
    const bool named =
        !draft.password.empty() || !draft.password_command.empty() || !draft.password_file.empty();
    const bool needs_none = draft.auth == "external" || draft.auth == "gssapi";
    if (!named && !needs_none && !take_from_netrc(draft, outcome_, around_, "fetchmail"))
      note(draft.line, "fetchmail asks you for the password of " + util::escape(draft.user),
           "let password_command print it, for example with secret-tool; until then mailhaul asks");
  }

  void policy(Draft& draft, const Options& own) {
    draft.leave_on_server = own.on("keep");
    draft.fetch_all = own.on("fetchall") && own.on("keep");
    if (!own.on("fetchall")) draft.seen_file = seen_file_;
    draft.max_size = own.number("limit");
    draft.max_messages = own.number("fetchlimit");
    if (own.on("expunge") || own.on("batchlimit"))
      note(draft.line, "expunge and batchlimit are not needed", "mailhaul removes what is safe, in batches");
    if (own.on("limit"))
      note(own.find("limit")->line, "fetchmail mails a warning about mail that is too large",
           "mailhaul names it in its messages, and in mailhaul list");
  }

  void delivery(Draft& draft, const Options& own) {
    std::vector<std::string> names;
    if (const auto* is = own.find("is")) names = is->texts;
    const bool shared = names.size() > 1 ||
                        (names.size() == 1 && (names[0] == "*" || names[0].find('=') != std::string::npos));
    if (shared && !own.on("user is local"))
      return note(draft.line,
                  draft.host + " is a mailbox of several people, which mailhaul cannot distribute",
                  "deliver to a program (mda:) that reads Delivered-To or the like");
    const std::string local = without_placeholders(own.on("user is local") ? own.text("user")
                                                   : names.empty()         ? around_.user
                                                                           : names.front());
    if (own.on("mda")) {
      return deliver_to_shell(draft, outcome_, own.text("mda"), {{"%T", local}, {"%s", "%F"}, {"%F", "%F"}});
    }
    if (own.on("bsmtp"))
      return note(draft.line, "bsmtp writes SMTP commands into a file", "deliver to a program (mda:)");
    const auto host = own.text("smtphost");
    if (own.on("lmtp") || !(host.empty() || names_this_machine(host)))
      return note(draft.line, "fetchmail delivers to " + util::escape(host.empty() ? "an LMTP server" : host),
                  "mailhaul does not speak SMTP or LMTP; deliver to a program (mda:), or into a Maildir");
    if (const auto* hosts = own.find("smtphost"); hosts != nullptr && hosts->texts.size() > 1)
      note(hosts->line,
           "fetchmail tries other hosts where " + util::escape(host) +
               " does not answer: " + util::escape(hosts->texts[1]),
           "mailhaul delivers only on this machine, and tries again in the next run");
    note(draft.line,
         "fetchmail hands mail to the mail server of this machine; mailhaul does so through sendmail",
         "for a Maildir without it: \"deliver\": \"maildir:~/Mail/home\"");
    draft.deliver.push_back(
        {.kind = "mda", .path = {}, .words = {"/usr/sbin/sendmail", "-i", "-f", "%F", "--", local}});
  }

  void tell_what_has_no_counterpart(const FetchmailValues& values) {
    for (const auto& option : fetchmail_options()) {
      const auto value = values.find(option.name);
      if (option.advice.empty() || value == values.end() || !value->second.on) continue;
      const Note told{value->second.line, std::string(option.name) + " is not supported",
                      std::string(option.advice)};
      const auto same = [&](const Note& other) {
        return other.line == told.line && other.sentence == told.sentence;
      };
      if (std::ranges::none_of(outcome_.notes, same)) outcome_.notes.push_back(told);
    }
  }

  Outcome& outcome_;
  const Surroundings& around_;
  util::Path seen_file_;
};

util::Path seen_file(const FetchmailRc& rc, const Outcome& outcome, const Surroundings& around) {
  const Options set(rc.set);
  if (set.on("idfile")) return absolute(set.text("idfile"), around.home, outcome.file.parent_path());
  const auto home = around.variable("FETCHMAILHOME");
  return (home ? util::Path(*home) : around.home) / ".fetchids";
}

}  // namespace

Outcome read_fetchmail(const util::Path& file, std::string_view text, const Surroundings& around) {
  const auto rc = parse_fetchmailrc(text, file.native());
  Outcome outcome{.file = file, .drafts = {}, .notes = {}};
  Drafting drafting(outcome, around, seen_file(rc, outcome, around));
  const Options set(rc.set);
  if (const auto seconds = std::min<std::uint64_t>(set.number("daemon"), 86400 * 365); seconds > 0)
    drafting.note(rc.set.find("daemon")->second.line,
                  "fetchmail runs every " + set.text("daemon") + " seconds by itself",
                  "mailhaul watch --interval " + util::format_duration(std::chrono::seconds(seconds)) +
                      " does the same; or start mailhaul from cron or a systemd timer");
  for (const auto& row : set_elsewhere)
    if (set.on(row.name))
      drafting.note(set.find(row.name)->line, "set " + std::string(row.name) + " is not supported",
                    std::string(row.advice));
  for (const auto& entry : rc.entries) drafting.entry(entry);
  leave_out_other_bytes(outcome, text);
  return outcome;
}

}  // namespace mailhaul::setup
