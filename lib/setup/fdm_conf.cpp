// SPDX-License-Identifier: MIT
#include "setup/fdm_conf.h"

#include <algorithm>
#include <array>
#include <utility>

#include "setup/fdm_lexer.h"
#include "setup/fdm_options.h"
#include "util/escape.h"
#include "util/join.h"

namespace mailhaul::setup {
namespace {

constexpr std::array<std::string_view, 9> statements{"set",   "account", "action", "match", "include",
                                                     "cache", "ifdef",   "ifndef", "endif"};
constexpr std::array<std::string_view, 3> steps_here{"maildir", "mbox", "pipe"};

class FdmParser {
 public:
  FdmParser(std::string_view text, const std::string& file) : lexer_(text, file) { advance(); }

  FdmConf parse() {
    while (token_.form != Form::end) statement();
    return std::move(conf_);
  }

 private:
  using Form = FdmToken::Form;

  void advance() { token_ = lexer_.next(macros_); }
  [[noreturn]] void unexpected() const { lexer_.refuse(token_.line, "this is not what fdm expects here"); }
  void note(unsigned line, std::string sentence, std::string advice) {
    conf_.notes.push_back({line, std::move(sentence), std::move(advice)});
  }

  bool begins_statement() const {
    if (token_.form == Form::end || token_.form == Form::macro) return true;
    return token_.form == Form::word && std::ranges::find(statements, token_.text) != statements.end();
  }

  /// A string, made of parts joined by "+".
  FdmText text() {
    FdmText result;
    for (;;) {
      if (token_.form == Form::macro) {
        const auto macro = macros_.find(token_.text);
        if (macro == macros_.end()) note_unset(token_.text, result);
        result.text += macro == macros_.end() ? token_.text : macro->second;
      } else if (token_.form == Form::text || token_.form == Form::command) {
        if (!token_.unset.empty()) note_unset(token_.unset, result);
        result.is_command = token_.form == Form::command;
        result.text += token_.text;
      } else {
        unexpected();
      }
      if (result.text.size() > (64U << 10U)) lexer_.refuse(token_.line, "the text is too long");
      advance();
      if (!token_.is_mark('+')) return result;
      if (result.is_command) unexpected();
      advance();
    }
  }

  void note_unset(const std::string& macro, FdmText& text) {
    text.is_unset = true;
    note(token_.line, "the macro " + util::escape(macro) + " is not set in this file",
         "set it at the top of the file, and import again");
  }

  void statement() {
    const unsigned line = token_.line;
    if (token_.form == Form::macro) return set_macro();
    if (token_.form != Form::word) unexpected();
    const std::string word = token_.text;
    advance();
    if (word == "set") return set_option(line);
    if (word == "account") return account(line);
    if (word == "action") return action();
    if (word == "match") return rule(line);
    if (word == "cache") return cache();
    if (word == "include") {
      note(line, "include is not followed: " + util::escape(text().text), "import that file as well");
    } else if (word == "ifdef" || word == "ifndef") {
      condition(word == "ifdef");
    } else if (word != "endif") {
      lexer_.refuse(line, "fdm has no such statement");
    }
  }

  void set_macro() {
    const std::string name = token_.text;
    advance();
    if (!token_.is_mark('=')) unexpected();
    advance();
    if (macros_.size() > 1000) lexer_.refuse(token_.line, "there are too many macros");
    if (token_.form == Form::word) {
      macros_[name] = token_.text;
      return advance();
    }
    const auto value = text();
    if (value.is_command)
      lexer_.refuse(token_.line, "a macro is the output of a command; write the text itself");
    if (!value.is_unset) macros_[name] = value.text;
  }

  void condition(bool wanted) {
    const bool known = token_.form == Form::macro && macros_.contains(token_.text);
    advance();
    if (known == wanted) return;
    for (unsigned open = 1; open > 0 && token_.form != Form::end; advance()) {
      if (token_.is("ifdef") || token_.is("ifndef")) ++open;
      if (token_.is("endif")) --open;
    }
  }

  void set_option(unsigned line) {
    const std::string name = token_.text;
    if (token_.form != Form::word) unexpected();
    advance();
    if (name == "maximum-size") set_max_size(line);
    if (name == "timeout") set_timeout(line);
    if (name == "unmatched-mail") conf_.keeps_unmatched = !token_.is("drop");
    if (name == "verify-certificates") conf_.verify = true;
    if (name == "no-received") conf_.adds_received = false;
    if (const auto advice = fdm_option_advice(name); !advice.empty())
      note(line, "set " + name + " is not supported", std::string(advice));
    while (!begins_statement()) advance();
  }

