// SPDX-License-Identifier: MIT
#include "setup/fetchmail_rc.h"

#include <algorithm>
#include <array>
#include <utility>

#include "setup/fetchmail_lexer.h"
#include "util/escape.h"

namespace mailhaul::setup {
namespace {

using Argument = FetchmailArgument;
using Option = FetchmailOption;

constexpr std::string_view no_distribution = "mailhaul does not distribute one mailbox among several people";

constexpr std::array option_rows{
    // server
    Option{"via", "", Argument::text, true},
    Option{"protocol", "", Argument::text, true},
    Option{"proto", "protocol", Argument::text, true},
    Option{"port", "", Argument::text, true},
    Option{"service", "port", Argument::text, true},
    Option{"auth", "", Argument::text, true},
    Option{"authenticate", "auth", Argument::text, true},
    Option{"preauth", "auth", Argument::text, true},
    Option{"timeout", "", Argument::number, true},
    Option{"envelope", "", Argument::envelope, true,
           "mailhaul does not distribute one mailbox among several people; let a program do it (mda:)"},
    Option{"qvirtual", "", Argument::text, true, "only envelope needs it, which mailhaul does not support"},
    Option{"aka", "", Argument::texts, true, no_distribution},
    Option{"localdomains", "", Argument::texts, true, no_distribution},
    Option{"local", "localdomains", Argument::texts, true},
    Option{"interface", "", Argument::text, true, "start mailhaul only when the link is up"},
    Option{"monitor", "", Argument::text, true, "start mailhaul only when the link is up"},
    Option{"plugin", "", Argument::text, true},
    Option{"plugout", "", Argument::text, true, "deliver to a program (mda:)"},
    Option{"dns", "", Argument::none, true},
    Option{"checkalias", "", Argument::none, true},
    Option{"uidl", "", Argument::none, true},
    Option{"tracepolls", "", Argument::none, true, "the Received field of mailhaul names the server"},
    Option{"interval", "", Argument::number, true,
           "set min_interval in the account, the shortest time between two of its runs"},
    Option{"principal", "", Argument::text, true, "mailhaul takes the principal from the server's name"},
    Option{"esmtpname", "", Argument::text, true, "mailhaul does not deliver over SMTP"},
    Option{"esmtppassword", "", Argument::text, true, "mailhaul does not deliver over SMTP"},
    Option{"bad-header", "", Argument::text, true, "mailhaul delivers each message as it is"},
    Option{"retrieve-error", "", Argument::text, true},
    // user
    Option{"is", "", Argument::texts, false},
    Option{"to", "is", Argument::texts, false},
    Option{"password", "", Argument::text, false},
    Option{"pass", "password", Argument::text, false},
    Option{"passwordeval", "", Argument::text, false},
    Option{"passwordfile", "", Argument::text, false},
    Option{"ssl", "", Argument::none, false},
    Option{"sslmode", "", Argument::text, false},
    Option{"sslcert", "", Argument::text, false},
    Option{"sslkey", "", Argument::text, false},
    Option{"sslproto", "", Argument::text, false},
    Option{"sslprotocolversion", "sslproto", Argument::text, false},
    Option{"sslcertck", "", Argument::none, false},
    Option{"sslcertfile", "", Argument::text, false},
    Option{"sslcertpath", "", Argument::text, false,
           "mailhaul reads the system's certificates, or one file: tls_ca_file"},
    Option{"sslcommonname", "", Argument::text, false},
    Option{"sslfingerprint", "", Argument::text, false,
           "it is an MD5 sum; tls_pin wants the SHA-256 of the server's public key"},
    Option{"folder", "", Argument::texts, false, "POP3 has no folders"},
    Option{"folders", "folder", Argument::texts, false},
    Option{"smtphost", "", Argument::texts, false},
    Option{"smtp", "smtphost", Argument::texts, false},
    Option{"fetchdomains", "", Argument::texts, false,
           "only ETRN and ODMR need it, which mailhaul does not support"},
    Option{"smtpaddress", "", Argument::text, false, "mailhaul does not deliver over SMTP"},
    Option{"smtpname", "", Argument::text, false, "mailhaul does not deliver over SMTP"},
    Option{"antispam", "", Argument::numbers, false, "mailhaul does not deliver over SMTP"},
    Option{"mda", "", Argument::text, false},
    Option{"bsmtp", "", Argument::text, false},
    Option{"lmtp", "", Argument::none, false},
    Option{"preconnect", "", Argument::text, false, "run the command before mailhaul"},
    Option{"pre", "preconnect", Argument::text, false},
    Option{"postconnect", "", Argument::text, false, "run the command after mailhaul"},
    Option{"post", "postconnect", Argument::text, false},
    Option{"keep", "", Argument::none, false},
    Option{"flush", "", Argument::none, false,
           "mailhaul removes only what it has delivered, or what was imported"},
    Option{"limitflush", "", Argument::none, false, "mailhaul does not remove mail that nobody has received"},
    Option{"fetchall", "", Argument::none, false},
    Option{"rewrite", "", Argument::none, false, "mailhaul changes no header field"},
    Option{"stripcr", "", Argument::none, false},
    Option{"forcecr", "", Argument::none, false, "lines end with LF; let the program (mda:) change them"},
    Option{"pass8bits", "", Argument::none, false},
    Option{"pass8", "pass8bits", Argument::none, false},
    Option{"dropstatus", "", Argument::none, false, "mailhaul changes no header field"},
    Option{"dropdelivered", "", Argument::none, false, "mailhaul changes no header field"},
    Option{"mimedecode", "", Argument::none, false,
           "mailhaul changes no message; the mail program decodes it"},
    Option{"mimedec", "mimedecode", Argument::none, false},
    Option{"idle", "", Argument::none, false},
    Option{"limit", "", Argument::number, false},
    Option{"warnings", "", Argument::number, false},
    Option{"batchlimit", "", Argument::number, false},
    Option{"fetchlimit", "", Argument::number, false},
    Option{"fetchsizelimit", "", Argument::number, false,
           "mailhaul asks for all sizes at once; no action is needed"},
    Option{"fastuidl", "", Argument::number, false},
    Option{"expunge", "", Argument::number, false},
    Option{"properties", "", Argument::text, false},
};

constexpr std::array<std::string_view, 10> texts_of_set{"logfile",    "idfile", "pidfile",    "postmaster",
                                                        "properties", "daemon", "bouncemail", "spambounce",
                                                        "softbounce", "syslog"};
constexpr std::array<std::string_view, 5> noise{"with", "and", "has", "wants", "options"};
constexpr std::array<std::string_view, 12> structure{"poll",     "server", "skip",  "defaults", "set", "user",
                                                     "username", "here",   "there", "no",       "is",  "to"};

const Option* find_option(std::string_view name) {
  const auto found = std::ranges::find(option_rows, name, &Option::name);
  if (found == option_rows.end()) return nullptr;
  return found->same_as.empty() ? &*found : find_option(found->same_as);
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& file) : lexer_(text, file) { advance(); }

