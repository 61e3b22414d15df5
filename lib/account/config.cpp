// SPDX-License-Identifier: MIT
#include "account/config.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>

#include "account/document.h"
#include "account/endpoint.h"
#include "account/keys.h"
#include "account/profile.h"
#include "account/setting.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/join.h"
#include "util/nearest.h"
#include "util/secret.h"

namespace mailhaul::account {
namespace {

using Form = Node::Form;
using util::Error;
using util::Kind;

constexpr std::size_t largest_file = 16U << 20U;  // tens of thousands of accounts
constexpr Range side_by_side{1, 1000};

constexpr std::array top_level{
    KeyRow{"$schema", "URL", "the schema that config schema prints, for editors; mailhaul ignores it", "none",
           false},
    KeyRow{"state", "FILE", "the state database (SQLite), on a local disk",
           "$XDG_STATE_HOME/mailhaul/state.db", false},
    KeyRow{"jobs", "N", "how many accounts are fetched in parallel", "8", false},
    KeyRow{"host_jobs", "N", "how many accounts may connect to the same host at once", "2", false},
    KeyRow{"log", "FILE", "a file that gets a dated line for each message, warning and error; or \"syslog\"",
           "none", false},
    KeyRow{"metrics", "FILE", "a text file for Prometheus, replaced after each run", "none", false},
    KeyRow{"defaults", "OBJECT", "account keys for all accounts that do not set them themselves", "none",
           false},
    KeyRow{"accounts", "OBJECT", "the accounts by name, in the order in which they are fetched", "required",
           false},
};

std::vector<std::string_view> top_level_names() {
  std::vector<std::string_view> names;
  for (const auto& row : top_level) names.push_back(row.name);
  return names;
}

util::Secret read(const util::Path& file) {
  std::error_code error;
  if (std::filesystem::status(file, error).type() == std::filesystem::file_type::not_found)
    throw Error(Kind::no_config, "there is no configuration file " + util::escape(file.string(), 4096),
                "check the path");
  return util::Secret(util::read_file(file, largest_file, Kind::config));
}

bool is_name(std::string_view name) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const auto is_inside = [&](char c) { return is_word(c) || c == '.' || c == '_' || c == '@' || c == '-'; };
  return !name.empty() && is_word(name.front()) && std::ranges::all_of(name, is_inside);
}

bool holds_secret(const Node& keys) {
  const auto* proxy = keys.member("proxy");
  return keys.member("password") != nullptr || (proxy != nullptr && has_password(proxy->value.text));
}

void note_variable(Config& config, const Node& keys) {
  const auto* name = keys.member("password_env");
  if (name != nullptr && name->value.form == Form::text) config.secret_variables.push_back(name->value.text);
}

struct SameMailbox {
  const Account *one, *other;
};

std::optional<SameMailbox> shared_mailbox(const std::vector<const Account*>& accounts) {
  std::map<MailboxKey, const Account*> known;
  for (const auto* account : accounts) {
    const auto [earlier, is_new] = known.try_emplace(mailbox_of(*account), account);
    if (!is_new) return SameMailbox{earlier->second, account};
  }
  return std::nullopt;
}

constexpr auto use_an_array = "one account can deliver to several destinations: give \"deliver\" an array";

/// Reads one file into a Config.
class Loader {
 public:
  Loader(const Sources& sources, const Layer& command_line)
      : sources_(sources), command_line_(command_line), file_(sources.file->string()) {}

  void load_into(Config& config) {
    const auto text = sources_.text ? util::Secret(sources_.text->reveal()) : read(*sources_.file);
    const Node root = parse(text.reveal(), file_);
    const auto whole = setting(root, "");
    require_form(whole, Form::object, {});
    attempt(config, [&] { require_privacy(root); });
    for (const auto& member : root.members) attempt(config, [&] { set_top_level(config, member); });
    if (const auto* defaults = root.member("defaults"); defaults != nullptr)
      attempt(config, [&] { set_defaults(config, *defaults); });
    attempt(config, [&] {
      const auto* accounts = root.member("accounts");
      if (accounts == nullptr) whole.refuse("\"accounts\" is missing");
      add_accounts(config, setting(accounts->value, "accounts"));
    });
  }

