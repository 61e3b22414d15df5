// SPDX-License-Identifier: MIT
// Visit's other half: one message's way from the wire into a batch.
#include <algorithm>
#include <utility>

#include "engine/mailbox.h"
#include "engine/visit.h"
#include "util/text.h"

namespace mailhaul::engine {

using state::LandingState;
using state::Standing;

namespace {

constexpr int confirmations = 3;  // so many sizes that were only announced wrong, and the server is believed

/// The row's landings, where its delivery has begun.
std::vector<state::Landing> begun_landings(const Errand& errand, const Step& step) {
  if (step.identity.row == nullptr || !step.identity.row->has_landings) return {};
  return errand.store.landings_of(errand.mailbox, step.identity.row->id);
}

}  // namespace

void Visit::receive(Step& step, pop3::Message& message) {
  Arrival arrival;
  try {
    open_writers(step, arrival);
  } catch (const util::Error& error) {
    arrival.failure = error;
  }
  read(arrival, message);
  if (arrival.failure) {
    storage_failed(step, *arrival.failure);
    return;
  }
  const Print print = arrival.print.finish();
  if (step.action == Action::fetch && step.identity.row != nullptr) {
    accept(step, arrival, print, errand_.store.row(errand_.mailbox, step.identity.row->id));
  } else {
    compare(step, arrival, print);
  }
}

void Visit::open_writers(const Step& step, Arrival& arrival) {
  const auto landings = begun_landings(errand_, step);
  delivery::Envelope envelope{.id = errand_.ids.next(), .trace_header = {}};
  for (const auto& landing : landings) {
    if (landing.state == LandingState::tried) {
      envelope.retry = true;
      envelope.id = delivery::id_of({landing.target, landing.ticket});
      errand_.warn("message " + uid(step) + " was handed to " + landing.target +
                       " by a run that was killed before the answer; it is handed over again",
                   "it may arrive twice there; MAILHAUL_RETRY=1 tells the program so", step.message.uidl);
    } else if (landing.state == LandingState::doubt) {
      errand_.warn("message " + uid(step) + " was being put into " + landing.target +
                       " when a run was killed, and is not to be found there; it is delivered again",
                   "it may be there twice, if it was read and moved meanwhile", step.message.uidl);
    }
  }
  if (errand_.account.trace_header) {
    envelope.trace_header =
        trace_header(errand_.account, errand_.world.host, envelope.id, errand_.world.now());
  }
  for (const auto& destination : errand_.destinations) {
    const bool has_it = std::ranges::any_of(landings, [&](const state::Landing& landing) {
      return landing.target == destination->target() && landing.state == LandingState::delivered;
    });
    if (!has_it) {
      arrival.writers.emplace_back(destination.get(), destination->begin(envelope, step.message.bytes));
    }
  }
}

void Visit::read(Arrival& arrival, pop3::Message& message) {
  while (const auto piece = message.read()) {
    arrival.print.add(*piece);
    errand_.tell.received(errand_.account.name, piece->size());
    if (arrival.failure) continue;  // drained: the others are behind it
    try {
      for (auto& [destination, writer] : arrival.writers) writer->append(*piece);
    } catch (const util::Error& error) {
      arrival.failure = error;
    }
  }
}

void Visit::storage_failed(const Step& step, const util::Error& error) {
  unsettled_retrieval_ = true;
  settle();  // what is whole may still fit
  // One message too large for the disk must not hold up the others; a disk that takes nothing ends the run.
  if (++storage_failures_ >= 2) throw error;
  errand_.fail(util::Error(error.kind(), "message " + uid(step) + " stays on the server: " + error.what(),
                           error.hint()),
               step.message.uidl);
}

/// A message that may be one we know: by its row, whose content is compared, or by its content alone.
void Visit::compare(Step& step, Arrival& arrival, const Print& print) {
  if (step.identity.row == nullptr) {
    auto row = known_by_content(step, print);
    if (!row) return accept(step, arrival, print, std::nullopt);
    if (step.action == Action::fetch) step.action = Action::verify;
    return same(step, std::move(*row));
  }
  auto row = errand_.store.row(errand_.mailbox, step.identity.row->id);
  if (row && (!row->content || *row->content == print.content)) {
    if (row->header != print.header) row->header = print.header;
    return same(step, std::move(*row));
  }
  // The UIDL was used again for another message: new mail. The old row keeps its hashes, by which it can
  // still be known.
  if (row && row->uidl == step.message.uidl) {
    row->uidl.clear();
    absent_.insert(row->id);
    settler_.note(std::move(*row));
  }
  step.reason = "new: its UID was another message's before";
  accept(step, arrival, print, std::nullopt);
}

/// The server has changed its UIDLs, or has none: a delivered row of this content that no other message of
/// this listing is.
std::optional<state::Row> Visit::known_by_content(const Step& step, const Print& print) {
  if (!step.identity.by_content && absent_.empty()) return std::nullopt;
  for (auto& row : errand_.store.rows_with_content(errand_.mailbox, print.content)) {
    const bool candidate =
        step.identity.by_content ? row.standing != Standing::gone : absent_.contains(row.id);
    if (candidate && claimed_.insert(row.id).second) return std::move(row);
  }
  return std::nullopt;
}

state::Row Visit::row_of(const Step& step, const Print& print, std::optional<state::Row> known) {
  state::Row row = known ? std::move(*known) : state::Row{};
  if (row.id == 0) row.id = errand_.store.next_row(errand_.mailbox);
  row.standing = Standing::pending;
  row.uidl = step.message.uidl;
  row.bytes = step.message.bytes;
  row.header = print.header;
  row.content = print.content;
  row.ordinal = step.identity.ordinal;
  row.delivered.reset();
  row.gone.reset();
  row.due.reset();
  row.suspect = false;
  return row;
}

void Visit::accept(Step& step, Arrival& arrival, const Print& print, std::optional<state::Row> known) {
  Arrived arrived{.number = step.message.number,
                  .row = row_of(step, print, std::move(known)),
                  .bytes = arrival.print.octets(),
                  .copies = {}};
  try {
    for (auto& [destination, writer] : arrival.writers) {  // S1
      arrived.copies.push_back(
          {.destination = destination, .ticket = writer->finish(), .published = false, .outcome = {}});
    }
  } catch (const util::Error& error) {
    std::vector<Arrived> part;
    part.push_back(std::move(arrived));
    Settler::discard(part);
    storage_failed(step, error);
    return;
  }
  by_number_[step.message.number] = &step;
  // While pipelining a skipped answer puts bodies under their neighbours' names: one of another size than
  // announced is not believed before it came back the same alone.
  if (session_.pipelining() && sizes_confirmed_ < confirmations && arrived.bytes != step.message.bytes) {
    held_.push_back(std::move(arrived));
  } else {
    batch_.add(std::move(arrived));
  }
}

/// Nothing else is owed: asks for what is held once more, alone, until three came back the same.
void Visit::check_held() {
  while (!held_.empty()) {
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
