// SPDX-License-Identifier: MIT
// Visit's other half: one message's way from the wire into a batch.
#include <algorithm>
#include <utility>

#include "engine/mailbox.h"
#include "engine/visit.h"

namespace mailhaul::engine {

using state::LandingState;
using state::Standing;

namespace {

constexpr int confirmations = 3;  // so many sizes that were only announced wrong, and the server is believed

/// What may come of a message beyond its announced size once it cannot be kept: a new connection costs less
/// than an end that never comes.
constexpr std::uint64_t most_drained_bytes = std::uint64_t{64} << 20U;

/// So many messages at most are held back; others come again. Each may hold a descriptor.
constexpr std::size_t most_held = 16;

}  // namespace

void Visit::receive(Step& step, pop3::Message& message) {
  Arrival arrival;
  try {
    open_writers(step, arrival);
  } catch (const util::Error& error) {
    arrival.failure = error;
  }
  read(step, arrival, message);
  if (arrival.failure) {
    arrival.copies.clear();  // an unfinished writer must not outlive what it writes to
    storage_failed(step, arrival, *arrival.failure);
    return;
  }
  const Print print = arrival.print.finish();
  auto known = own_row(step);
  if (known && known->content && *known->content != print.content) {
    part_with(step, std::move(*known));
    // A copy in the making bears the other message's id.
    if (std::ranges::any_of(arrival.copies, &Arrival::Copy::retry)) return ask_again(step);
    known.reset();
  }
  if (known && !known->content) known = better_known(step, print, std::move(*known));
  const bool by_name = known && step.identity.row != nullptr && known->id == step.identity.row->id;
  if (by_name) claimed_.insert(known->id);
  if (!known) known = known_by_content(step, print);
  const bool asked_again = run_.policy.fetch_all && known && !run_.delivered_now.contains(known->id);
  if (known && !by_name && known->standing != Standing::pending && !asked_again) {
    step.action = Action::verify;  // known after all, under another UIDL
    return same(step, std::move(*known));
  }
  const bool wanted =
      !known || known->standing == Standing::pending || step.action == Action::fetch || asked_again;
  if (wanted) return accept(step, arrival, print, std::move(known));
  if (known->header != print.header) known->header = print.header;
  same(step, std::move(*known));
}

/// The row that bears this message's UIDL, unless its content was found under another one meanwhile.
std::optional<state::Row> Visit::own_row(const Step& step) const {
  const auto* row = step.identity.row;
  if (row == nullptr || (loose_.contains(row->id) && claimed_.contains(row->id))) return std::nullopt;
  return store().row(run_.mailbox, row->id);
}

/// A row that was only made to note something of its message (too large, breaks the connection) yields to one
/// that knows its content under an older UIDL.
state::Row Visit::better_known(Step& step, const Print& print, state::Row stub) {
  const bool begun = stub.standing != Standing::pending || step.identity.row->has_landings;
  auto known = begun ? std::nullopt : known_by_content(step, print);
  if (!known) return stub;
  settler_.forget(stub.id);
  step.identity.row = nullptr;
  return std::move(*known);
}

/// The UIDL was used again for another message. The old row keeps its hashes, by which its message can still
/// be known, and what of its delivery is open.
void Visit::part_with(Step& step, state::Row row) {
  step.reason = "new: its UID was another message's before";
  step.identity.row = nullptr;
  loose_.insert(row.id);
  claimed_.erase(row.id);
  if (row.uidl != step.message.uidl) return;
  row.uidl.clear();
  settler_.note(std::move(row));
}

void Visit::open_writers(const Step& step, Arrival& arrival) {
  std::vector<state::Landing> landings;  // where its delivery has begun
  if (step.identity.row != nullptr && step.identity.row->has_landings) {
    landings = store().landings_of(run_.mailbox, step.identity.row->id);
  }
  const auto envelope = [&](std::string id, bool retry) {
    delivery::Envelope result{.id = std::move(id), .trace_header = {}, .retry = retry};
    if (run_.account.trace_header) {
      result.trace_header =
          trace_header(run_.account, run_.environment.host, result.id, run_.environment.now());
    }
    return result;
  };
  const auto fresh = envelope(run_.ids.next(), false);
  for (const auto& destination : run_.destinations) {
    // The id of what is handed over again stays; elsewhere a file of that name may be there.
    const auto tried = std::ranges::find_if(landings, [&](const auto& landing) {
      return landing.state == LandingState::tried && landing.target == destination->target();
    });
    const bool retry = tried != landings.end();
    const auto with = retry ? envelope(delivery::id_of({tried->target, tried->ticket}), true) : fresh;
    arrival.copies.push_back({destination.get(), destination->begin(with, step.message.bytes), retry});
  }
}

void Visit::read(const Step& step, Arrival& arrival, pop3::Message& message) {
  while (const auto piece = message.read()) {
    arrival.print.add(*piece);
    run_.tell.received(run_.account.name, piece->size());
    if (arrival.failure) {  // drained: the others are behind it
      if (arrival.print.octets() > step.message.bytes + most_drained_bytes)
        give_up_on(step, *arrival.failure);
      continue;
    }
    // Servers that count line ends otherwise announce less; twice as much is a lie, and no limit would hold.
    if (run_.policy.max_size != 0 && arrival.print.octets() / 2 > run_.policy.max_size) {
      arrival.failure =
          util::Error(util::Kind::content, "it is larger than max_size, though announced smaller");
      continue;
    }
    try {
      for (auto& copy : arrival.copies) copy.writer->append(*piece);
    } catch (const util::Error& error) {
      arrival.failure = error;
    }
  }
}

/// The message has no end, and cannot be kept: the others come in the next session.
void Visit::give_up_on(const Step& step, const util::Error& error) {
  stays(step, error);
  throw util::Error(util::Kind::temporary, "message " + uid(step) + " has no end: the session was given up");
}

void Visit::stays(const Step& step, const util::Error& error) {
  run_.fail(util::Error(error.kind(), "message " + uid(step) + " stays on the server: " + error.what(),
                        error.hint()),
            uid(step));
  put_last(step);
}

/// A message too large for the disk must not hold up the others; a disk that takes no small one ends the run.
void Visit::storage_failed(const Step& step, const Arrival& arrival, const util::Error& error) {
  constexpr std::uint64_t small_bytes = 1U << 20U;
  constexpr int most_failures = 10;
  unsettled_retrieval_ = true;
  if (error.kind() == util::Kind::content) return stays(step, error);
  if (held_.empty()) settle();  // what is whole may still fit
  const auto bytes = std::max(step.message.bytes, arrival.print.octets());
  if (bytes < small_bytes || ++storage_failures_ >= most_failures) throw error;
  stays(step, error);
}

/// The server has changed its UIDLs, or has none: a row of this content that no other message of this listing
/// is. What was only marked as seen has no content: there header and size must do.
std::optional<state::Row> Visit::known_by_content(const Step& step, const Print& print) {
  if (!step.identity.by_content && loose_.empty()) return std::nullopt;
  auto rows = store().rows_with_content(run_.mailbox, print.content);
  for (auto& row : store().rows_with_header(run_.mailbox, print.header, step.message.bytes)) {
    if (row.standing == Standing::seen && !row.content) rows.push_back(std::move(row));
  }
  for (auto& row : rows) {
    const bool candidate = step.identity.by_content || loose_.contains(row.id);
    if (candidate && claimed_.insert(row.id).second) return std::move(row);
  }
  return std::nullopt;
}

/// As it is until the message is delivered. What was delivered or marked before, and is asked for again,
/// stays so whatever becomes of that.
state::Row Visit::row_of(const Step& step, const Print& print, std::optional<state::Row> known) {
  state::Row row = known ? std::move(*known) : state::Row{};
  if (row.id == 0 && step.identity.by_content) {
    row.id = store().next_row(run_.mailbox);
    claimed_.insert(row.id);  // an equal message of this listing is another one
  }
  if (row.standing == Standing::gone) row.standing = Standing::delivered;  // it is listed all the same
  row.gone.reset();
  row.uidl = step.message.uidl;
  row.bytes = step.message.bytes;
  row.header = print.header;
  row.content = print.content;
  row.ordinal = step.identity.ordinal;
  row.suspect = false;
  return row;
}

/// Which of the copies are still wanted, and what is to be said of those that are delivered again.
/// True: it has arrived somewhere.
bool Visit::spare_delivered(const Step& step, Arrival& arrival, const state::Row& row) {
  const bool told =
      step.identity.row != nullptr && step.identity.row->failures > 0;  // by the run that failed
  bool arrived = false;
  for (const auto& landing : store().landings_of(run_.mailbox, row.id)) {
    const auto same = std::ranges::find_if(
        arrival.copies, [&](const auto& copy) { return copy.destination->target() == landing.target; });
    if (landing.state == LandingState::delivered) {
      arrived = true;
      if (same != arrival.copies.end()) {
        arrival.copies.erase(same);
        continue;
      }
      if (run_.destination(landing.target) != nullptr) continue;
      run_.warn(
          "message " + uid(step) + " was put into " + landing.target +
              " by a run that did not finish its delivery; the profile names other places now, and they "
              "get it, too",
          "it is there twice if you look at both", uid(step));
    } else if (landing.state == LandingState::tried) {
      const bool retry = same != arrival.copies.end() && same->retry;
      if (same != arrival.copies.end()) same->retry = true;
      run_.tell.warned(
          run_.account.name,
          {.sentence = "message " + uid(step) + " was handed to " + landing.target +
                       " before, and it is not known whether it was taken; it is handed over again",
           .hint = retry ? "it may arrive twice there; MAILHAUL_RETRY=1 tells the program so"
                         : "it may arrive twice there",
           .uid = uid(step),
           .quiet_skips_it = told});
    } else if (landing.state == LandingState::doubt) {
      run_.warn("message " + uid(step) + " was being put into " + landing.target +
                    " when a run was killed, and is not to be found there; it is delivered again",
                "it may be there twice, if it was read and moved meanwhile", uid(step));
    }
  }
  return arrived;
}

void Visit::accept(Step& step, Arrival& arrival, const Print& print, std::optional<state::Row> known) {
  const bool doubtful = session_.pipelining() && sizes_confirmed_ < confirmations &&
                        arrival.print.octets() != step.message.bytes;
  const bool postpone = doubtful && held_.size() >= most_held;
  if (postpone || (step.identity.by_content && over_limit())) {
    if (known) claimed_.erase(known->id);  // to be found again
    if (postpone) postponed_.push_back({&step, false});
    return;
  }
  const bool begun = known.has_value();
  Arrived arrived{.number = step.message.number,
                  .row = row_of(step, print, std::move(known)),
                  .bytes = arrival.print.octets(),
                  .copies = {}};
  if (begun) arrived.elsewhere = spare_delivered(step, arrival, arrived.row);
  try {
    for (auto& copy : arrival.copies) {  // S1
      arrived.copies.push_back({.destination = copy.destination,
                                .ticket = copy.writer->finish(),
                                .retry = copy.retry,
                                .outcome = {}});
    }
  } catch (const util::Error& error) {
    arrival.copies.clear();
    std::vector<Arrived> part;
    part.push_back(std::move(arrived));
    Settler::discard(part);
    storage_failed(step, arrival, error);
    return;
  }
  by_number_[step.message.number] = &step;
  ++accepted_;
  // While pipelining a skipped answer puts bodies under their neighbours' names: one of another size than
  // announced is not believed before it came back the same alone.
  if (doubtful) {
    held_.push_back(std::move(arrived));
  } else {
    batch_.add(std::move(arrived));
  }
}

/// max_messages, where only its content tells whether a message is new.
bool Visit::over_limit() {
  const auto most = run_.policy.max_messages;
  if (most == 0 || accepted_ < most) return false;
  unsettled_retrieval_ = true;
  stop_asking();
  give_up_postponed();
  return true;
}

/// Nothing else is owed: asks for what is held once more, alone, until three came back the same.
void Visit::check_held() {
  while (!held_.empty()) {  // the writers of the batch are those of what is held: no settling in between
    if (sizes_confirmed_ < confirmations) {
      const Arrived& first = held_.front();
      session_.want({.number = first.number, .bytes = first.bytes, .header_only = false});
      pop3::Message& message = session_.next();
      Fingerprint print;
      while (const auto piece = message.read()) print.add(*piece);
      if (message.refused() || print.finish().content != first.row.content) {
        broken_ = true;
        throw util::Error(util::Kind::protocol,
                          "message " + uid(*by_number_.at(first.number)) +
                              " came back different when asked for again alone",
                          "the server breaks PIPELINING; the next session asks one by one");
      }
      ++sizes_confirmed_;
    }
    batch_.add(std::move(held_.front()));
    held_.erase(held_.begin());
  }
  for (auto& task : std::exchange(postponed_, {})) {
    tasks_.push_back(task);
    session_.want(
        {.number = task.step->message.number, .bytes = task.step->message.bytes, .header_only = task.look});
  }
}

}  // namespace mailhaul::engine
