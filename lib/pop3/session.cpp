// SPDX-License-Identifier: MIT
#include "pop3/session.h"

#include <algorithm>
#include <utility>

#include "net/refusal.h"
#include "pop3/exchange.h"
#include "pop3/listing.h"
#include "util/ascii.h"
#include "util/error.h"

namespace mailhaul::pop3 {

namespace {

// What ends a list that does not end by itself. A maildrop may hold a million messages, but then STAT counts
// them; a list that nothing announced must not cost much memory (some 200 bytes a line).
constexpr std::uint64_t max_list_lines = 2'000'000;
constexpr std::uint64_t unannounced_list_lines = 100'000;
constexpr std::uint64_t max_capability_lines = 1'000;  // the longest real answers have some twenty
constexpr std::uint64_t bytes_per_line = 64;           // on average: RFC 1939 allows UIDLs of 70

[[noreturn]] void throw_misuse(const std::string& sentence) {
  throw util::Error(util::Kind::internal, sentence);
}

net::RefusedError refusal(const std::string& command, const std::string& words) {
  auto meant = net::understand(words, util::Kind::protocol);
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
  }

  void decide_on_pipelining() { exchange.allow_pipelining(options.may_pipeline && capabilities.pipelining); }
  void read_capabilities();
  std::uint64_t most_lines() const;
  template <typename Take>
  void read_list(std::uint64_t most_lines, Take take);
  void read_stat();
  void read_sizes(ListingBuilder& listing);
  void read_uidls(ListingBuilder& listing);
  void read_removals();
  void read_quit();
  void drop_rest();

  SessionOptions options;
  Capabilities capabilities;
  bool capabilities_are_current = false;  ///< asked for after login
  Exchange exchange;
  std::optional<std::uint64_t> stat_count;
  std::optional<net::RefusedError> listing_refused;
  std::uint32_t malformed_lines = 0;
  std::size_t owed = 0;
  Message message;
  RemovalResult removal;
};

std::uint64_t Session::State::most_lines() const {
  const auto announced = std::min(stat_count.value_or(0), max_list_lines);
  return std::clamp(announced * 2, unannounced_list_lines, max_list_lines);
}

template <typename Take>
void Session::State::read_list(std::uint64_t most_lines, Take take) {
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  while (const auto line = exchange.line()) {
    bytes += line->size();
    if (++lines > most_lines || bytes > most_lines * bytes_per_line) {
      exchange.fail({util::Kind::protocol,
                     "the server's list has no end: more than " + std::to_string(lines - 1) + " lines"});
    }
    take(*line);
  }
}

void Session::State::read_capabilities() {
  capabilities_are_current = true;
  if (exchange.answer().ok) {
    std::vector<std::string> lines;
    read_list(max_capability_lines, [&](std::string_view line) { lines.emplace_back(line); });
    capabilities = parse_capabilities(lines);
  } else if (options.capabilities.empty()) {
    // A server from before RFC 2449 says nothing of itself: what it can do shows when it is tried.
    capabilities.uidl = capabilities.top = true;
  }
  decide_on_pipelining();
}

void Session::State::read_stat() {
  const bool ok = exchange.answer().ok;
  const auto& words = exchange.last_words();
  stat_count = ok ? util::parse_number(words.substr(0, words.find(' '))) : std::nullopt;
}

void Session::State::read_sizes(ListingBuilder& listing) {
  if (exchange.answer().ok) {
    read_list(most_lines(), [&](std::string_view line) { listing.add_list_line(line); });
  } else if (stat_count != 0U) {
    // Some servers have no list of nothing; where there is mail, a refused LIST must not look like an empty
    // maildrop.
    listing_refused = refusal("LIST", exchange.last_words());
  }
}

void Session::State::read_uidls(ListingBuilder& listing) {
  capabilities.uidl = exchange.answer().ok;
  if (capabilities.uidl) {
    read_list(most_lines(), [&](std::string_view line) { listing.add_uidl_line(line); });
    return;
  }
  // A passing trouble is no lack of UIDL: the whole maildrop would be looked at again.
  const auto refused = refusal("UIDL", exchange.last_words());
  if (refused.kind() == util::Kind::temporary) listing_refused = refused;
}

// The answers to DELE stand between those to RETR.
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
    if (!removal.committed) removal.quit_answer = exchange.last_words();
  } catch (const util::Error& error) {
    // Whether it removed anything is unknown, and the next session will see: an outcome, not a failure.
    if (error.kind() != util::Kind::temporary) throw;
    removal.quit_answer = std::string("no answer: ") + error.what();
  }
}

void Session::State::drop_rest() {
  while (message.read()) {
  }
}

Session::Session(net::Stream& stream, SessionOptions options)
    : state_(std::make_unique<State>(stream, std::move(options))) {
  if (state_->capabilities.pipelining) return;  // then CAPA travels with the listing, and costs nothing
  state_->exchange.queue({.verb = Verb::capa});
  state_->read_capabilities();
}

Session::~Session() = default;

const Capabilities& Session::capabilities() const noexcept { return state_->capabilities; }
bool Session::pipelining() const noexcept { return state_->exchange.pipelining(); }
std::uint32_t Session::malformed_lines() const noexcept { return state_->malformed_lines; }
std::size_t Session::owed() const noexcept { return state_->owed; }
const Doubt& Session::doubt() const noexcept { return state_->exchange.doubt(); }
const std::string& Session::last_status() const noexcept { return state_->exchange.last_words(); }

std::vector<Listed> Session::listing() {
  auto& s = *state_;
  if (s.owed != 0) throw_misuse("a listing is asked for while messages are owed");
  s.drop_rest();
  s.read_removals();
  const bool with_capabilities = !s.capabilities_are_current;
  if (with_capabilities) s.exchange.queue({.verb = Verb::capa});
  for (const auto verb : {Verb::stat, Verb::list, Verb::uidl}) s.exchange.queue({.verb = verb});
  if (with_capabilities) s.read_capabilities();
  ListingBuilder listing;
  s.listing_refused.reset();
  s.read_stat();
  s.read_sizes(listing);
  s.read_uidls(listing);
  s.malformed_lines = listing.malformed_lines();
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
  state_->exchange.want({.verb = Verb::noop});
  ++state_->owed;
}

std::size_t Session::withdraw() {
  const auto count = state_->exchange.withdraw();
  state_->owed -= count;
  return count;
}

Message& Session::next() {
  auto& s = *state_;
  if (s.owed == 0) throw_misuse("a message is awaited that nobody wanted");
  s.drop_rest();
  s.read_removals();
  const auto [command, ok] = s.exchange.answer();
  --s.owed;
  s.message.session_ = this;
  s.message.wanted_ = {command.number, command.bytes, command.verb == Verb::top};
  s.message.refused_.reset();
  if (!ok) s.message.refused_ = s.exchange.last_words();
  s.message.done_ = !ok || command.verb == Verb::noop;
  return s.message;
}

void Session::remove(std::uint32_t number) { state_->exchange.queue({.verb = Verb::dele, .number = number}); }

RemovalResult Session::finish(bool then_quit) {
  auto& s = *state_;
  if (s.owed != 0) throw_misuse("the session is to be finished while messages are owed");
  s.drop_rest();
  if (then_quit) s.exchange.queue({.verb = Verb::quit});
  s.read_removals();
  if (then_quit) s.read_quit();
  return std::exchange(s.removal, {});
}

std::optional<std::string_view> Message::read() {
  if (done_) return std::nullopt;
  const auto piece = session_->state_->exchange.piece();
  done_ = !piece;
  return piece;
}

}  // namespace mailhaul::pop3
