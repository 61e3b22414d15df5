// SPDX-License-Identifier: MIT
// What can be checked of an account at its server.
#include <netdb.h>

#include <algorithm>
#include <ctime>
#include <optional>

#include "net/lookup.h"
#include "pop3/session.h"
#include "setup/doctor.h"
#include "setup/providers.h"
#include "util/ascii.h"
#include "util/escape.h"
#include "util/join.h"
#include "util/units.h"

namespace mailhaul::setup {
namespace {

using util::Error;
using util::Kind;

constexpr std::size_t largest_header = 65536;

/// When the server received a message, by the first of its Received fields (RFC 5321 section 4.4).
std::optional<std::chrono::sys_seconds> received_at(std::string_view header) {
  constexpr std::string_view name = "received:";
  if (!util::equal_nocase(header.substr(0, name.size()), name)) {
    const auto at = util::lower(header).find("\nreceived:");
    if (at == std::string::npos) return std::nullopt;
    header.remove_prefix(at + 1);
  }
  auto end = header.find('\n');  // the field ends where the next line does not begin with a blank
  while (end + 1 < header.size() && (header[end + 1] == ' ' || header[end + 1] == '\t'))
    end = header.find('\n', end + 1);
  const auto field = header.substr(0, end);
  const auto semicolon = field.rfind(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  std::string date(field.substr(semicolon + 1));
  std::ranges::replace_if(
      date, [](char c) { return c == '\r' || c == '\n'; }, ' ');
  std::tm parts{};
  for (const char* form : {" %a, %d %b %Y %H:%M:%S %z", " %d %b %Y %H:%M:%S %z"})
    if (::strptime(date.c_str(), form, &parts) != nullptr) {
      const auto offset = parts.tm_gmtoff;
      return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts) - offset));
    }
  return std::nullopt;
}

/// The checks of one account, in their order.
class OnlineChecks {
 public:
  OnlineChecks(const account::Account& account, const DoctorOutside& outside, const TellFinding& tell)
      : account_(account), outside_(outside), tell_(tell) {}

  void run() {
    if (!names_host() || !looks_up() || !answers()) return;
    logs_in();
  }

 private:
  void ok(std::string check, std::string sentence) const {
    tell_({.account = account_.name, .check = std::move(check), .sentence = std::move(sentence)});
  }
  void warn(std::string check, std::string sentence, std::string advice) const {
    tell_({.grade = Grade::warning,
           .account = account_.name,
           .check = std::move(check),
           .sentence = std::move(sentence),
           .advice = std::move(advice)});
  }
  /// The advice for an error that has no hint of its own.
  static std::string usual_cure(Kind kind) {
    using enum Kind;
    switch (kind) {
      case temporary:
        return "try again later; if it persists, ask the provider and quote the server's words";
      case protocol:
        return "mailhaul fetch -vv shows all lines of the session: send them to the server's administrator";
      case login:
        return "check user and password at the provider's web page, and whether POP3 is switched on there";
      case unavailable:
        return "ask the server's administrator, and quote the words above";
      case config:
      case no_config:
      case usage:
        return "correct the account in the configuration file";
      case no_host:
        return "check the name in \"server\"";
      case content:
      case internal:
      case os:
      case cannot_create:
      case storage:
      case cancelled:
        break;
    }
    return "mailhaul fetch -vv shows where it happens";
  }

  void fault(std::string check, const Error& error) const {
    auto finding = fault_of(std::move(check), error);
    finding.account = account_.name;
    if (finding.advice.empty()) finding.advice = usual_cure(error.kind());
    tell_(finding);
  }

  /// False if a program, a socket or a proxy makes the connection, so that no name is looked up here.
  bool looks_up_here() const { return account_.server.crosses_network() && account_.server.proxy.empty(); }

  bool names_host() const {
    const auto* const provider = provider_of_server(account_.server.host);
    if (provider == nullptr || !provider->host.empty() || provider->may_tell_server) return true;
    fault("server", Error(Kind::config, std::string(provider->name) + " has no POP3 server",
                          std::string(provider->note)));
    return false;
  }

