// SPDX-License-Identifier: MIT
#include "pop3/session.h"

#include <algorithm>
#include <utility>

#include "net/refusal.h"
#include "pop3/exchange.h"
#include "pop3/listing.h"
#include "util/ascii.h"
#include "util/error.h"
#include "util/units.h"

namespace mailhaul::pop3 {

namespace {

/// "+OK 3 2048" (RFC 1939 section 5).
bool is_drop_listing(bool ok, std::string_view words) {
  const auto count_end = std::min(words.find(' '), words.size());
  const auto size = words.substr(std::min(count_end + 1, words.size()));
  return ok && util::parse_number(words.substr(0, count_end)) &&
         util::parse_number(size.substr(0, size.find(' ')));
}

// The limits of a list that does not end by itself. A maildrop may hold a million messages, but then STAT
// counts them; a list that nothing announced must not take much memory (some 200 bytes a line).
constexpr std::uint64_t max_list_lines = 2'000'000;
constexpr std::uint64_t unannounced_list_lines = 100'000;
constexpr std::uint64_t max_capability_lines = 1'000;  // the longest real answers have about twenty
constexpr std::uint64_t max_capability_bytes = std::uint64_t{1024} * 1024;  // the same as before the login
constexpr std::uint64_t bytes_per_line = 64;  // on average: RFC 1939 section 7 allows 70 for a UID

[[noreturn]] void throw_misuse(const std::string& sentence) {
  throw util::Error(util::Kind::internal, sentence);
}

net::RefusedError refusal(const std::string& command, const std::string& words) {
  auto meant = net::understand(words, util::Kind::temporary);
  const util::Error error(meant.kind, "the server refused " + command + ": -ERR " + words, meant.hint);
  return {error, std::move(meant)};
}

}  // namespace

struct Session::State {
  State(net::Stream& stream, SessionOptions given)
      : options(std::move(given)),
        capabilities(parse_capabilities(options.capabilities)),
        exchange(stream, options) {
    decide_on_pipelining();
    if (!options.may_ask_capabilities) assume_old_server();
  }

  void assume_old_server();
  void decide_on_pipelining() { exchange.allow_pipelining(options.may_pipeline && capabilities.pipelining); }
  void read_capabilities();
  std::uint64_t most_lines() const;
  struct Limit {
    std::uint64_t lines, bytes;
  };
  Limit limit_of_list() const {
    const auto lines = most_lines();
    return {.lines = lines, .bytes = lines * bytes_per_line};
  }
  template <typename Take>
  void read_list(const Limit& most, Take take);
  void read_stat();
  void read_sizes(ListingBuilder& listing);
  void read_uidls(ListingBuilder& listing);
  void keep_faults(const ListingFaults& found);
  void require_sense(const ListingBuilder& listing);
  void read_removals();
  void read_quit();
  void drop_rest();