  /// A number, or the macro that stands for one.
  std::string number() {
    const auto macro = token_.form == Form::macro ? macros_.find(token_.text) : macros_.end();
    std::string text = macro == macros_.end() ? token_.text : macro->second;
    if (macro != macros_.end() || !begins_statement()) advance();
    return text;
  }

  void set_max_size(unsigned line) {
    auto size = number();
    if (token_.form == Form::word && fdm_size("1" + token_.text)) size += token_.text;
    conf_.max_size = fdm_size(size).value_or(0);
    if (!fdm_size(size)) note(line, "set maximum-size is not understood", "set max_size in the account");
  }

  /// "set timeout 5 minutes".
  void set_timeout(unsigned line) {
    const auto count = number();
    const auto time = fdm_time(count, token_.form == Form::word ? token_.text : "");
    if (!time) return note(line, "set timeout is not understood", "set timeout in the account");
    conf_.timeout = *time;
  }

  /// Skips "cache PATH expire TIME": only rules with "in-cache" use it, and those rules are reported.
  void cache() {
    static_cast<void>(text());
    while (!begins_statement()) advance();
  }

  void account(unsigned line) {
    FdmAccount account{.name = text().text, .line = line};
    bool has_cache = false;  // the next word may be "cache", which begins no statement then
    while (!begins_statement() || (has_cache && token_.is("cache"))) {
      const std::string word = token_.text;
      has_cache = word == "new-only" || word == "old-only";
      if (token_.form != Form::word) {
        if (!token_.is_mark('{') && !token_.is_mark('}') && token_.form != Form::text) unexpected();
        advance();
        continue;
      }
      if (!fdm_account_advice(word).empty()) account.elsewhere.emplace_back(token_.line, word);
      advance();
      account_word(account, word);
    }
    if (conf_.accounts.size() >= 1000) lexer_.refuse(line, "there are too many accounts");
    conf_.accounts.push_back(std::move(account));
  }

  void account_word(FdmAccount& account, const std::string& word) {
    constexpr std::array<std::string_view, 10> sources{"pop3",  "pop3s", "imap",    "imaps",    "nntp",
                                                       "nntps", "stdin", "maildir", "maildirs", "mbox"};
    if (account.source.empty() && std::ranges::find(sources, word) != sources.end()) {
      account.source = word;
    } else if (account.source.empty() && (word == "user" || word == "users")) {
      other_users();
    } else if (word == "server") {
      account.server = text_of(account, text());
      account.server_is_unset = account.is_unset;
    } else if (word == "port") {
      account.port = token_.form == Form::word ? number() : text_of(account, text());
    } else if (word == "user" || word == "pass") {
      auto& place = word == "user" ? account.user : account.pass;
      place = text();
      account.is_unset |= place->is_unset;
    } else if (word == "cache") {
      account.cache = text_of(account, text());
    } else if (word == "pipe") {
      account.pipe = text_of(account, text());
    } else {
      account.disabled |= word == "disabled";
      account.keep |= word == "keep";
      account.starttls |= word == "starttls";
      account.old_only |= word == "old-only";
      if (word == "no-verify") account.verify = false;
    }
  }

  static std::string text_of(FdmAccount& account, FdmText text) {
    account.is_unset |= text.is_unset;
    return std::move(text.text);
  }

  void skip_users() {
    if (!token_.is("user") && !token_.is("users")) return;
    advance();
    other_users();
  }
  /// Reads what follows "user" or "users": the users as whom fdm delivers, which are not logins.
  void other_users() {
    const unsigned line = token_.line;
    note(line, "fdm delivers as " + util::escape(util::joined(texts())) + ", which mailhaul does not do",
         "each user runs mailhaul as himself");
  }

  /// "action NAME maildir PATH", or several steps in braces.
  void action() {
    const std::string name = text().text;
    skip_users();
    if (!token_.is_mark('{')) {
      conf_.actions[name] = {.steps = {step()}};
    } else {
      advance();
      conf_.actions[name] = steps_to_brace();
    }
  }

  FdmAction steps_to_brace() {
    FdmAction action;
    while (!token_.is_mark('}') && token_.form != Form::end) action.steps.push_back(step());
    advance();
    return action;
  }

  std::pair<std::string, std::string> step() {
    if (token_.form != Form::word) unexpected();
    const unsigned line = token_.line;
    const std::string name = token_.text;
    advance();
    const bool is_ours = std::ranges::find(steps_here, name) != steps_here.end();
    std::string argument;
    bool is_unset = false;
    while (token_.form != Form::end && !token_.is_mark('}') && (is_text() || !begins_step())) {
      if (is_text()) {
        const auto more = text();
        is_unset |= more.is_unset;
        if (argument.empty()) argument = more.text;
      } else {
        if (name == "mbox" && token_.is("compress")) is_unset |= is_compressed(line, argument);
        advance();
      }
    }
    return {!is_ours ? "other " + name : is_unset ? "unset" : name, std::move(argument)};
  }