 private:
  /// Without the purpose `check`, a mistake outside of the accounts ends the loading.
  template <typename Work>
  void attempt(Config& config, const Work& work) const {
    try {
      work();
    } catch (const Error& error) {
      if (sources_.purpose != Purpose::check || error.kind() != Kind::config) throw;
      config.mistakes.push_back({{}, error});
    }
  }

  void set_defaults(Config& config, const Member& defaults) {
    defaults_ = {&defaults.value, file_, "defaults", defaults.position};
    for (const auto& mistake : mistakes_in(defaults_, sources_.paths)) {
      defaults_are_sound_ = false;
      attempt(config, [&] { throw Error(mistake); });
    }
    note_variable(config, defaults.value);
  }

  Setting setting(const Node& node, const std::string& path) const {
    const auto row = std::ranges::find(top_level_keys(), path, &KeyRow::name);
    return {.node = &node,
            .file = file_,
            .path = path,
            .paths = &sources_.paths,
            .key_name = row == top_level_keys().end() ? "" : row->name};
  }

  void require_privacy(const Node& root) const {
    if (sources_.text) return;  // it is in memory, where others cannot read it
    const auto* defaults = root.member("defaults");
    const auto* accounts = root.member("accounts");
    const auto in_account = [](const Member& account) { return holds_secret(account.value); };
    if ((defaults != nullptr && holds_secret(defaults->value)) ||
        (accounts != nullptr && std::ranges::any_of(accounts->value.members, in_account)))
      util::require_private(*sources_.file, "a password", sources_.paths.credentials_directory);
  }

  void set_top_level(Config& config, const Member& member) const {
    const auto value = setting(member.value, util::escape(member.key));
    const auto names = top_level_names();
    if (member.key == "$schema") require_form(value, Form::text, {});
    if (member.key == "state") config.state_file = path_of(value);
    if (member.key == "jobs") config.jobs = static_cast<unsigned>(number_of(value, side_by_side));
    if (member.key == "host_jobs") config.host_jobs = static_cast<unsigned>(number_of(value, side_by_side));
    if (member.key == "log")
      config.log = text_of(value) == to_syslog ? util::Path(to_syslog) : path_of(value);
    if (member.key == "metrics") config.metrics = path_of(value);
    if (std::ranges::find(names, member.key) != names.end()) return;
    if (find_handler(member.key) != nullptr)
      value.refuse_at(member.position, "belongs in an account or in \"defaults\"");
    value.refuse_at(member.position, "unknown key" + guess(member.key, names));
  }

  void add_accounts(Config& config, const Setting& accounts) {
    require_form(accounts, Form::object, {});
    if (accounts.node->members.empty()) accounts.refuse("contains no account");
    for (const auto& member : accounts.node->members) {
      config.names.push_back(member.key);
      note_variable(config, member.value);
      try {
        add_account(config, accounts, member);
      } catch (const Error& error) {
        if (error.kind() != Kind::config) throw;  // an option of the command line concerns all accounts
        note_mistake(config, member, error);
      }
    }
  }

  static void note_mistake(Config& config, const Member& member, const Error& error) {
    const auto* enabled = member.value.member("enabled");
    const bool is_off = enabled != nullptr && enabled->value.form == Form::boolean && !enabled->value.flag;
    config.mistakes.push_back({member.key, error, !is_off});
  }

  void require_other_mailbox(const Account& account, const Setting& entry, const Member& member) {
    // If the command line sets one server or user for all accounts, only the accounts of this run are
    // compared: see select().
    if (!account.enabled || command_line_.object->member("server") != nullptr ||
        command_line_.object->member("user") != nullptr)
      return;
    const auto [earlier, is_new] = mailboxes_.try_emplace(mailbox_of(account), account.name);
    if (!is_new)
      entry.refuse_at(member.position, "is the same mailbox as accounts." + earlier->second, use_an_array);
  }