  SessionOptions options;
  Capabilities capabilities;
  bool capabilities_are_current = false;  ///< CAPA need not be asked again
  Exchange exchange;
  std::optional<std::uint64_t> stat_count;
  bool stat_is_proper = false;  ///< the answer to STAT has the form that RFC 1939 section 5 demands
  std::optional<net::RefusedError> listing_refused;
  ListingFaults faults;
  std::size_t owed = 0;
  Message message;
  RemovalResult removal;
};

std::uint64_t Session::State::most_lines() const {
  const auto announced = std::min(stat_count.value_or(0), max_list_lines);
  return std::clamp(announced * 2, unannounced_list_lines, max_list_lines);
}

template <typename Take>
void Session::State::read_list(const Limit& most, Take take) {
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  while (const auto line = exchange.line()) {
    bytes += line->size();
    if (++lines > most.lines || bytes > most.bytes) {
      exchange.fail({util::Kind::protocol, "the server's list is too long: it has not ended after " +
                                               util::counted(lines, "line") + " with " +
                                               util::counted(bytes, "byte")});
    }
    take(*line);
  }
}

/// A server from before RFC 2449 announces nothing: its commands have to be tried.
void Session::State::assume_old_server() {
  capabilities_are_current = true;
  capabilities.uidl = capabilities.top = true;
}

void Session::State::read_capabilities() {
  capabilities_are_current = true;
  if (exchange.answer().ok) {
    std::vector<std::string> lines;
    read_list({.lines = max_capability_lines, .bytes = max_capability_bytes},
              [&](std::string_view line) { lines.emplace_back(line); });
    capabilities = parse_capabilities(lines);
  } else if (options.capabilities.empty()) {
    assume_old_server();
  }
  decide_on_pipelining();
}

void Session::State::read_stat() {
  const bool ok = exchange.answer().ok;
  const auto& values = exchange.last_values();
  if (!ok) {  // only a limit ends the listing: after any other refusal, LIST and UIDL may still work
    const auto refused = refusal("STAT", exchange.last_words());
    if (refused.refusal().reason == net::Reason::limit) listing_refused = refused;
  }
  stat_count = ok ? util::parse_number(values.substr(0, values.find(' '))) : std::nullopt;
  stat_is_proper = is_drop_listing(ok, values);
}

void Session::State::read_sizes(ListingBuilder& listing) {
  if (exchange.answer().ok) {
    listing.expect(stat_count.value_or(0));
    read_list(limit_of_list(), [&](std::string_view line) { listing.add_list_line(line); });
  } else if (stat_count != 0U) {
    // Some servers refuse LIST if the maildrop is empty. If there is mail, a refused LIST must not look like
    // an empty maildrop.
    listing_refused = refusal("LIST", exchange.last_words());
  }
}

void Session::State::read_uidls(ListingBuilder& listing) {
  capabilities.uidl = exchange.answer().ok;
  if (capabilities.uidl) {
    read_list(limit_of_list(), [&](std::string_view line) { listing.add_uidl_line(line); });
    return;
  }
  faults.uidl_refusal = exchange.last_words();
  // Temporary trouble must not count as a server without UIDL: the whole maildrop would be read again.
  const auto refused = refusal("UIDL", exchange.last_words());
  const bool understood = refused.refusal().reason != net::Reason::unknown;
  if (understood && refused.kind() == util::Kind::temporary) listing_refused = refused;
}

void Session::State::keep_faults(const ListingFaults& found) {
  auto refusal_of_uidl = std::move(faults.uidl_refusal);
  faults = found;
  faults.uidl_refusal = std::move(refusal_of_uidl);
  faults.first_malformed_line = exchange.shown(found.first_malformed_line);
}

/// If STAT counts or UIDL names mail that LIST leaves out, this must not look as if all mail had been
/// fetched. STAT is asked first, and no message leaves a maildrop during a session (RFC 1939 section 4), so
/// that LIST may have more messages than STAT, but not fewer. What is listed is fetched all the same, and
/// proven like any message: otherwise nothing could be fetched from a server that always miscounts.
void Session::State::require_sense(const ListingBuilder& listing) {
  if (listing_refused) return;
  // If LIST has all messages that STAT counts, those that UIDL names after its last one have arrived since.
  const bool counts_no_more = stat_count && *stat_count <= listing.size();
  const bool malformed = listing.empty() ? faults.malformed_lines != 0 : listing.has_nonsense();
  const bool may_have_more = counts_no_more ? malformed && listing.names_unlisted()
                                            : stat_count || malformed || listing.names_unlisted();
  if (!may_have_more && !listing.names_left_out()) return;
  const std::string lists = listing.empty() ? "no message" : util::counted(listing.size(), "message");
  const std::string lists_in_short = listing.empty() ? "none" : std::to_string(listing.size());
  const std::string why = malformed ? "the server's listing has a malformed line: \"" +
                                          faults.first_malformed_line + "\" (answer to " +
                                          (listing.has_nonsense() ? "LIST)" : "UIDL)")
                          : stat_count && !counts_no_more
                              ? "the server counts " + util::counted(*stat_count, "message") + " and lists " +
                                    lists_in_short + " (answers to STAT and LIST)"
                              : "the server lists " + lists + ", although UIDL names " +
                                    (listing.empty() ? "some" : "others") + " (answers to LIST and UIDL)";
  if (listing.empty())
    throw util::Error(util::Kind::protocol, why,
                      "nothing was fetched or removed; tell the server's administrator");
  faults.may_be_incomplete = true;
  faults.contradiction = why;
}

/// The answers to DELE come between those to RETR.
void Session::State::read_removals() {
  while (exchange.upcoming() != nullptr && exchange.upcoming()->verb == Verb::dele) {
    const auto answer = exchange.answer();
    if (answer.ok) {
      removal.accepted.push_back(answer.command.number);
    } else {
      removal.refused.emplace_back(answer.command.number, exchange.last_words());
    }
  }
}

void Session::State::read_quit() {
  try {
    removal.committed = exchange.answer().ok;
    removal.quit_refused = !removal.committed;
    if (removal.quit_refused) removal.quit_answer = exchange.last_words();
  } catch (const util::Error& error) {
    // Whether the server removed anything is not known, but the next session sees it: this is no failure.
    if (error.kind() != util::Kind::temporary) throw;
    removal.quit_answer = error.what();
  }
}

void Session::State::drop_rest() {
  while (message.read()) {
  }
}

Session::Session(net::Stream& stream, SessionOptions options)
    : state_(std::make_unique<State>(stream, std::move(options))) {}

Session::~Session() = default;

const Capabilities& Session::capabilities() const noexcept { return state_->capabilities; }
bool Session::pipelining() const noexcept { return state_->exchange.pipelining(); }
const ListingFaults& Session::listing_faults() const noexcept { return state_->faults; }
std::size_t Session::owed() const noexcept { return state_->owed; }
const Doubt& Session::doubt() const noexcept { return state_->exchange.doubt(); }
Awaited Session::awaited() const noexcept {
  const Command* command = state_->exchange.blamed();
  if (command == nullptr) return {};
  switch (command->verb) {
    case Verb::capa:
      return {.what = Awaited::What::capabilities};
    case Verb::retr:
    case Verb::top:
      return {.what = Awaited::What::message, .number = command->number};
    case Verb::dele:
      return {.what = Awaited::What::removal, .number = command->number};
    case Verb::stat:
    case Verb::list:
    case Verb::uidl:
    case Verb::noop:
    case Verb::count:
    case Verb::quit:
      break;
  }
  return {};
}

std::vector<Listed> Session::listing() {
  auto& s = *state_;
  if (s.owed != 0) throw_misuse("a listing was asked for while messages were owed");
  s.drop_rest();
  s.read_removals();
  const bool with_capabilities = !s.capabilities_are_current;
  if (with_capabilities) s.exchange.queue({.verb = Verb::capa});
  for (const auto verb : {Verb::stat, Verb::list, Verb::uidl}) s.exchange.queue({.verb = verb});
  if (with_capabilities) s.read_capabilities();
  ListingBuilder listing;
  s.listing_refused.reset();
  s.faults = {};
  s.read_stat();
  s.read_sizes(listing);
  s.read_uidls(listing);
  s.keep_faults(listing.faults());
  s.require_sense(listing);
  if (s.listing_refused) throw net::RefusedError(*s.listing_refused);
  return listing.take();
}

void Session::want(Wanted wanted) {
  const auto verb = wanted.header_only ? Verb::top : Verb::retr;
  state_->exchange.want({.verb = verb, .number = wanted.number, .bytes = wanted.bytes});
  ++state_->owed;
}

void Session::one_by_one() noexcept { state_->exchange.allow_pipelining(false); }

void Session::want_proof() {
  // A server that sent faulty lines in its listing may also send a faulty answer to this STAT.
  const bool counts = state_->stat_is_proper && state_->faults.malformed_lines == 0;
  state_->exchange.want({.verb = counts ? Verb::count : Verb::noop});
  ++state_->owed;
}

std::size_t Session::withdraw() {
  const auto count = state_->exchange.withdraw();
  state_->owed -= count;
  return count;
}

Message& Session::next() {
  auto& s = *state_;
  if (s.owed == 0) throw_misuse("a message was awaited that nobody had asked for");
  s.drop_rest();
  s.read_removals();
  const auto [command, ok] = s.exchange.answer();
  --s.owed;
  s.message.session_ = this;
  s.message.wanted_ = {command.number, command.bytes, command.verb == Verb::top};
  s.message.refused_.reset();
  if (!ok) s.message.refused_ = s.exchange.last_words();
  s.message.done_ = !ok || command.verb == Verb::noop || command.verb == Verb::count;
  // If the message before seemed to end too early, this answer is really one of its lines. Such a line may
  // begin with +OK or -ERR, but hardly looks like an answer to STAT.
  if (command.verb == Verb::count && !is_drop_listing(ok, s.exchange.last_values())) {
    const auto refused = refusal("STAT", s.exchange.last_words());
    if (!ok && refused.refusal().reason == net::Reason::limit) throw net::RefusedError(refused);
    s.exchange.disown_answer();
  }
  return s.message;
}

void Session::remove(std::uint32_t number) { state_->exchange.queue({.verb = Verb::dele, .number = number}); }

RemovalResult Session::quit() {
  if (owed() != 0) throw_misuse("the session was to be finished while messages were owed");
  state_->drop_rest();
  state_->exchange.queue({.verb = Verb::quit});
  state_->read_removals();
  state_->read_quit();
  return std::move(state_->removal);
}

std::optional<std::string_view> Message::read() {
  if (done_) return std::nullopt;
  const auto piece = session_->state_->exchange.piece();
  done_ = !piece;
  return piece;
}

}  // namespace mailhaul::pop3
