// SPDX-License-Identifier: MIT
#include "engine/receive.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/trace_header.h"
#include "util/units.h"

namespace mailhaul::engine {

using state::LandingState;

namespace {

/// How much is still read beyond the announced size of a message that cannot be kept: a new connection costs
/// less than waiting for an end that never comes.
constexpr std::uint64_t most_drained_bytes = std::uint64_t{64} << 20U;

}  // namespace

IncomingMessage Receiver::read(const Step& step, pop3::Message& message) {
  IncomingMessage incoming;
  try {
    open_writers(step, incoming);
  } catch (const util::Error& error) {
    incoming.failure = error;
  }
  Fingerprint fingerprint;
  std::string begin;
  while (const auto piece = message.read()) {
    fingerprint.add(*piece);
    begin += piece->substr(0, 3 - begin.size());
    run_.tell.received(run_.account.name, piece->size());
    incoming.octets = fingerprint.octets();
    // Servers that count line ends differently announce too little, so a message may exceed max_size
    // somewhat, but must not be more than twice as large.
    incoming.too_large =
        incoming.too_large || (run_.policy.max_size != 0 && incoming.octets / 2 > run_.policy.max_size);
    if (incoming.failure || incoming.too_large) {  // read to its end: the other messages follow it
      if (incoming.octets <= step.message.bytes + most_drained_bytes) continue;
      incoming.hashes = fingerprint.finish();
      give_up(step, incoming);
    }
    try {
      for (auto& copy : incoming.copies) copy.writer->append(*piece);
    } catch (const util::Error& error) {
      incoming.failure = error;
    }
  }
  run_.tell.arrived(run_.account.name);
  if (incoming.failure || incoming.too_large)
    incoming.copies.clear();  // an unfinished writer must not outlive its place
  incoming.begins_as_answer = begin == "+OK";
  incoming.has_header = fingerprint.has_header();
  incoming.has_body = fingerprint.has_body();
  incoming.hashes = fingerprint.finish();
  incoming.title = std::move(fingerprint.title());
  return incoming;
}

bool Receiver::is_incomplete(const Step& step, const IncomingMessage& incoming) {
  const auto announced = step.message.bytes;
  if (incoming.has_body || incoming.octets >= announced) return false;
  const bool is_nothing = incoming.octets == 0;
  if (!is_nothing && announced - incoming.octets <= most_missing(step, incoming)) return false;
  const auto* row = matcher_.row_of(step);
  // GNU pop3d sends only the header of a message after a TOP of the same message; the next run sends no TOP.
  if (!is_nothing && row != nullptr && row->was_taken() && row->failures == 0) {
    notes_.tell(step, Action::skip, "only its header arrived; the next run reads it whole");
    notes_.comes_last(step);
    return true;
  }
  const std::string what = is_nothing ? "the server sends none of it," : "the server sends its header only,";
  notes_.stays(step,
               {util::Kind::temporary, what + " although it announces " + util::format_size(announced),
                "nothing is lost: the next runs ask for it again, after the others"},
               is_nothing ? std::nullopt : std::optional(incoming.hashes.header));
  return true;
}

/// The smallest amount by which LIST overstates the messages of this mailbox that came whole. 0: the size of
/// one was right, or too small. Empty: none is known that came whole.
std::optional<std::uint64_t> Receiver::least_overstated() const {
  constexpr std::size_t newest = 100;
  const auto& store = settler_.store();
  const auto rows = store.rows(run_.mailbox);
  const auto summaries = rows.rows();
  std::optional<std::uint64_t> least;
  for (std::size_t i = summaries.size(); i > summaries.size() - std::min(newest, summaries.size()); --i) {
    const auto& summary = summaries[i - 1];
    if (summary.standing != state::Standing::delivered && summary.standing != state::Standing::gone) continue;
    const auto row = store.row(run_.mailbox, summary.id);
    if (!row || !row->content) continue;
    const auto received = row->received_bytes == 0 ? row->bytes : row->received_bytes;
    const auto gap = row->bytes - std::min(row->bytes, received);
    least = std::min(least.value_or(gap), gap);
  }
  return least;
}

/// How many bytes may be missing where only a header came. Some servers announce lines that they do not send,
/// such as Status and X-UID. So where sizes are known to be wrong, a header counts as the whole message if
/// nothing else came in an earlier run, under the same size, and no more bytes are missing than of other
/// messages. After ten runs, a few more may be missing, even if nothing is known about other messages.
std::uint64_t Receiver::most_missing(const Step& step, const IncomingMessage& incoming) {
  constexpr std::uint64_t everything = std::numeric_limits<std::uint64_t>::max();
  constexpr std::uint64_t digits = 4, a_line = 64, a_few_lines = 256;  // digits of a UID, for example
  constexpr std::uint64_t most_overstated = 1024;  // more cannot be a line that the server adds
  constexpr std::uint32_t many_times = 10;
  const auto& store = settler_.store();
  const auto& hashes = incoming.hashes;
  const bool by_content = step.identity.by_content;
  for (const auto& row : store.rows_with_content(run_.mailbox, hashes.content)) {
    const auto* known = matcher_.row_of(step);
    if (by_content || (known != nullptr && known->id == row.id)) return everything;  // the same came before
  }
  const bool is_first = run_.headers_alone.insert(hashes.content).second;
  if (!run_.server.sizes_are_off || !incoming.has_header || !is_first) return 0;
  std::uint32_t times = 0;
  for (const auto& row : store.rows_with_header(run_.mailbox, hashes.header, step.message.bytes)) {
    const bool same = by_content || row.uidl == step.message.uidl;
    if (same && row.standing == state::Standing::pending && !row.content)
      times = std::max(times, row.failures);
  }
  if (times == 0) return 0;
  const auto least = least_overstated();
  if (!least) return times < many_times ? 0 : a_few_lines;
  if (*least == 0 || *least > most_overstated) return 0;
  return *least + (times < many_times ? digits : a_line);
}

void Receiver::open_writers(const Step& step, IncomingMessage& incoming) {
  std::vector<state::Landing> landings;  // of the places where its delivery has begun
  if (const auto* row = matcher_.row_of(step); row != nullptr && row->has_landings) {
    landings = settler_.store().landings_of(run_.mailbox, row->id);
  }
  const auto fresh = envelope(run_.ids.next(), false);
  for (const auto& destination : run_.places.receiving()) {
    // A message that is handed over again keeps its id. Elsewhere it gets a new one, because a file with the
    // old name may exist.
    const auto tried = std::ranges::find_if(landings, [&](const auto& landing) {
      return landing.state == LandingState::tried && landing.target == destination->target();
    });
    const bool again = tried != landings.end();
    const auto with = again ? envelope(delivery::id_of({tried->target, tried->ticket}), true) : fresh;
    incoming.copies.push_back({destination.get(), destination->begin(with, step.message.bytes), again});
  }
}

delivery::Envelope Receiver::envelope(std::string id, bool may_be_repeated) const {
  delivery::Envelope envelope{.id = std::move(id), .trace_header = {}, .may_be_repeated = may_be_repeated};
  if (run_.account.trace_header) {
    envelope.trace_header =
        trace_header(run_.account, run_.environment.host, envelope.id, run_.environment.now());
  }
  return envelope;
}

/// The message has no end and cannot be kept: the others are fetched in the next session.
void Receiver::give_up(const Step& step, const IncomingMessage& incoming) {
  incoming.failure ? notes_.stays(step, *incoming.failure)
                   : notes_.too_large(step, incoming.octets, incoming.hashes.header);
  throw util::Error(util::Kind::temporary,
                    "message " + notes_.uid(step) + " does not end; the session was closed");
}

bool Receiver::drop_delivered_copies(const Step& step, IncomingMessage& incoming, const state::Row& row) {
  bool delivered_somewhere = false;
  for (const auto& landing : settler_.store().landings_of(run_.mailbox, row.id)) {
    const auto same = std::ranges::find_if(
        incoming.copies, [&](const auto& copy) { return copy.destination->target() == landing.target; });
    const bool wanted = same != incoming.copies.end();
    const bool delivered = landing.state == LandingState::delivered;
    delivered_somewhere = delivered_somewhere || delivered;
    if (delivered && wanted) {
      incoming.copies.erase(same);
    } else if (!delivered || run_.places.find(landing.target) == nullptr) {
      warn_of_copy(step, landing, wanted ? &*same : nullptr);
    }
  }
  return delivered_somewhere;
}

/// Warns the user about a landing of an earlier run when the message is delivered again. `copy`: the new copy
/// for the same place, or null.
void Receiver::warn_of_copy(const Step& step, const state::Landing& landing, IncomingMessage::Copy* copy) {
  const std::string message = "message " + notes_.uid(step);
  switch (landing.state) {
    case LandingState::intent:
      return;
    case LandingState::delivered:
      return run_.notices.warn(
          message + " was delivered to " + landing.target +
              " by a run that did not complete its delivery; the configuration now names other "
              "destinations, and the message is delivered to them as well",
          "you have it twice then: once in the old destination and once in the new", notes_.uid(step));
    case LandingState::doubt:
      return run_.notices.warn(message + " was being delivered to " + landing.target +
                                   " when a run was killed, and cannot be found there; it is delivered again",
                               "it may be there twice, if somebody has read and moved the first copy",
                               notes_.uid(step));
    case LandingState::tried:
      break;
  }
  const bool program_knows = copy != nullptr && copy->may_be_repeated;
  if (copy != nullptr) copy->may_be_repeated = true;
  const auto* row = matcher_.row_of(step);
  run_.tell.warned(
      run_.account.name,
      {.sentence = message + " was handed to " + landing.target +
                   " before, and it is not known whether it was taken; it is handed over again",
       .hint = program_knows ? "it may arrive twice there; MAILHAUL_RETRY=1 tells the program so"
                             : "it may arrive twice there",
       .uid = notes_.uid(step),
       .quiet_skips_it = row != nullptr && row->failures > 0});  // the run that failed has reported it
}

void Receiver::finish(IncomingMessage& incoming, ReceivedMessage& message) {
  try {
    for (auto& copy : incoming.copies) {
      message.copies.push_back({.destination = copy.destination,
                                .ticket = copy.writer->finish(),
                                .may_be_repeated = copy.may_be_repeated,
                                .result = {}});
    }
  } catch (const util::Error&) {
    incoming.copies.clear();
    std::vector<ReceivedMessage> part;
    part.push_back(std::move(message));
    discard(part);
    throw;
  }
}

}  // namespace mailhaul::engine
