// SPDX-License-Identifier: MIT
// mpop's configuration: one command a line.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "setup/netrc_entry.h"
#include "setup/programs.h"
#include "setup/text_check.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/units.h"

namespace mailhaul::setup {
namespace {

struct MpopValue {
  unsigned line = 0;
  std::string text;
};
using MpopValues = std::map<std::string, MpopValue, std::less<>>;

struct MpopAccount {
  std::string name;
  unsigned line = 0;
  MpopValues values;     ///< all that apply, with those of its bases and of the defaults
  MpopValues own;        ///< the same without the defaults: what accounts that are built on this one inherit
  bool changed = false;  ///< it has commands of its own
};

/// Commands that are understood but have no counterpart; `advice` is empty where mailhaul does the same
/// anyway.
struct MpopRow {
  std::string_view name, advice;
};
constexpr std::array commands_elsewhere{
    MpopRow{"source_ip", "mailhaul leaves the choice of the address to the system"},
    MpopRow{"pipelining", ""},
    MpopRow{"ntlmdomain", "write the domain into the user's name: DOMAIN\\NAME"},
    MpopRow{"tls_crl_file", "mailhaul reads no revocation lists"},
    MpopRow{"tls_fingerprint",
            "it is a hash of the certificate; tls_pin wants the SHA-256 of the server's public key"},
    MpopRow{"tls_priorities", "tls_min_version sets the oldest version of TLS"},
    MpopRow{"tls_min_dh_prime_bits", "the TLS library decides which sizes it accepts"},
    MpopRow{"tls_force_sslv3", ""},
    MpopRow{"filter", "mailhaul does not judge mail; let a program sort it (mda:)"},
    MpopRow{"killsize",
            "mailhaul does not remove mail that nobody has received; max_size leaves it on the server"},
};
constexpr std::array<std::string_view, 26> commands_here{"host",
                                                         "port",
                                                         "socket",
                                                         "proxy_host",
                                                         "proxy_port",
                                                         "timeout",
                                                         "auth",
                                                         "user",
                                                         "password",
                                                         "passwordeval",
                                                         "tls",
                                                         "tls_starttls",
                                                         "tls_trust_file",
                                                         "tls_key_file",
                                                         "tls_cert_file",
                                                         "tls_certcheck",
                                                         "tls_host_override",
                                                         "received_header",
                                                         "delivery",
                                                         "uidls_file",
                                                         "only_new",
                                                         "keep",
                                                         "skipsize",
                                                         "account",
                                                         "defaults",
                                                         "eval"};

const MpopRow* find_elsewhere(std::string_view name) {
  const auto found = std::ranges::find(commands_elsewhere, name, &MpopRow::name);
  return found == commands_elsewhere.end() ? nullptr : &*found;
}

/// Reads the lines into accounts with all their values, defaults and bases included.
class MpopParser {
 public:
  explicit MpopParser(std::string file) : file_(std::move(file)) {}

  std::vector<MpopAccount> parse(std::string_view text) {
    while (!text.empty()) {
      ++line_;
      command(util::trimmed(util::take_line(text)));
    }
    return std::move(accounts_);
  }
  const std::set<std::string>& bases() const { return bases_; }

 private:
  [[noreturn]] void refuse(const std::string& sentence,
                           const std::string& hint =
                               "nothing was taken over; mpop --pretend shows how mpop reads the file") const {
    throw util::Error(util::Kind::config,
                      util::escape(file_, 4096) + ":" + std::to_string(line_) + ": " + sentence, hint);
  }

  void command(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    if (line.size() > 4096) refuse("the line is too long");
    const auto blank = line.find_first_of(" \t");
    const std::string name(line.substr(0, blank));
    auto argument = blank == std::string_view::npos ? std::string_view() : util::trimmed(line.substr(blank));
    if (argument.size() >= 2 && argument.front() == '"' && argument.back() == '"')
      argument = argument.substr(1, argument.size() - 2);
    if (find_elsewhere(name) == nullptr && std::ranges::find(commands_here, name) == commands_here.end())
      refuse("mpop has no such command");
    if (name == "eval")
      refuse(
          "eval runs a program for a part of the configuration, which mailhaul does not do",
          "replace the line with what the program prints, such as \"host pop.example.org\"; if it prints a "
          "password, use passwordeval with a program that prints only the password; then import again");
    if (name == "defaults") {
      current_ = nullptr;
      in_defaults_ = true;
    } else if (name == "account") {
      begin(argument);
    } else {
      if (current_ == nullptr && !in_defaults_) refuse("the first command must be account or defaults");
      if (name == "port") require_port(argument);
      const MpopValue value{line_, std::string(argument)};
      if (current_ == nullptr) {
        defaults_[name] = value;
      } else {
        current_->values[name] = current_->own[name] = value;
        current_->changed = true;
      }
    }
  }

  void require_port(std::string_view argument) const {
    const auto port = util::parse_number(argument).value_or(0);
    if (port == 0 || port > 65535) refuse("port must be a number from 1 to 65535");
  }

