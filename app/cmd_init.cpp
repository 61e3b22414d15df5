// SPDX-License-Identifier: MIT
// Makes an account from a mail address: finds the server, logs in once, and writes the account. Init does not
// ask for what an option says, and without a terminal it asks nothing at all.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "account/document.h"
#include "app/commands.h"
#include "app/config_files.h"
#include "app/environment.h"
#include "app/init_profile.h"
#include "app/init_server.h"
#include "app/key_options.h"
#include "app/new_profiles.h"
#include "app/oauth.h"
#include "app/output.h"
#include "app/questions.h"
#include "app/report_errors.h"
#include "credentials/keyring.h"
#include "credentials/token_file.h"
#include "delivery/kinds.h"
#include "delivery/spec.h"
#include "pop3/session.h"
#include "setup/draft.h"
#include "setup/host_names.h"
#include "setup/profile_text.h"
#include "util/shell.h"
#include "util/units.h"

namespace mailhaul::app {
namespace {

using account::Node;
using util::Error;
using util::Kind;

constexpr int tries = 3;  // servers lock an account after a few more refused logins

/// What waits on the server.
struct Waiting {
  std::size_t messages = 0;
  std::uint64_t bytes = 0;
};

class Init {
 public:
  explicit Init(const Invocation& invocation)
      : invocation_(invocation),
        questions_(invocation),
        tell_(make_listener(invocation)),
        file_(config_to_write(invocation)) {
    unaltered_ = invocation;
    unaltered_.overrides.clear();
    unaltered_.words.clear();
  }

  /// Adds the account, or leaves nothing behind: a login by OAuth 2 is removed again if a later step fails.
  int run() {
    try {
      make();
    } catch (...) {
      if (logged_in_ && !published_)
        static_cast<void>(credentials::forget_login(credentials::token_path(state_file(), account_.name),
                                                    *invocation_.cancel));
      throw;
    }
    return 0;
  }

 private:
  void make() {
    if (std::filesystem::exists(file_)) known_ = load_config_from(unaltered_, file_);
    address_ = choose_address(invocation_, questions_, *tell_);
    server_ = choose_server(invocation_, questions_, address_);
    require_user();
    account_ = account_at(invocation_, server_.url, server_.user);
    account_.name = new_name();
    in_keyring_ = std::holds_alternative<credentials::Keyring>(account_.secret);
    require_new_mailbox();
    say_what_is_needed(invocation_, server_);
    choose_login();
    if (!invocation_.print_only) log_in();
    choose_place();
    choose_server_copy();
    finish();
  }

  /// Some providers give their users a name that is no part of the address.
  void require_user() {
    if (!server_.user.empty()) return;
    if (invocation_.print_only) {
      server_.user = "USER";
    } else if (questions_.can_ask()) {
      while (server_.user.empty())
        server_.user = questions_.ask("The user name that the provider gave you: ");
    } else {
      throw Error(Kind::usage, "the user name for " + server_.url + " is not known: the provider assigns it",
                  "give it with --user");
    }
  }

  /// A name for the account that no other account and no command has.
  std::string new_name() const {
    auto taken = command_names();
    if (known_) taken.insert(taken.end(), known_->names.begin(), known_->names.end());
    const auto domain = setup::base_domain(setup::domain_of(address_));
    setup::Outcome outcome;
    outcome.drafts.push_back(
        {.name = invocation_.name.empty() ? domain.substr(0, domain.find('.')) : invocation_.name});
    setup::complete(outcome, {}, taken);
    const auto& name = outcome.drafts.front().name;
    if (invocation_.name.empty() || invocation_.name == name) return name;
    throw Error(Kind::usage, "the account cannot be named '" + safe(invocation_.name) + "'",
                "for example --name " + name);
  }

  void require_new_mailbox() const {
    if (!known_) return;
    for (const auto& other : known_->accounts)
      if (account::mailbox_of(other) == account::mailbox_of(account_))
        throw Error(Kind::config,
                    safe(file_.native()) + " already has this mailbox, as the account " + other.name,
                    "mailhaul " + other.name + " fetches from it");
  }

  bool has_own_secret() const {
    if (account_.auth == net::Auth::gssapi || account_.auth == net::Auth::external) return true;
    return !std::holds_alternative<credentials::Ask>(account_.secret);
  }

  /// OAuth 2 where the server takes nothing else, otherwise a password.
  void choose_login() {
    const std::string oauth(server_.provider == nullptr ? "" : server_.provider->oauth);
    if (has_own_secret()) return;
    if (server_.takes_password && invocation_.client_id.empty()) return;
    if (oauth.empty())
      throw Error(Kind::unavailable,
                  account_.server.host + " accepts only OAuth 2, and only from registered programs",
                  "write the account by hand: \"oauth\" in man mailhaul.json says what it needs");
    credentials::OAuth login{.provider = oauth, .client_id = invocation_.client_id};
    if (login.client_id.empty() && !invocation_.print_only) login.client_id = ask_client_id(login);
    account_.oauth = login;
  }

