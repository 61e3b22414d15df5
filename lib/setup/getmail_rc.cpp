// SPDX-License-Identifier: MIT
#include "setup/getmail_rc.h"

#include <algorithm>
#include <array>

#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::setup {
namespace {

constexpr std::array keys_elsewhere{
    GetmailRow{"retriever", "delete_dup_msgids",
               "mailhaul tells messages with the same UID apart by their contents"},
    GetmailRow{"retriever", "envelope_recipient",
               "mailhaul does not distribute one mailbox among several people"},
    GetmailRow{"retriever", "ssl_version", "set tls_min_version"},
    GetmailRow{"retriever", "ssl_fingerprints",
               "they are hashes of certificates; tls_pin wants the SHA-256 of the server's public key"},
    GetmailRow{"retriever", "ssl_ciphers", "the TLS library chooses the ciphers"},
    GetmailRow{"destination", "user", "each user runs mailhaul as himself"},
    GetmailRow{"destination", "group", "each user runs mailhaul as himself"},
    GetmailRow{"destination", "filemode", "mailhaul writes files for their owner alone (0600)"},
    GetmailRow{"destination", "pipe_stdout", "what a program prints is shown with -v"},
    GetmailRow{"options", "delete_bigger_than", "large mail stays on the server as long as other mail"},
    GetmailRow{"options", "message_log", "\"log\" names a file that gets a line for each message"},
    GetmailRow{"options", "message_log_syslog", "put \"log\": \"syslog\" at the top of the configuration"},
    GetmailRow{"options", "logfile", "\"log\" names a file for all accounts"},
    GetmailRow{"retriever", "use_cram_md5", "mailhaul chooses a method itself; set \"auth\": \"cram-md5\""},
    GetmailRow{"retriever", "use_kerberos", "set \"auth\": \"gssapi\""},
    GetmailRow{"destination", "allow_root_commands", "each user runs mailhaul as himself"},
};

// The other keys that getmail knows: they are read here, or mailhaul does the same anyway, or they belong to
// a kind of destination that is reported as a whole.
constexpr std::array<std::string_view, 14> retriever_keys{
    "type",     "server",      "port",     "username", "password", "password_command",  "timeout",
    "use_apop", "use_xoauth2", "ca_certs", "certfile", "keyfile",  "ssl_cert_hostname", "getmaildir"};
constexpr std::array<std::string_view, 19> destination_keys{"type",
                                                            "path",
                                                            "arguments",
                                                            "unixfrom",
                                                            "destinations",
                                                            "locktype",
                                                            "ignore_stderr",
                                                            "default",
                                                            "locals",
                                                            "defaultdelivery",
                                                            "homedir",
                                                            "localdomain",
                                                            "localpart_translate",
                                                            "qmaillocal",
                                                            "strip_delivered_to",
                                                            "host",
                                                            "port",
                                                            "fallback",
                                                            "override"};
constexpr std::array<std::string_view, 15> options_keys{"read_all",
                                                        "delete",
                                                        "delete_after",
                                                        "max_message_size",
                                                        "max_messages_per_session",
                                                        "max_bytes_per_session",
                                                        "received",
                                                        "delivered_to",
                                                        "use_netrc",
                                                        "netrc_file",
                                                        "verbose",
                                                        "to_oldmail_on_each_mail",
                                                        "message_log_verbose",
                                                        "fingerprint",
                                                        "skip_imap_fetch_size"};
struct GetmailKeys {
  std::string_view section;
  std::span<const std::string_view> names;
};
constexpr std::array keys_known{GetmailKeys{"retriever", retriever_keys},
                                GetmailKeys{"destination", destination_keys},
                                GetmailKeys{"options", options_keys}};

class IniParser {
 public:
  explicit IniParser(std::string file) : file_(std::move(file)) {}

  GetmailRc parse(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty()) {
      ++line_;
      take(util::take_line(text));
    }
    inherit();
    return std::move(rc_);
  }

 private:
  [[noreturn]] void refuse(const std::string& sentence) const {
    throw util::Error(util::Kind::config,
                      util::escape(file_, 4096) + ":" + std::to_string(line_) + ": " + sentence,
                      "nothing was taken over; getmail --dump shows how getmail reads the file");
  }