  void begin(std::string_view argument) {
    const auto colon = argument.find(':');
    MpopAccount account{.name = std::string(util::trimmed(argument.substr(0, colon))),
                        .line = line_,
                        .values = defaults_,
                        .own = {}};
    if (account.name.empty()) refuse("an account needs a name");
    if (std::ranges::find(accounts_, account.name, &MpopAccount::name) != accounts_.end())
      refuse("there are two accounts of this name");
    for (int bases = 0; argument.find_first_of(":,") != std::string_view::npos; ++bases) {
      if (bases == 100) refuse("the account is built on too many others");
      argument.remove_prefix(argument.find_first_of(":,") + 1);
      const std::string base(util::trimmed(argument.substr(0, argument.find(','))));
      const auto found = std::ranges::find(accounts_, base, &MpopAccount::name);
      if (found == accounts_.end()) refuse("an account is built on one that does not exist before it");
      for (const auto& [name, value] : found->own) account.values[name] = account.own[name] = value;
      bases_.insert(base);
    }
    if (accounts_.size() >= 1000) refuse("there are too many accounts");
    accounts_.push_back(std::move(account));
    current_ = &accounts_.back();
  }

  std::string file_;
  unsigned line_ = 0;
  MpopValues defaults_;
  std::vector<MpopAccount> accounts_;
  std::set<std::string> bases_;
  MpopAccount* current_ = nullptr;
  bool in_defaults_ = false;
};

/// Makes a draft of one account.
class MpopDrafting {
 public:
  MpopDrafting(const MpopAccount& account, Outcome& outcome, const Surroundings& around)
      : account_(account), outcome_(outcome), around_(around) {}

  Draft draft() {
    draft_.name = account_.name;
    draft_.line = account_.line;
    draft_.host = text("host");
    draft_.user = text("user");
    connection();
    time_out();
    login_method();
    secret();
    policy();
    place();
    for (const auto& row : commands_elsewhere) {
      const auto value = text(row.name);
      if (!row.advice.empty() && !value.empty() && value != "off" && value != "auto")
        note(row.name, std::string(row.name) + " is not supported", std::string(row.advice));
    }
    seen_list();
    return std::move(draft_);
  }

 private:
  const MpopValue* find(std::string_view name) const {
    const auto found = account_.values.find(name);
    return found == account_.values.end() ? nullptr : &found->second;
  }
  std::string text(std::string_view name) const { return find(name) == nullptr ? "" : find(name)->text; }
  bool on(std::string_view name, bool otherwise) const {
    return find(name) == nullptr ? otherwise : find(name)->text != "off";
  }
  std::string path(std::string_view name) const { return absolute(text(name), around_.home, around_.home); }

  void note(std::string_view name, std::string sentence, std::string advice) {
    Note told{find(name) == nullptr ? account_.line : find(name)->line, std::move(sentence),
              std::move(advice)};
    const auto same = [&](const Note& other) {
      return other.line == told.line && other.sentence == told.sentence;
    };
    if (std::ranges::none_of(outcome_.notes, same)) outcome_.notes.push_back(std::move(told));
  }

  void connection() {
    const bool tls = on("tls", false), starttls = on("tls_starttls", true);
    draft_.encryption = !tls ? Encryption::none : starttls ? Encryption::stls : Encryption::implicit;
    if (!text("socket").empty()) return local_socket();
    draft_.port = static_cast<std::uint16_t>(util::parse_number(text("port")).value_or(0));
    if (draft_.port == 0) draft_.port = draft_.encryption == Encryption::implicit ? 995 : 110;
    if (text("tls_trust_file") != "system") draft_.ca_file = path("tls_trust_file");
    draft_.server_name = text("tls_host_override");
    draft_.client_cert = path("tls_cert_file");
    draft_.client_key = path("tls_key_file");
    if (tls && !on("tls_certcheck", true))
      note("tls_certcheck", "mpop does not check the certificate of " + draft_.host + "; mailhaul does",
           "for a self-signed certificate, name it in tls_ca_file");
    if (const auto proxy = text("proxy_host"); !proxy.empty()) {
      const auto port = text("proxy_port");
      const bool is_ipv6 = proxy.find(':') != std::string::npos && proxy.front() != '[';
      draft_.proxy =
          "socks5h://" + (is_ipv6 ? "[" + proxy + "]" : proxy) + ":" + (port.empty() ? "1080" : port);
    }
  }

  /// A local socket takes the place of host, port and proxy.
  void local_socket() {
    draft_.socket = path("socket");
    if (draft_.encryption == Encryption::none) return;
    draft_.encryption = Encryption::none;
    draft_.enabled = false;
    note("socket", "mpop uses TLS on the socket " + util::escape(draft_.socket) + "; mailhaul cannot do so",
         "if the server takes plain text there as well, remove \"enabled\" from the account");
  }

  void time_out() {
    if (const auto seconds = util::parse_number(text("timeout")); seconds && *seconds > 0)
      draft_.timeout = std::chrono::seconds(std::min<std::uint64_t>(*seconds, 86400));
  }