  FetchmailRc parse() {
    while (token_.form != Form::end) statement();
    return std::move(rc_);
  }

 private:
  using Form = FetchmailToken::Form;

  /// Goes to the next token that is not noise.
  void advance() {
    do {
      token_ = lexer_.next();
    } while (token_.form == Form::word && std::ranges::find(noise, token_.text) != noise.end());
  }

  /// The next token, even if it is a keyword: after some words, a keyword is a name.
  std::string text_behind(const std::string& what) {
    token_ = lexer_.next();
    if (token_.form == Form::equals) token_ = lexer_.next();
    if (token_.form == Form::end || token_.form == Form::equals)
      lexer_.refuse(token_.line, what + " needs a value");
    std::string text = std::move(token_.text);
    return text;
  }

  void statement() {
    const unsigned line = token_.line;
    if (token_.is("set")) return set_global();
    if (token_.is("defaults")) return begin_defaults(line);
    if (token_.is("poll") || token_.is("server") || token_.is("skip")) {
      const bool skipped = token_.is("skip");
      require_room();
      FetchmailEntry entry = rc_.defaults;
      entry.name = text_behind(skipped ? "skip" : "poll");
      entry.line = line;
      entry.skipped = skipped;
      entry.users.clear();
      rc_.entries.push_back(std::move(entry));
      entry_ = &rc_.entries.back();
      user_begins_ = UserBegins::nowhere;
      return advance();
    }
    if (entry_ == nullptr) unexpected();
    if (token_.is("user") || token_.is("username")) return begin_user(line);
    option();
  }