  bool looks_up() const {
    if (!looks_up_here()) return true;
    const auto family = account_.server.family;
    const auto found = net::look_up(account_.server.host, family);
    if (found.result != 0) {
      fault("look-up", not_found(found.result));
      return false;
    }
    const auto v6 = std::ranges::count_if(
        found.addresses, [](const auto& address) { return address.find(':') != std::string::npos; });
    const auto v4 = std::ssize(found.addresses) - v6;
    std::string numbers;
    if (family != net::Family::ipv6) numbers = std::to_string(v4) + " of IPv4";
    if (family == net::Family::any) numbers += ", ";
    if (family != net::Family::ipv4) numbers += std::to_string(v6) + " of IPv6";
    ok("look-up", account_.server.host + " has addresses: " + numbers);
    return true;
  }

  Error not_found(int result) const {
    const auto& host = account_.server.host;
    const auto family = account_.server.family;
    if (family != net::Family::any && net::look_up(host, net::Family::any).result == 0)
      return {Kind::no_host,
              "the host " + host + " has no " + (family == net::Family::ipv4 ? "IPv4" : "IPv6") + " address",
              "remove \"address_family\", or set it to \"any\""};
    const bool missing = result == EAI_NONAME || result == EAI_NODATA;
    const auto hint = advise(account_.server, {.user = account_.user, .secret = {}}).server;
    return {missing ? Kind::no_host : Kind::temporary,
            (missing ? "there is no host " : "cannot look up ") + host + ": " + ::gai_strerror(result),
            !hint.empty() ? hint
            : missing     ? "check the name in \"server\""
                          : "check that the network is up, and /etc/resolv.conf"};
  }

  static std::string check_of(const Error& error, bool greeted) {
    if (error.kind() == Kind::unavailable) return "TLS";
    return greeted ? "greeting" : "connection";
  }

  bool answers() {
    const net::Login nobody{.user = account_.user, .secret = {}, .auth = account_.auth};
    bool greeted = false;
    const net::Trace listen = [&](char direction, std::string_view /*line*/) {
      greeted = greeted || direction == '<';
    };
    try {
      const auto facts = net::look_at_server({.endpoint = account_.server,
                                              .login = nobody,
                                              .remembered_method = {},
                                              .cancel = *outside_.cancel,
                                              .trace = listen,
                                              .advise = advise});
      report_on(facts);
      return true;
    } catch (const Error& error) {
      if (error.kind() == Kind::cancelled) throw;
      fault(check_of(error, greeted), error);
      return false;
    }
  }

  void report_on(const net::ServerFacts& facts) const {
    const auto& server = account_.server;
    ok("connection", server.host + ":" + std::to_string(server.effective_port()) + " answers");
    report_on_tls(facts);
    ok("greeting", facts.greeting);
    report_on_capabilities(facts.capabilities);
  }

  void report_on_tls(const net::ServerFacts& facts) const {
    if (account_.server.tls == net::Tls::none) {
      const bool here = account::mailbox_of(account_).port != 0 || !account_.server.crosses_network();
      if (!here)
        warn("TLS", "the password and all mail cross the network in clear text",
             "remove \"tls\": \"none\"; most servers offer TLS today");
      return;
    }
    const auto until = facts.certificate_until;
    if (!until) return ok("TLS", "the certificate is trusted");
    const auto day = outside_.local_time(*until);
    if (*until - outside_.now > net::certificate_notice)
      return ok("TLS", "the certificate is trusted, until " + day);
    warn("TLS", "the certificate of the server expires on " + day,
         "the server's administrator must renew it by then, or logins fail");
  }

