// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <set>

#include "setup/fdm_conf.h"
#include "setup/fdm_options.h"
#include "setup/netrc_entry.h"
#include "setup/programs.h"
#include "setup/text_check.h"
#include "util/ascii.h"
#include "util/escape.h"

namespace mailhaul::setup {
namespace {

/// A pattern with * and ?, as for file names.
bool fits(std::string_view pattern, std::string_view text) {
  std::size_t at = 0, star = std::string_view::npos, resume = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[i]) && pattern[at] != '*') {
      ++at;
      ++i;
    } else if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resume = i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

class FdmDrafting {
 public:
  FdmDrafting(const FdmConf& conf, Outcome& outcome, const Surroundings& around)
      : conf_(conf), outcome_(outcome), around_(around), keeps_(rules_that_keep(conf)) {}

  void account(const FdmAccount& account) {
    if (account.source != "pop3" && account.source != "pop3s")
      return note(account.line,
                  "account " + util::escape(account.name) + " does not use POP3, and was not taken over",
                  "mailhaul fetches over POP3 only; leave this account to fdm");
    if (!has_login(account)) return;
    Draft draft{
        .name = account.name, .line = account.line, .host = account.server, .user = account.user->text};
    connection(draft, account);
    secret(draft, account);
    what_stays(draft, account);
    draft.timeout = conf_.timeout;
    draft.max_size = conf_.max_size;
    draft.trace_header = conf_.adds_received;
    draft.enabled = !account.disabled && !account.old_only && !account.is_unset;
    if (!account.pipe.empty()) tunnel(draft, account);
    if (account.old_only)
      note(account.line, "old-only is not supported, and the account is switched off",
           "to fetch new mail with mailhaul, remove \"enabled\" from the account");
    delivery(draft);
    if (!account.old_only && !account.cache.empty())
      draft.seen_file = absolute(with_values(account.cache, home_tags()), around_.home, around_.home);
    for (const auto& [line, word] : account.elsewhere)
      note(line, word + " is not supported", std::string(fdm_account_advice(word)));
    if (draft.leave_on_server && account.cache.empty())
      note(account.line, "fdm fetches everything again in each run; mailhaul fetches each message once",
           "for the old way: \"fetch_all\": true");
    outcome_.drafts.push_back(std::move(draft));
  }

 private:
  void note(unsigned line, std::string sentence, std::string advice) {
    outcome_.notes.push_back({line, std::move(sentence), std::move(advice)});
  }

  /// Whether the server and the user are known; notes it if they are not.
  bool has_login(const FdmAccount& account) {
    const auto name = util::escape(account.name);
    const bool has_server = (!account.server.empty() && !account.server_is_unset) || !account.pipe.empty();
    if (!has_server)
      note(account.line, "account " + name + " has no server, and was not taken over",
           "write server \"HOST\" into it, and import again");
    else if (!account.user)
      note(account.line,
           "the login of account " + name + " is in ~/.netrc, and the account was not taken over",
           "write user \"NAME\" after the server in fdm.conf, and import again; the password can stay in "
           "~/.netrc");
    else if (account.user->is_command)
      note(account.line,
           "the user of account " + name + " is the output of a command, and the account was not taken over",
           "replace the command with the name, user \"NAME\", and import again");
    else
      return true;
    return false;
  }

  void connection(Draft& draft, const FdmAccount& account) {
    const bool implicit = account.source == "pop3s";
    draft.encryption = implicit           ? Encryption::implicit
                       : account.starttls ? Encryption::stls
                                          : Encryption::none;
    draft.port = port_of(account, implicit ? 995 : 110);
    if (draft.encryption != Encryption::none && (!conf_.verify || !account.verify))
      note(account.line, "fdm does not check the certificate of " + draft.host + "; mailhaul does",
           "for a self-signed certificate, name it in tls_ca_file");
    tell_apop(draft, account);
  }

  /// Without TLS, fdm hides the password where it can.
  void tell_apop(const Draft& draft, const FdmAccount& account) {
    const bool is_open =
        draft.encryption == Encryption::none && account.pipe.empty() && !is_on_this_machine(draft);
    const auto forbids = [](const auto& told) { return told.second == "no-apop"; };
    if (!is_open || std::ranges::any_of(account.elsewhere, forbids)) return;
    note(account.line,
         "without TLS, fdm logs in to " + draft.host +
             " by APOP if the server offers it; mailhaul could send the password itself",
         R"(if the server has APOP: "auth": "apop"; if it has TLS: remove "tls": "none")");
  }

  /// The port, which the file gives as a number or as the name of a service.
  std::uint16_t port_of(const FdmAccount& account, std::uint16_t usual) {
    if (account.port.empty()) return usual;
    if (account.port == "pop3s") return 995;
    if (account.port == "pop3") return 110;
    const auto number = util::parse_number(account.port).value_or(0);
    if (number > 0 && number <= 65535) return static_cast<std::uint16_t>(number);
    if (!account.is_unset)
      note(account.line, "the port " + util::escape(account.port) + " is not understood",
           "correct \"server\" of " + util::escape(account.name) + ", which has the usual port");
    return usual;
  }