  /// Limits the number of entries and users, because each of them has a copy of the defaults.
  void require_room() {
    if (++parts_ > 1000) lexer_.refuse(token_.line, "there are too many entries");
  }

  void begin_defaults(unsigned line) {
    if (entry_ != nullptr) lexer_.refuse(line, "defaults must come before all other entries, and once only");
    entry_ = &rc_.defaults;
    entry_->line = line;
    advance();
  }

  void set_global() {
    const unsigned line = token_.line;
    advance();
    bool on = true;
    if (token_.is("no")) {
      on = false;
      advance();
    }
    if (token_.form != Form::word) unexpected();
    std::string name = token_.text;
    if (name.starts_with("no") && find_global(name.substr(2))) {
      on = false;
      name.erase(0, 2);
    }
    FetchmailValue value{.line = line, .on = on, .texts = {}};
    const bool has_text = on && (name == "logfile" || name == "idfile" || name == "pidfile" ||
                                 name == "postmaster" || name == "properties" || name == "daemon");
    if (has_text) value.texts.push_back(text_behind("set " + name));
    rc_.set[name] = std::move(value);
    advance();
  }

  static bool find_global(std::string_view name) {
    return std::ranges::find(texts_of_set, name) != texts_of_set.end();
  }

  void begin_user(unsigned line) {
    if (user_begins_ == UserBegins::with_an_option)
      lexer_.refuse(line, "an option of a user comes before \"user\"; fetchmail expects it after the name");
    user_begins_ = UserBegins::with_a_name;
    auto user = new_user(line);
    user.values["user"] = {.line = line, .texts = {text_behind("user")}};
    advance();
    if (token_.is("there") || token_.is("here")) {
      if (token_.is("here")) user.values["user is local"] = {.line = line, .texts = {}};
      advance();
    }
    if (entry_ == &rc_.defaults) {
      user.values.merge(entry_->values);
      entry_->values = std::move(user.values);
      return;
    }
    entry_->users.push_back(std::move(user));
  }

  /// A user with everything that the defaults have set for all users, the name included.
  FetchmailUser new_user(unsigned line) {
    require_room();
    FetchmailUser user{.line = line, .values = {}};
    for (const auto& [name, value] : entry_->values) {
      const auto* option = find_option(name);
      if (option != nullptr && option->of_server) continue;
      user.values[name] = value;
      user.values[name].inherited = entry_ != &rc_.defaults;
    }
    if (user.values.erase("user is local") > 0) put_remote_name_first(user.values);
    return user;
  }

  /// Turns "user LOCAL here is REMOTE there" into "user REMOTE is LOCAL", because the name of another user
  /// may replace one of the two names.
  static void put_remote_name_first(FetchmailValues& values) {
    const auto remote = values.find("is");
    if (remote != values.end()) {
      std::swap(values["user"], remote->second);
    } else {
      values["is"] = values["user"];
    }
  }

