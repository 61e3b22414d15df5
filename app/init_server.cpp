// SPDX-License-Identifier: MIT
#include "app/init_server.h"

#include <algorithm>

#include "account/config.h"
#include "account/document.h"
#include "app/config_files.h"
#include "app/output.h"
#include "app/report_errors.h"
#include "net/https_request.h"
#include "setup/host_names.h"
#include "util/error.h"
#include "util/join.h"
#include "util/shell.h"

namespace mailhaul::app {
namespace {

using account::Node;
using setup::FoundServer;
using util::Error;
using util::Kind;

/// The functions that discovery uses. HTTPS requests use the proxy and the certificate authorities that the
/// options name.
class DiscoveryFunctions {
 public:
  DiscoveryFunctions(const Invocation& invocation, const Questions& questions, const std::string& address)
      : invocation_(invocation),
        questions_(questions),
        domain_(setup::domain_of(address)),
        way_(account_at(invocation, "pop3://pop.example.org", address).server) {}

  setup::DiscoveryOutside as_outside() const {
    setup::DiscoveryOutside outside{
        .ask_pages = [this](const auto& urls) { return ask_pages(urls); },
        .ask_dns = {},
        .tell = [this](const auto& asked, const auto& outcome) { tell(asked, outcome); },
        .allows = [this](const auto& hosts) { return allows(hosts); }};
    // A proxy looks names up itself, and users of a proxy may not want anybody else to see these names.
    if (way_.proxy.empty() || !invocation_.name_server.empty())
      outside.ask_dns = [this](const auto& questions) {
        return net::ask_dns(questions,
                            {.name_server = invocation_.name_server, .limit = setup::discovery_limit},
                            *invocation_.cancel);
      };
    return outside;
  }

 private:
  std::vector<net::HttpsOutcome> ask_pages(const std::vector<std::string>& urls) const {
    std::vector<net::HttpsRequest> requests;
    for (const auto& url : urls)
      requests.push_back({.url = url,
                          .body = {},
                          .ca_file = way_.ca_file,
                          .proxy = way_.proxy,
                          .limit = setup::discovery_limit,
                          .largest = setup::largest_announcement,
                          .accept = "text/xml, application/xml, application/json"});
    return net::ask_https_together(requests, *invocation_.cancel);
  }

  void tell(const std::string& asked, const std::string& outcome) const {
    if (!invocation_.json) return say(invocation_, "  " + asked + ": " + outcome + "\n");
    Node object{.form = Node::Form::object};
    object.add("event", Node::of("asked")).add("who", Node::of(asked)).add("outcome", Node::of(outcome));
    print(account::write(object, account::Layout::one_line));
  }

  bool allows(const std::vector<std::string>& hosts) const {
    if (invocation_.ask_others || !questions_.can_ask()) return invocation_.ask_others;
    return questions_.agrees("May third parties be asked? They learn the domain " + domain_ + ": " +
                                 util::joined(hosts) + " [y/N] ",
                             "no");
  }