  /// Takes over a program that is the connection. The name of the server is not known then.
  void tunnel(Draft& draft, const FdmAccount& account) {
    draft.tunnel = words_of_shell(account.pipe);
    draft.host.clear();
    for (const char c : account.name) {
      const char small = util::lower(c);
      const bool fits = (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9');
      draft.host += fits ? small : '-';
    }
    while (draft.host.starts_with('-')) draft.host.erase(0, 1);
    while (draft.host.ends_with('-')) draft.host.pop_back();
    if (draft.host.empty()) draft.host = "localhost";
    note(account.line,
         util::escape(account.name) + " connects through a program, which became its tunnel; " +
             "the server is called " + draft.host,
         "mailhaul's records go by this name: leave it as it is");
  }

  void secret(Draft& draft, const FdmAccount& account) {
    if (!account.pass) {
      if (!take_from_netrc(draft, outcome_, around_, "fdm"))
        note(account.line,
             "fdm expects the password of " + util::escape(draft.user) + " in ~/.netrc, which is not there",
             "let password_command print it, for example with secret-tool; until then mailhaul asks");
    } else if (account.pass->is_command) {
      draft.password_command = words_of_shell(account.pass->text);
    } else {
      draft.password = util::Secret(account.pass->text);
    }
  }

  static bool applies(const FdmRule& rule, const std::string& account) {
    const auto matches = [&](const std::string& pattern) { return fits(pattern, account); };
    return rule.for_all || std::ranges::any_of(rule.accounts, matches);
  }

  /// Whether the rule is for all messages of the account, or for some of them.
  static bool concerns(const FdmRule& rule, const std::string& account) {
    const auto matches = [&](const std::string& pattern) { return fits(pattern, account); };
    if (rule.taken_apart()) return applies(rule, account);
    return rule.limits.empty() || std::ranges::any_of(rule.limits, matches);
  }

  /// A name with tags, such as "copy-%a" or "%[account]", as a pattern in which a tag fits any text.
  static std::string with_any_tags(std::string name) {
    for (auto at = name.find('%'); at != std::string::npos; at = name.find('%', at)) {
      const auto end = name.substr(at, 2) == "%[" ? name.find(']', at) : at + 1;
      name.replace(at, end == std::string::npos ? end : end + 1 - at, "*");
    }
    return name;
  }

  static bool is_pattern(std::string_view name) { return name.find_first_of("*?") != std::string_view::npos; }

  /// The actions with a step "keep", and those that call such an action.
  static std::set<std::string, std::less<>> keeping_actions(const FdmConf& conf) {
    std::set<std::string, std::less<>> keeping;
    for (int depth = 0; depth < 5; ++depth)  // as deep as fdm allows
      for (const auto& [name, action] : conf.actions) {
        const auto keeps = [&](const auto& step) {
          return step.first == "other keep" ||
                 (step.first == "other action" && keeping.contains(step.second));
        };
        if (std::ranges::any_of(action.steps, keeps)) keeping.insert(name);
      }
    return keeping;
  }

  /// For each rule, whether it keeps mail on the server. The name of an action is a pattern, in which a tag
  /// fits any text. An action that the file does not have may be one that keeps mail.
  static std::vector<bool> rules_that_keep(const FdmConf& conf) {
    const auto keeping = keeping_actions(conf);
    const auto keeps = [&](const FdmRule& rule, const std::string& name) {
      const auto pattern = with_any_tags(name);
      if (!is_pattern(pattern))
        return keeping.contains(pattern) || (!rule.is_nested && !conf.actions.contains(pattern));
      const auto is_named = [&](const auto& one) { return fits(pattern, one); };
      if (std::ranges::any_of(keeping, is_named)) return true;
      return !rule.is_nested &&
             std::ranges::none_of(conf.actions, [&](const auto& one) { return is_named(one.first); });
    };
    std::vector<bool> all;
    for (const auto& rule : conf.rules)
      all.push_back(rule.keeps_inside ||
                    std::ranges::any_of(rule.actions, [&](const auto& name) { return keeps(rule, name); }));
    return all;
  }

  /// Mail stays on the server if the account says so, or a rule says so, or no rule ends the search.
  void what_stays(Draft& draft, const FdmAccount& account) {
    draft.leave_on_server = account.keep;
    if (account.keep) return;
    unsigned kept_at = 0;               // the first rule that keeps mail
    bool all = false, removes = false;  // mail that gets this far is kept; some mail is removed before
    bool ends = false;
    for (std::size_t i = 0; i < conf_.rules.size() && !ends; ++i) {
      const auto& rule = conf_.rules[i];
      if (!concerns(rule, draft.name)) continue;
      const bool kept = keeps_[i];
      if (kept && kept_at == 0) kept_at = rule.line;
      if (rule.taken_apart()) {
        all |= kept;
        ends = !rule.goes_on;
      } else {
        removes |= !all && (rule.is_nested || (!kept && !rule.goes_on));
      }
    }
    const bool by_rule = all;
    all |= !ends && conf_.keeps_unmatched;
    removes |= ends && !all;
    draft.leave_on_server = all || kept_at > 0;
    if (!draft.leave_on_server || (by_rule && !removes)) return;
    const auto name = util::escape(draft.name);
    note(kept_at > 0 ? kept_at : account.line,
         removes ? "some rules of fdm leave mail of " + name +
                       " on the server, others do not; mailhaul leaves all of it there"
                 : "no rule of fdm ends with all mail of " + name +
                       ", so that fdm leaves the rest on the server; mailhaul leaves all of it there",
         R"(to have it removed: "leave_on_server": false, or "delete_after")");
  }

  /// Follows the rules that depend on the account alone, up to the first one that ends the search.
  void delivery(Draft& draft) {
    for (const auto& rule : conf_.rules) {
      if (!rule.taken_apart() || !applies(rule, draft.name)) continue;
      for (const auto& name : rule.actions) deliver_by(draft, rule.line, with_tags(name, draft));
      if (!rule.goes_on) return;
    }
  }

  void deliver_by(Draft& draft, unsigned line, const std::string& pattern) {
    const auto by_name = conf_.actions.find(pattern);
    bool is_there = by_name != conf_.actions.end();
    if (is_there) steps_of(by_name->second, draft, line);
    for (const auto& [name, action] : conf_.actions) {
      if (!is_pattern(pattern)) break;
      if (name.starts_with('\n') || name == pattern || !fits(pattern, name)) continue;
      is_there = true;
      steps_of(action, draft, line);
    }
    if (is_there) return;
    draft.lacks_place = true;
    note(line, "no action is named \"" + util::escape(pattern) + "\"",
         "add the destination of its mail to \"deliver\" of " + util::escape(draft.name));
  }

  void steps_of(const FdmAction& action, Draft& draft, unsigned line) {
    for (const auto& [step, argument] : action.steps) place(draft, line, step, argument);
  }

  /// The tags that stand for the home directory. The path of a cache can have no other tags.
  Placeholders home_tags() const {
    return {{"%[home]", around_.home.native()}, {"%h", around_.home.native()}};
  }

  static std::string with_values(std::string text, const Placeholders& tags) {
    for (const auto& [tag, value] : tags)
      for (auto at = text.find(tag); at != std::string::npos; at = text.find(tag, at + value.size()))
        text.replace(at, tag.size(), value);
    return text;
  }

  std::string with_tags(std::string text, const Draft& draft) const {
    return with_values(with_values(std::move(text), home_tags()),
                       {{"%[account]", draft.name}, {"%a", draft.name}});
  }

  void place(Draft& draft, unsigned line, const std::string& step, const std::string& template_of_argument) {
    const auto argument = with_tags(template_of_argument, draft);
    if (draft.deliver.size() > 100) return;
    if (step == "unset") {
      draft.lacks_place = true;
    } else if (step.starts_with("other ")) {
      other(draft, line, step.substr(6));
    } else if (argument.find('%') != std::string::npos) {
      draft.lacks_place = true;
      note(line, "a path or command depends on the message",
           "mailhaul does not sort mail; deliver to a program (mda:)");
    } else if (step == "maildir" || step == "mbox") {
      draft.deliver.push_back(
          {.kind = step, .path = absolute(argument, around_.home, around_.home), .words = {}});
    } else {
      deliver_to_shell(draft, outcome_, argument, {});
    }
  }

  /// A step that has no counterpart. If the step delivers mail, the account must not run without it.
  void other(Draft& draft, unsigned line, const std::string& step) {
    constexpr std::array<std::string_view, 7> delivering{"write", "append", "smtp",  "lmtp",
                                                         "imap",  "imaps",  "action"};
    draft.lacks_place |= std::ranges::find(delivering, step) != delivering.end();
    if (step == "exec")
      return note(line, "exec is not supported", "after_fetch runs a program when mail has come");
    if (step != "keep" && step != "stdout")
      note(line, step + " is not supported", "let a program do it (mda:)");
  }

  const FdmConf& conf_;
  Outcome& outcome_;
  const Surroundings& around_;
  std::vector<bool> keeps_;  ///< for each rule, whether it keeps mail
};

}  // namespace

Outcome read_fdm(const util::Path& file, std::string_view text, const Surroundings& around) {
  const auto conf = parse_fdm_conf(text, file.native());
  Outcome outcome{.file = file, .drafts = {}, .notes = conf.notes};
  FdmDrafting drafting(conf, outcome, around);
  for (const auto& account : conf.accounts) drafting.account(account);
  for (const auto& rule : conf.rules) {
    if (!rule.taken_apart())
      outcome.notes.push_back(
          {rule.line, "a rule depends on the content of messages, and was not taken over",
           "mailhaul does not sort mail; deliver to a program (mda:) such as procmail or maildrop"});
  }
  leave_out_other_bytes(outcome, text);
  return outcome;
}

}  // namespace mailhaul::setup