  void take(std::string_view line) {
    const auto text = util::trimmed(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') return;
    const auto indent = line.find_first_not_of(" \t\r");
    if (value_ != nullptr && indent > indent_) {
      value_->text += '\n';
      value_->text += text;
      return;
    }
    indent_ = indent;
    if (text.front() == '[') {
      begin(text);
    } else {
      set(text);
    }
  }

  /// Adds the keys of [DEFAULT] to [options], unless that sets them itself. getmail forgets [DEFAULT] before
  /// it reads the other sections.
  void inherit() {
    const auto defaults = rc_.extract("DEFAULT");
    const auto options = rc_.find("options");
    if (defaults.empty() || options == rc_.end()) return;
    for (const auto& [key, value] : defaults.mapped())
      if (is_known_to_getmail("options", key)) options->second.try_emplace(key, value);
  }

  void begin(std::string_view text) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) refuse("a section's name has no ]");
    const auto [section, is_new] = rc_.try_emplace(std::string(text.substr(1, end - 1)));
    if (!is_new) refuse("there are two sections of this name");
    section_ = &section->second;
    value_ = nullptr;
  }

  void set(std::string_view text) {
    const auto divider = text.find_first_of("=:");
    if (section_ == nullptr) refuse("there is a key before the first section");
    if (divider == std::string_view::npos || divider == 0)
      refuse("a line is neither a section nor \"key = value\"");
    const auto [value, is_new] =
        section_->try_emplace(util::lower(util::trimmed(text.substr(0, divider))),
                              GetmailValue{line_, std::string(util::trimmed(text.substr(divider + 1)))});
    if (!is_new) refuse("a key is given twice");
    value_ = &value->second;
  }

  std::string file_;
  unsigned line_ = 0;
  std::size_t indent_ = 0;  ///< of the last key or section
  GetmailRc rc_;
  GetmailSection* section_ = nullptr;
  GetmailValue* value_ = nullptr;
};

/// The literals of a tuple.
class Literals {
 public:
  explicit Literals(std::string_view text) : text_(text) {}

  std::optional<std::vector<std::string>> strings() {
    skip();
    const char open = peek();
    if (open != '(' && open != '[') return bare();
    ++at_;
    for (skip(); peek() != (open == '(' ? ')' : ']'); skip()) {
      auto item = string_or_number();
      if (!item) return std::nullopt;
      found_.push_back(std::move(*item));
      skip();
      if (peek() == ',') {
        ++at_;
      } else if (peek() != (open == '(' ? ')' : ']')) {
        return std::nullopt;
      }
    }
    ++at_;
    skip();
    if (at_ != text_.size()) return std::nullopt;
    return std::move(found_);
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }

  std::optional<std::vector<std::string>> bare() {
    if (peek() != '"' && peek() != '\'') return std::nullopt;
    auto item = string_or_number();
    skip();
    if (!item || at_ != text_.size()) return std::nullopt;
    return std::vector<std::string>{std::move(*item)};
  }

  std::optional<std::string> string_or_number() {
    std::string whole;
    const auto digits = text_.substr(at_).find_first_not_of("0123456789");
    if (digits != 0 && at_ < text_.size()) {
      whole = text_.substr(at_, digits);
      at_ += whole.size();
      return whole;
    }
    bool any = false;
    for (skip(); begins_string(); skip()) {
      any = true;
      if (!one_string(whole)) return std::nullopt;
    }
    if (!any) return std::nullopt;
    return whole;
  }

  bool begins_string() const {
    const auto rest = text_.substr(at_, 2);
    if (rest.starts_with('"') || rest.starts_with('\'')) return true;
    return rest.size() == 2 && (rest[0] == 'r' || rest[0] == 'R') && (rest[1] == '"' || rest[1] == '\'');
  }

  bool one_string(std::string& into) {
    const bool raw = text_[at_] == 'r' || text_[at_] == 'R';
    if (raw) ++at_;
    const char quote = text_[at_++];
    if (text_.substr(at_).starts_with(std::string(2, quote))) return false;  // three quotes
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') return false;
      if (c == quote) {
        ++at_;
        return true;
      }
      if (c != '\\') {
        into += c;
      } else if (++at_ == text_.size()) {
        return false;
      } else if (raw) {
        into += '\\';
        into += text_[at_];
      } else if (!escaped(text_[at_], into)) {
        return false;
      }
    }
    return false;
  }

  /// The escapes that are usual; others would need the whole of Python.
  static bool escaped(char c, std::string& into) {
    constexpr std::string_view letters = "\\'\"ntr", meanings = "\\'\"\n\t\r";
    const auto letter = letters.find(c);
    if (letter != std::string_view::npos) {
      into += meanings[letter];
      return true;
    }
    if (c == 'x' || c == 'u' || c == 'U' || c == 'N' || (c >= '0' && c <= '7')) return false;
    into += '\\';
    into += c;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string> found_;
};

}  // namespace

std::span<const GetmailRow> getmail_keys_elsewhere() { return keys_elsewhere; }

bool is_known_to_getmail(std::string_view section, std::string_view key) {
  return std::ranges::any_of(keys_elsewhere,
                             [&](const auto& row) { return row.section == section && row.key == key; }) ||
         std::ranges::any_of(keys_known, [&](const auto& keys) {
           return keys.section == section && std::ranges::find(keys.names, key) != keys.names.end();
         });
}

GetmailRc parse_getmailrc(std::string_view text, const std::string& file) {
  return IniParser(file).parse(text);
}

std::optional<std::vector<std::string>> getmail_strings(std::string_view text) {
  return Literals(text).strings();
}

}  // namespace mailhaul::setup