  void report_on_capabilities(const std::vector<std::string>& lines) const {
    if (lines.empty())
      return warn("capabilities", "the server does not say what it can do (CAPA)",
                  "nothing to do: mailhaul tries what it needs");
    const auto all = util::joined(lines, [](const std::string& line) { return util::escape(line); });
    const auto expire = pop3::parse_capabilities(lines).expire_days;
    if (!expire) return ok("capabilities", all);
    if (*expire == 0)
      return warn("capabilities", "EXPIRE 0: the server may remove a message as soon as it was read",
                  "\"leave_on_server\" cannot keep mail there");
    warn("capabilities",
         "EXPIRE " + std::to_string(*expire) + ": the server removes mail by itself after " +
             util::counted(static_cast<std::uint64_t>(*expire), "day"),
         "fetch more often than that");
  }

  void logs_in() const {
    const auto method = [](const net::LoggedIn& opened) {
      return opened.login_method.empty() ? std::string() : " by " + opened.login_method;
    };
    try {
      auto opened = outside_.log_in(account_);
      ok("login", "logged in as " + util::escape(account_.user) + method(opened));
      report_on_delay(opened.capabilities);
      lists(opened);
    } catch (const Error& error) {
      if (error.kind() == Kind::cancelled) throw;
      fault("login", error);
    }
  }

  void report_on_delay(const std::vector<std::string>& capabilities) const {
    if (const auto delay = net::login_delay(capabilities))
      ok("login delay", "the server wants " + util::format_duration(*delay) + " between two logins");
  }

  void lists(net::LoggedIn& opened) const {
    try {
      pop3::Session session(*opened.stream, {.capabilities = opened.capabilities,
                                             .may_ask_capabilities = opened.answers_capa,
                                             .redact = [&opened](std::string_view words) {
                                               return opened.redactor.text(words);
                                             }});
      const auto listed = session.listing();
      report_on(listed, session.listing_faults());
      if (session.capabilities().top && !listed.empty()) compares_clocks(session, listed);
      if (session.capabilities().expire_days != 0) session.quit();
    } catch (const Error& error) {
      if (error.kind() == Kind::cancelled) throw;
      fault("listing", error);
    }
  }

  void report_on(const std::vector<pop3::Listed>& listed, const pop3::ListingFaults& faults) const {
    const auto messages = util::counted(listed.size(), "message");
    if (!faults.contradiction.empty())
      return fault("listing",
                   Error(Kind::protocol, faults.contradiction,
                         "what is listed is fetched; tell the server's administrator about the rest"));
    if (faults.uidl_refusal)
      return warn("listing", messages + ", but the server has no UIDL: " + *faults.uidl_refusal,
                  "mailhaul tells messages apart by their headers, which takes longer");
    if (faults.malformed_lines > 0)
      return warn("listing",
                  messages + ", and " + util::counted(faults.malformed_lines, "malformed line") + ": " +
                      faults.first_malformed_line,
                  "tell the server's administrator; the other messages are fetched");
    ok("listing", messages);
  }

  /// Warns if the newest message came later than now by this machine's clock.
  void compares_clocks(pop3::Session& session, const std::vector<pop3::Listed>& listed) const {
    const auto newest = std::ranges::max(listed, {}, &pop3::Listed::number);
    session.want({.number = newest.number, .bytes = 0, .header_only = true});
    auto& message = session.next();
    if (message.refused()) return;
    std::string header;
    while (const auto piece = message.read())
      header.append(piece->substr(0, largest_header - std::min(largest_header, header.size())));
    const auto received = received_at(header);
    if (!received || *received <= outside_.now + std::chrono::hours(1)) return;
    warn("clock",
         "by the server's clock, the newest message came at " + outside_.local_time(*received) +
             ", but this machine's clock says " + outside_.local_time(outside_.now),
         "set this machine's clock; certificates and \"delete_after\" depend on it");
  }

  const account::Account& account_;
  const DoctorOutside& outside_;
  const TellFinding& tell_;
};

}  // namespace

void check_online(const account::Account& account, const DoctorOutside& outside, const TellFinding& tell) {
  OnlineChecks(account, outside, tell).run();
}

}  // namespace mailhaul::setup