  /// Notes that mailhaul compresses no mbox. True if the file is compressed: nothing may be added to it.
  bool is_compressed(unsigned line, const std::string& path) {
    note(line, "compress is not supported",
         "mailhaul writes the plain mbox; gunzip what fdm has written, or deliver to a program (mda:)");
    return path.ends_with(".gz");
  }

  bool is_text() const {
    if (token_.form == Form::macro) return macros_.contains(token_.text);
    return token_.form == Form::text || token_.form == Form::command;
  }
  bool begins_step() const {
    if (begins_statement() || token_.is("continue")) return true;
    return token_.form == Form::word && (is_fdm_step_elsewhere(token_.text) ||
                                         std::ranges::find(steps_here, token_.text) != steps_here.end());
  }

  void rule(unsigned line) {
    FdmRule rule{.line = line};
    if (token_.is("all")) {
      rule.for_all = true;
      advance();
    } else if (token_.is("account") || token_.is("accounts")) {
      advance();
      rule.accounts = texts();
    }
    skip_users();
    if (!at_target()) {  // there are more conditions: the content decides
      rule.for_all = false;
      if (token_.is("and")) rule.limits = rule.accounts;
      rule.accounts.clear();
      while (token_.form != Form::end && !at_target()) {
        if (token_.is("or")) rule.limits.clear();
        const bool names_account = token_.is("account") || token_.is("accounts");
        advance();
        if (names_account && token_.is_mark('{')) texts();
      }
    }
    target(rule);
    if (token_.is("continue")) {
      rule.goes_on = true;
      advance();
    }
    conf_.rules.push_back(std::move(rule));
  }

  bool at_target() const {
    return token_.is("action") || token_.is("actions") || token_.is("drop") || token_.is("keep") ||
           token_.is("tag") || token_.is_mark('{');
  }

  std::vector<std::string> texts() {
    if (!token_.is_mark('{')) return {text().text};
    advance();
    return texts_to_brace();
  }

  std::vector<std::string> texts_to_brace() {
    std::vector<std::string> all;
    while (!token_.is_mark('}')) {
      if (!is_text()) unexpected();
      if (all.size() > 1000) lexer_.refuse(token_.line, "there are too many names in braces");
      all.push_back(text().text);
    }
    advance();
    return all;
  }

  /// Reads names of actions, or the steps of an action without a name.
  std::vector<std::string> actions() {
    if (is_text()) return {text().text};
    if (!token_.is_mark('{')) return {unnamed({.steps = {step()}})};
    advance();
    if (is_text()) return texts_to_brace();
    return {unnamed(steps_to_brace())};
  }

  /// Stores an action without a name under a name that no other action has, and returns that name.
  std::string unnamed(FdmAction action) {
    std::string name = "\n" + std::to_string(conf_.rules.size());
    conf_.actions[name] = std::move(action);
    return name;
  }

  void target(FdmRule& rule) {
    if (token_.is_mark('{')) {  // rules inside of a rule
      rule.limits.insert(rule.limits.end(), rule.accounts.begin(), rule.accounts.end());
      rule.for_all = false;
      rule.accounts.clear();
      rule.is_nested = true;
      unsigned open = 0;
      do {
        rule.keeps_inside |= token_.is("keep");
        if (is_text() || token_.form == Form::macro) {
          const auto value = text();
          rule.actions.push_back(value.is_unset || value.is_command ? "*" : value.text);
          continue;
        }
        if (token_.is_mark('{')) ++open;
        if (token_.is_mark('}')) --open;
        advance();
      } while (open > 0 && token_.form != Form::end);
      return;
    }
    const bool named = token_.is("action") || token_.is("actions");
    const bool tags = token_.is("tag");
    if (token_.is("keep") || token_.is("drop")) {
      rule.actions = {unnamed({.steps = {step()}})};
      return;
    }
    advance();
    if (named) rule.actions = actions();
    if (!tags) return;
    rule.goes_on = true;
    while (!begins_statement() && !token_.is("continue")) advance();
  }

  FdmLexer lexer_;
  FdmToken token_;
  FdmMacros macros_;
  FdmConf conf_;
};

}  // namespace

FdmConf parse_fdm_conf(std::string_view text, const std::string& file) {
  return FdmParser(text, file).parse();
}

}  // namespace mailhaul::setup