  std::string ask_client_id(const credentials::OAuth& login) const {
    if (!questions_.can_ask())
      throw Error(Kind::usage, account_.server.host + " accepts only OAuth 2, and no client id is given",
                  "give it with --client-id; mailhaul-login(1) says how to get one");
    say(invocation_, account_.server.host + " accepts only OAuth 2, not a password.\n" +
                         credentials::client_id_advice(login));
    std::string id;
    while (id.empty()) id = questions_.ask("The client id: ");
    return id;
  }

  /// Asks for the password if one is needed, and logs in once to check that the account works.
  void log_in() {
    if (account_.oauth) {
      log_in_by_oauth(unaltered_, account_, state_file(),
                      "mailhaul init " + util::shell_word(safe(address_)));
      logged_in_ = true;
    } else if (!has_own_secret() || (in_keyring_ && questions_.can_ask())) {
      if (!questions_.can_ask())
        throw Error(Kind::usage, "no password is given, and there is no terminal to ask on",
                    "name a --password-file, --password-command or --password-env");
      typed_ = true;
    }
    const bool is_once = interval().count() > 0;
    for (int left = is_once ? 1 : tries;; --left) {
      if (typed_) ask_password();
      try {
        return say_what_waits(look());
      } catch (const Error& error) {
        const auto told = with_enable(error);
        if (error.kind() != Kind::login || !typed_ || left == 1)
          throw with_hint(told, "no account was written");
        tell_error(*tell_, account_.name, told);
      }
    }
  }

  static Error with_hint(const Error& error, std::string_view more) {
    if (error.kind() == Kind::cancelled || more.empty() || error.hint().find(more) != std::string::npos)
      return error;
    return {error.kind(), error.what(),
            error.hint() + (error.hint().empty() ? "" : "; ") + std::string(more)};
  }

  /// Adds advice on how to switch POP3 on, in case the server has refused the login for this reason.
  Error with_enable(const Error& error) const {
    const bool was_refused = error.kind() == Kind::login || error.kind() == Kind::unavailable;
    return with_hint(error, was_refused && server_.provider != nullptr ? server_.provider->enable : "");
  }

  void ask_password() {
    auto password = questions_.ask_secret("Password for " + server_.user + ": ");
    account_.secret = credentials::Literal(std::move(password));
  }

  Waiting look() const {
    account::Config config;
    config.state_file = state_file();
    const auto environment = real_environment(unaltered_, config, {account_});
    const net::Trace trace = [this](char direction, std::string_view line) {
      tell_->traced(account_.name, direction, line);
    };
    auto opened = environment.connect(account_, {}, trace);
    pop3::Session session(*opened.stream,
                          {.capabilities = opened.capabilities,
                           .may_ask_capabilities = opened.answers_capa,
                           .trace = trace,
                           .redact = [&](std::string_view words) { return opened.redactor.text(words); }});
    Waiting waiting;
    for (const auto& message : session.listing()) {
      ++waiting.messages;
      waiting.bytes += message.bytes;
    }
    session.quit();
    return waiting;
  }

  void say_what_waits(const Waiting& waiting) {
    waiting_ = waiting;
    say(invocation_, "The login works. On the server: " +
                         (waiting.messages == 0 ? "no mail"
                                                : util::counted(waiting.messages, "message") + ", " +
                                                      util::format_size(waiting.bytes)) +
                         ".\n");
  }

  /// A destination in the form of the key `deliver`: a path alone means a Maildir.
  static std::string destination_of(const std::string& typed) {
    const bool has_kind = std::ranges::any_of(delivery::kinds(), [&](const auto* kind) {
      return typed == kind->name || typed.starts_with(std::string(kind->name) + ":");
    });
    return has_kind ? typed : "maildir:" + typed;
  }

  void choose_place() {
    for (const auto& option : invocation_.overrides)
      if (option.first == "deliver") places_.push_back(option.second);
    const auto usual = "~/Mail/" + account_.name;
    if (places_.empty()) places_.push_back("maildir:" + usual);
    if (!option_of(invocation_, "deliver").empty() || !questions_.can_ask()) return;
    for (;;) {
      places_ = {destination_of(
          questions_.ask("Where should the mail go? A path means a Maildir [" + usual + "] ", usual))};
      Invocation trial = unaltered_;
      trial.overrides = {{"deliver", places_.front()}};
      try {
        for (const auto& place : account_at(trial, server_.url, server_.user).deliver)
          delivery::require_usable(place);
        return;
      } catch (const Error& error) {
        tell_error(*tell_, account_.name, error);
      }
    }
  }

  void choose_server_copy() {
    const auto option = option_of(invocation_, "leave_on_server");
    leaves_ = option != "false";
    if (option.empty() && questions_.can_ask())
      leaves_ = questions_.agrees("Leave the messages on the server after fetching them? [Y/n] ", "yes");
  }