  const Invocation& invocation_;
  const Questions& questions_;
  std::string domain_;
  net::Endpoint way_;
};

ChosenServer chosen(const Invocation& invocation, const FoundServer& found) {
  const auto user = option_of(invocation, "user");
  return {.url = setup::url_of(found.at),
          .user = user.empty() ? found.at.user : user,
          .provider = found.provider,
          .takes_password = found.at.takes_password};
}

/// The server that --server names. The form of the option is not checked here, but later.
ChosenServer server_of_option(const Invocation& invocation, const std::string& address) {
  const auto url = option_of(invocation, "server");
  const auto named = setup::server_named(url, address);
  ChosenServer server{.url = url, .user = address};
  if (named) server = chosen(invocation, *named);
  server.url = url;
  if (const auto user = option_of(invocation, "user"); !user.empty()) server.user = user;
  return server;
}

ChosenServer ask_for_server(const Invocation& invocation, const Questions& questions,
                            const std::string& address) {
  for (;;) {
    const auto answer =
        questions.ask("The POP3 server, as your provider names it (for example pop.example.org): ");
    if (const auto named = setup::server_named(answer, address)) return chosen(invocation, *named);
  }
}

[[noreturn]] void refuse_unconfirmed(const FoundServer& found, const std::string& address) {
  throw Error(Kind::usage,
              setup::url_of(found.at) + " was found for " + safe(address) + ", but it has not been confirmed",
              "if it is right, add --server " + setup::url_of(found.at) + " --user " +
                  util::shell_word(safe(found.at.user)));
}

/// Shows the domain of the host, and asks whether it is right.
ChosenServer confirm(const Invocation& invocation, const Questions& questions, const FoundServer& found,
                     const std::string& address) {
  const auto domain = setup::domain_of(address);
  const auto& host = found.at.host;
  const bool is_own = host == domain || host.ends_with("." + domain);
  const auto place = is_own ? "your own domain, " + domain : "another domain, " + setup::base_domain(host);
  for (;;) {
    const auto answer = questions.ask("The server is in " + place + ". Log in there? " +
                                          (is_own ? "[Y/n" : "[y/n") + ", or another server] ",
                                      is_own ? "yes" : "");
    if (answer == "y" || answer == "Y" || answer == "yes") return chosen(invocation, found);
    if (answer == "n" || answer == "N" || answer == "no")
      return ask_for_server(invocation, questions, address);
    if (const auto named = setup::server_named(answer, address)) return chosen(invocation, *named);
  }
}

[[noreturn]] void refuse_unfound(const Invocation& invocation, const setup::Discovery& result,
                                 const std::string& address) {
  if (result.nobody_answered)
    throw Error(Kind::temporary,
                "cannot look for the POP3 server of " + safe(address) +
                    ": no usable answer came, neither from a name server nor from a web server",
                "check that the network is up, and try again; or give the server with --server pop3s://HOST");
  throw Error(
      Kind::unavailable, "no POP3 server was found for " + safe(address),
      "check the spelling of the address; ask your provider for the server, and give it with --server "
      "pop3s://HOST" +
          std::string(invocation.ask_others ? "" : "; --ask-others also asks third parties"));
}

[[noreturn]] void refuse_without_pop3(const setup::Provider& provider) {
  const std::string name(provider.name);
  throw Error(
      Kind::unavailable,
      provider.may_tell_server ? "no POP3 server of " + name + " is known" : name + " has no POP3 server",
      std::string(provider.note));
}

}  // namespace

std::string option_of(const Invocation& invocation, std::string_view key) {
  const auto found = std::ranges::find(invocation.overrides.rbegin(), invocation.overrides.rend(), key,
                                       &account::Override::first);
  return found == invocation.overrides.rend() ? "" : found->second;
}

account::Account account_at(const Invocation& invocation, const std::string& url, const std::string& user) {
  Invocation alone = invocation;
  alone.words.clear();
  std::erase_if(alone.overrides,
                [](const auto& option) { return option.first == "server" || option.first == "user"; });
  alone.overrides.emplace_back("server", url);
  alone.overrides.emplace_back("user", user);
  return load_config(alone, account::Purpose::look).accounts.front();
}

void say(const Invocation& invocation, const std::string& text) {
  if (invocation.json || invocation.quiet) return;
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    shown += safe(std::string_view(text).substr(at, end - at)) + "\n";
    at = end + 1;
  }
  print(shown);
}

std::string choose_address(const Invocation& invocation, const Questions& questions, report::Listener& tell) {
  if (!invocation.words.empty()) return setup::address_in_dns(invocation.words.front());
  if (!questions.can_ask())
    throw Error(Kind::usage, "init: the mail address is missing",
                "write for example mailhaul init anna@example.org");
  for (;;) {
    try {
      return setup::address_in_dns(questions.ask("Your mail address: "));
    } catch (const Error& error) {
      if (error.kind() != Kind::usage) throw;
      tell_error(tell, {}, error);
    }
  }
}

ChosenServer choose_server(const Invocation& invocation, const Questions& questions,
                           const std::string& address) {
  if (!option_of(invocation, "server").empty()) return server_of_option(invocation, address);
  say(invocation, "Looking for the POP3 server of " + address + ":\n");
  const DiscoveryFunctions functions(invocation, questions, address);
  const auto result = setup::discover(address, functions.as_outside());
  if (result.without_pop3 != nullptr) refuse_without_pop3(*result.without_pop3);
  if (!result.found) {
    if (!questions.can_ask()) refuse_unfound(invocation, result, address);
    if (result.nobody_answered) say(invocation, "No usable answer came: check that the network is up.\n");
    return ask_for_server(invocation, questions, address);
  }
  const auto& found = *result.found;
  say(invocation, "Found: " + setup::url_of(found.at) + ", named by " + found.source + ".\n");
  if (!found.page.empty()) say(invocation, "How to switch POP3 on: " + found.page + "\n");
  if (found.confirmed || invocation.print_only) return chosen(invocation, found);
  if (!questions.can_ask()) refuse_unconfirmed(found, address);
  return confirm(invocation, questions, found, address);
}

void say_what_is_needed(const Invocation& invocation, const ChosenServer& server) {
  say(invocation, "The user name there is " + server.user + ".\n");
  const auto* const provider = server.provider;
  if (provider == nullptr) return;
  const std::string name(provider->name), secret(provider->get_secret);
  if (!provider->enable.empty())
    say(invocation, "Before the first login: " + std::string(provider->enable) + ".\n");
  if (provider->sign_in == setup::SignIn::app_password)
    say(invocation, name + " requires an app password, not the password of the account" +
                        (secret.empty() ? "" : ": " + secret) + ".\n");
  else if (!secret.empty())
    say(invocation, "About the password: " + secret + ".\n");
  if (!provider->note.empty()) say(invocation, "Note: " + std::string(provider->note) + ".\n");
}

}  // namespace mailhaul::app