  void login_method() {
    auto method = util::lower(text("auth"));
    if (method.ends_with("-plus")) method.erase(method.size() - 5);
    if (method == "digest-md5") {
      note("auth", "auth digest-md5 is not supported", "mailhaul chooses a method itself");
    } else if (method != "on" && !method.empty()) {
      draft_.auth = method;
    }
    if (draft_.auth.empty() && draft_.encryption == Encryption::none && !is_on_this_machine(draft_))
      switch_off_plain_text();
  }

  /// Without TLS, mpop chooses among the methods that do not send the password itself.
  void switch_off_plain_text() {
    draft_.enabled = false;
    note("auth",
         "account " + util::escape(draft_.name) +
             " is switched off: without TLS, mpop never sends the password itself, and mailhaul could",
         R"(if the server has TLS, remove "tls": "none" from the account; otherwise set "auth" to )"
         R"(scram-sha-256, cram-md5 or apop; then remove "enabled")");
  }

  void secret() {
    if (const auto command = text("passwordeval"); !command.empty()) {
      draft_.password_command = words_of_shell(command);
    } else if (!text("password").empty()) {
      draft_.password = util::Secret(text("password"));
    } else {
      const bool needs_one = draft_.auth != "external" && draft_.auth != "gssapi";
      if (needs_one && !take_from_netrc(draft_, outcome_, around_, "mpop"))
        note("user",
             "mpop reads the password of " + util::escape(draft_.user) + " from a keyring, or asks for it",
             "let password_command print it, for example with secret-tool; until then mailhaul asks");
    }
  }

  void policy() {
    const auto keep = text("keep");
    draft_.leave_on_server = find("keep") != nullptr && keep != "off";
    if (draft_.leave_on_server && keep != "on" && !keep.empty()) {
      if (const auto span = duration(keep)) {
        draft_.delete_after = *span;
      } else {
        note("keep", "keep " + util::escape(keep) + " is not understood", "set delete_after");
      }
    }
    draft_.fetch_all = !on("only_new", true);
    draft_.trace_header = on("received_header", true);
    if (const auto size = text("skipsize"); !size.empty() && size != "off")
      draft_.max_size = util::parse_size(size).value_or(0);
  }

  /// "30d", "1d12h".
  static std::optional<std::chrono::seconds> duration(std::string_view text) {
    std::chrono::seconds all{0};
    while (!text.empty()) {
      const auto unit = text.find_first_not_of("0123456789");
      if (unit == std::string_view::npos) return std::nullopt;
      const auto part = util::parse_duration(text.substr(0, unit + 1));
      if (!part || all > std::chrono::hours(24 * 36500)) return std::nullopt;
      all += *part;
      text.remove_prefix(unit + 1);
    }
    return all;
  }

  void place() {
    const auto how = text("delivery");
    const auto blank = how.find_first_of(" \t");
    const auto kind = how.substr(0, blank);
    auto what =
        blank == std::string::npos ? std::string_view() : util::trimmed(std::string_view(how).substr(blank));
    if (what.size() >= 2 && what.front() == '"' && what.back() == '"') what = what.substr(1, what.size() - 2);
    if (kind == "maildir" || kind == "mbox") {
      draft_.deliver.push_back(
          {.kind = kind, .path = absolute(what, around_.home, around_.home), .words = {}});
    } else if (kind == "mda") {
      deliver_to_shell(draft_, outcome_, what, {{"%F", "%F"}});
    } else {
      note("delivery",
           how.empty() ? "mpop is told on the command line where mail goes"
                       : "delivery " + util::escape(kind) + " is not supported",
           "choose a Maildir, an mbox or a program");
    }
  }

  void seen_list() {
    if (draft_.fetch_all) return;
    auto file = text("uidls_file");
    if (file.empty()) file = "~/.mpop_uidls/%U_at_%H";
    std::string name;
    for (std::size_t at = 0; at < file.size(); ++at) {
      const bool user = file.compare(at, 2, "%U") == 0, host = file.compare(at, 2, "%H") == 0;
      name += user ? draft_.user : host ? draft_.host : std::string(1, file[at]);
      at += user || host ? 1 : 0;
    }
    draft_.seen_file = absolute(name, around_.home, around_.home);
  }

  const MpopAccount& account_;
  Outcome& outcome_;
  const Surroundings& around_;
  Draft draft_;
};

}  // namespace

Outcome read_mpop(const util::Path& file, std::string_view text, const Surroundings& around) {
  MpopParser parser(file.native());
  const auto accounts = parser.parse(text);
  Outcome outcome{.file = file, .drafts = {}, .notes = {}};
  for (const auto& account : accounts) {
    const bool has_user = account.values.contains("user");
    const bool has_host = account.values.contains("host") || account.values.contains("socket");
    if (account.name == "default" && !account.changed) continue;  // another name for an account that is there
    if (!has_user || !has_host) {
      if (!parser.bases().contains(account.name))
        outcome.notes.push_back(
            {account.line,
             "account " + util::escape(account.name) + " has no host or no user, and was not taken over",
             "add what is missing, and import again"});
      continue;
    }
    outcome.drafts.push_back(MpopDrafting(account, outcome, around).draft());
  }
  leave_out_other_bytes(outcome, text);
  return outcome;
}

}  // namespace mailhaul::setup