  Node profile() const {
    const bool has_file =
        (typed_ && !in_keyring_) || (invocation_.print_only && !account_.oauth && !has_own_secret());
    return profile_of(invocation_,
                      {.url = server_.url,
                       .user = server_.user,
                       .oauth = account_.oauth,
                       .min_interval = interval(),
                       .password_file = has_file ? NewProfiles::password_file(file_, account_.name) : "",
                       .leave_on_server = leaves_,
                       .places = places_});
  }

  void finish() {
    const std::vector<setup::NamedProfile> profiles{{account_.name, profile()}};
    if (!invocation_.print_only) write(profiles);
    if (invocation_.json) return print(json());
    if (invocation_.print_only) {
      print(setup::profile_lines(NewProfiles(unaltered_, profiles).fitted()) + "\n");
      return say(invocation_, "nothing was written\n");
    }
    const bool is_only = !known_ || known_->names.empty();
    const auto word = is_only ? "" : " " + account_.name;
    say(invocation_, "The account " + account_.name + " is in " + file_.native() + place_of_password() +
                         ".\nNext: " + pause() + "mailhaul -n" + word +
                         " shows what would be fetched, and mailhaul" + word + " fetches it.\n");
  }

  std::string place_of_password() const {
    if (!typed_) return {};
    if (in_keyring_) return ",\nits password in the keyring";
    return ",\nits password in " + NewProfiles::password_file(file_, account_.name).native() +
           ", which only you can read";
  }

  /// Advice to wait, for a provider that refuses a login soon after the previous one, which init has just
  /// made.
  std::string pause() const {
    if (interval().count() == 0) return {};
    return "wait " + util::format_duration(interval()) + ", because " + std::string(server_.provider->name) +
           " refuses logins that follow each other faster\n(from now on, min_interval in the account ensures "
           "this pause);\n";
  }

  /// The shortest time between two logins that the provider allows; 0: none is known.
  std::chrono::minutes interval() const {
    return server_.provider == nullptr ? std::chrono::minutes(0) : server_.provider->interval;
  }

  void write(const std::vector<setup::NamedProfile>& profiles) {
    NewProfiles fresh(unaltered_, profiles);
    fresh.require_new_names();
    const auto* const typed = std::get_if<credentials::Literal>(&account_.secret);
    if (typed != nullptr && !in_keyring_) fresh.write_password(account_.name, typed->password());
    fresh.check();
    if (typed != nullptr && in_keyring_)
      credentials::keep_in_keyring(
          {.account = account_.name, .user = account_.user, .host = account_.server.host}, typed->password(),
          *invocation_.cancel);
    try {
      fresh.publish();
    } catch (...) {
      published_ = fresh.is_published();
      throw;
    }
    published_ = true;
  }

  std::string json() const {
    Node object{.form = Node::Form::object};
    object.add("event", Node::of(invocation_.print_only ? "found" : "added"))
        .add("account", Node::of(account_.name))
        .add("server", Node::of(server_.url))
        .add("user", Node::of(server_.user))
        .add("file", Node::of(file_.native()));
    if (!invocation_.print_only)
      object.add("messages", Node::of_number(waiting_.messages))
          .add("bytes", Node::of_number(waiting_.bytes));
    else
      object.add("profile", NewProfiles(unaltered_, {{account_.name, profile()}}).fitted().front().second);
    return account::write(object, account::Layout::one_line);
  }

  util::Path state_file() const {
    if (known_) return known_->state_file;
    Invocation alone = unaltered_;
    alone.overrides = {{"server", server_.url}, {"user", server_.user}};
    return load_config(alone, account::Purpose::look).state_file;
  }

  const Invocation& invocation_;
  Invocation unaltered_;  ///< without the options that are for the new account
  Questions questions_;
  std::unique_ptr<report::Listener> tell_;
  util::Path file_;
  std::optional<account::Config> known_;  ///< the configuration so far
  std::string address_;
  ChosenServer server_;
  account::Account account_;
  Waiting waiting_;
  bool logged_in_ = false, published_ = false;
  bool typed_ = false;       ///< the password was typed, and has to be kept
  bool in_keyring_ = false;  ///< it is kept in the keyring, not in a file
  std::vector<std::string> places_;
  bool leaves_ = true;
};

}  // namespace

void describe_init(CLI::App& parser, Invocation& invocation) {
  parser
      .add_option_function<std::string>(
          "ADDRESS", [](const std::string&) {}, "the mail address (default: ask for it)")
      ->type_name("");
  add_profile_options(parser, invocation);
  parser.add_option("--name", invocation.name, "the name of the account (default: from the address)")
      ->type_name("ACCOUNT");
  parser.add_option("--client-id", invocation.client_id, "log in by OAuth 2 with this client id")
      ->type_name("ID");
  parser.add_flag("--ask-others", invocation.ask_others,
                  "also ask the domain that receives the mail, and a public database");
  parser.add_option("--name-server", invocation.name_server, "ask this name server for the domain's records")
      ->type_name("ADDRESS");
  parser.add_flag("--print", invocation.print_only,
                  "print what would be written, without asking or logging in");
}

int run_init(const Invocation& invocation) { return Init(invocation).run(); }

}  // namespace mailhaul::app