  /// Where the value of the option is kept: in the entry, or with the user to whom the option belongs.
  FetchmailValues& place_of(const Option& option) {
    if (!option.of_server && user_begins_ == UserBegins::nowhere) user_begins_ = UserBegins::with_an_option;
    if (entry_ == &rc_.defaults) return entry_->values;
    if (option.of_server && !entry_->users.empty())
      lexer_.refuse(token_.line,
                    std::string(option.name) + " is an option of the server: it must come before the users");
    if (option.of_server) return entry_->values;
    if (entry_->users.empty()) entry_->users.push_back(new_user(token_.line));
    return entry_->users.back().values;
  }

  void option() {
    if (token_.form != Form::word) unexpected();
    const unsigned line = token_.line;
    bool on = true;
    std::string name = token_.text;
    if (name == "no") {
      advance();
      if (token_.form != Form::word) unexpected();
      name = token_.text;
      on = false;
    } else if (find_option(name) == nullptr && name.starts_with("no")) {
      name.erase(0, 2);
      on = false;
    }
    const auto* option = find_option(name);
    if (option == nullptr) unexpected();
    auto& values = place_of(*option);
    FetchmailValue value{.line = line, .on = on, .texts = {}};
    arguments(*option, value);
    join(values, *option, value);
    values[std::string(option->name)] = std::move(value);
  }

  /// Several "is" and "to" add up to one list of local names; for other options, the last value counts.
  static void join(const FetchmailValues& values, const Option& option, FetchmailValue& value) {
    const auto earlier = values.find(option.name);
    if (option.name != "is" || earlier == values.end() || earlier->second.inherited) return;
    if (values.contains("user is local")) return;  // they are names on the server
    value.texts.insert(value.texts.begin(), earlier->second.texts.begin(), earlier->second.texts.end());
  }

  void arguments(const Option& option, FetchmailValue& value) {
    const std::string name(option.name);
    switch (value.on ? option.argument : Argument::none) {
      case Argument::none:
        return advance();
      case Argument::text:
        value.texts.push_back(text_behind(name));
        return advance();
      case Argument::number:
        value.texts.push_back(text_behind(name));
        if (token_.form != Form::number) lexer_.refuse(value.line, name + " needs a number");
        return advance();
      case Argument::envelope:
        value.texts.push_back(text_behind(name));
        if (token_.form == Form::number) value.texts.push_back(text_behind(name));
        return advance();
      case Argument::numbers:
      case Argument::texts:
        value.texts.push_back(text_behind(name));
        return more_texts(value);
    }
  }

  /// A list goes on until a keyword comes. "remote=local" is one item.
  void more_texts(FetchmailValue& value) {
    for (advance(); token_.form != Form::end; advance()) {
      if (token_.form == Form::equals) {
        value.texts.back() += "=" + text_behind("=");
        continue;
      }
      if (token_.is("here") || token_.is("there")) {
        advance();
        return;
      }
      if (token_.form == Form::word && is_keyword(token_.text)) return;
      value.texts.push_back(token_.text);
    }
  }

  static bool is_keyword(std::string_view word) {
    return std::ranges::find(structure, word) != structure.end() || find_option(word) != nullptr ||
           (word.starts_with("no") && find_option(word.substr(2)) != nullptr);
  }

  /// Does not quote the word: it could be a password.
  [[noreturn]] void unexpected() const {
    lexer_.refuse(token_.line, "this is not what fetchmail expects here");
  }

  FetchmailLexer lexer_;
  FetchmailToken token_;
  FetchmailRc rc_;
  FetchmailEntry* entry_ = nullptr;
  unsigned parts_ = 0;  ///< entries and users
  /// How the first user of the entry begins: a user without a name must be the only one.
  enum class UserBegins { nowhere, with_a_name, with_an_option } user_begins_ = UserBegins::nowhere;
};

}  // namespace

std::span<const FetchmailOption> fetchmail_options() { return option_rows; }

FetchmailRc parse_fetchmailrc(std::string_view text, const std::string& file) {
  return Parser(text, file).parse();
}

}  // namespace mailhaul::setup