  void add_account(Config& config, const Setting& accounts, const Member& member) {
    const auto entry = accounts.part(member.value, "." + util::escape(member.key));
    if (!is_name(member.key))
      entry.refuse_at(member.position,
                      "an account name consists of letters, digits and the characters . _ @ -, and begins "
                      "with a letter or digit");
    if (std::ranges::find(sources_.reserved_names, member.key) != sources_.reserved_names.end())
      entry.refuse_at(member.position, "'" + member.key + "' is the name of a command; choose another name");
    const Layer own{&member.value, file_, entry.path, member.position};
    for (const auto& mistake : mistakes_in(own, sources_.paths)) note_mistake(config, member, mistake);
    if (!config.mistakes.empty() && config.mistakes.back().account == member.key) return;
    if (!defaults_are_sound_) return;  // each account would report the mistakes of the defaults again
    std::vector<Layer> layers{own, command_line_};
    if (defaults_.object != nullptr) layers.insert(layers.begin(), defaults_);
    auto account = make_account(member.key, layers, sources_.paths);
    require_other_mailbox(account, entry, member);
    config.accounts.push_back(std::move(account));
  }

  const Sources& sources_;
  const Layer& command_line_;
  std::string file_;
  Layer defaults_;
  bool defaults_are_sound_ = true;
  std::map<MailboxKey, std::string> mailboxes_;  ///< each with the name of its account
};

void require_known(const Config& config, std::string_view name) {
  if (std::ranges::find(config.names, name) != config.names.end()) return;
  const std::vector<std::string_view> known(config.names.begin(), config.names.end());
  const auto near = util::nearest(name, known);
  throw Error(Kind::usage,
              "there is no account '" + util::escape(name) + "'" +
                  (near.empty() ? "" : "; did you mean '" + near + "'?"),
              "accounts: " + names_of(config));
}

/// "anna@example.org"; "anna@pop.example.org" if the user name is not an address.
std::string name_without_file(const Account& account) {
  const bool is_address = account.user.find('@') != std::string::npos;
  return is_address ? account.user : account.user + "@" + account.server.host;
}

}  // namespace

Config load(const Sources& sources) {
  const Node options = options_object(sources.overrides);
  const Layer command_line{.object = &options};
  check_layer(command_line, sources.paths);
  Config config{.file = {}, .state_file = sources.paths.default_state_file};
  note_variable(config, options);
  if (sources.file) {
    config.file = *sources.file;
    Loader(sources, command_line).load_into(config);
  } else {
    auto account = make_account({}, {&command_line, 1}, sources.paths, sources.purpose);
    account.name = name_without_file(account);
    config.names.push_back(account.name);
    config.accounts.push_back(std::move(account));
  }
  if (sources.state_file) config.state_file = *sources.state_file;
  if (config.state_file.empty())
    throw Error(Kind::config, "the home directory, where the state database would be, is not known",
                "set HOME, or name the database with --state or \"state\"");
  if (sources.jobs) config.jobs = *sources.jobs;
  if (config.jobs < side_by_side.least || config.jobs > side_by_side.most)
    throw Error(Kind::usage, "--jobs: must be a whole number from 1 to 1000");
  return config;
}

std::vector<Account> select(const Config& config, std::span<const std::string> names) {
  std::vector<const Account*> chosen;
  for (const auto& name : names) {
    require_known(config, name);
    const auto found = std::ranges::find(config.accounts, name, &Account::name);
    if (found != config.accounts.end() && std::ranges::find(chosen, &*found) == chosen.end())
      chosen.push_back(&*found);
  }
  if (names.empty())
    for (const auto& account : config.accounts)
      if (account.enabled) chosen.push_back(&account);
  if (const auto same = shared_mailbox(chosen))
    throw Error(Kind::config,
                "accounts '" + same->one->name + "' and '" + same->other->name + "' are the same mailbox",
                use_an_array);
  std::vector<Account> accounts;
  for (const auto* account : chosen) accounts.push_back(*account);
  return accounts;
}

std::vector<Mistake> mistakes_among(const Config& config, std::span<const std::string> names) {
  std::vector<Mistake> mistakes;
  for (const auto& mistake : config.mistakes)
    if (names.empty() ? mistake.enabled : std::ranges::find(names, mistake.account) != names.end())
      mistakes.push_back(mistake);
  return mistakes;
}

std::string names_of(const Config& config) {
  return util::joined(config.names, [](const std::string& name) { return util::escape(name); });
}

std::span<const KeyRow> top_level_keys() { return top_level; }

}  // namespace mailhaul::account
