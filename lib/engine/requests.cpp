// SPDX-License-Identifier: MIT
#include "engine/requests.h"

#include <algorithm>
#include <utility>

namespace mailhaul::engine {

std::optional<Request> first_request(const Step& step, ServerTraits server) {
  // If a message is identified by its header alone, TOP proves nothing new.
  const auto* row = step.identity.row;
  // TOP is not sent either if a RETR after it has failed before: GNU pop3d then sends only the header.
  const bool is_row = row != nullptr && !row->uidl.empty();
  const bool in_vain = is_row && row->was_taken() && row->failures > 0 && !step.is_unsized;
  const bool header_tells = server.top && is_row && !in_vain;
  const bool size_tells = !server.sizes_are_off && step.identity.received_bytes == 0;
  const bool header_decides =
      header_tells && row->standing != state::Standing::gone && (row->suspect || !size_tells);
  const Request header{&step, Ask::header, step.action}, whole{&step, Ask::whole, step.action};
  switch (step.action) {
    case Action::fetch:
      return whole;
    case Action::remove:
      return header_tells ? header : whole;
    case Action::verify: {
      const bool only_marked = row != nullptr && row->standing == state::Standing::seen && !row->delivered;
      if (only_marked && !row->suspect) return header_tells ? std::optional(header) : std::nullopt;
      // A delivered message of another size is read whole before it is removed (LAW 2). TOP does not come
      // first, because GNU pop3d would then send only the header.
      const bool removes = server.removes && row != nullptr && row->standing == state::Standing::delivered;
      return header_decides && !(removes && row->bytes != step.message.bytes) ? header : whole;
    }
    case Action::leave:
    case Action::skip:
      break;
  }
  return step.is_unsized && header_tells ? std::optional(header) : std::nullopt;
}

Traffic traffic_of(std::span<const Step> steps, ServerTraits server) {
  Traffic all;
  for (const auto& step : steps) {
    const auto request = first_request(step, server);
    if (!request || request->ask != Ask::whole) continue;
    ++all.messages;
    all.bytes += step.message.bytes;
  }
  return all;
}

void tell_planned(std::span<const Step> steps, ServerTraits server, report::Listener& tell,
                  std::string_view account) {
  const auto [messages, bytes] = traffic_of(steps, server);
  tell.planned(account, messages, bytes);
  const auto removed = std::ranges::count(steps, report::Action::remove, &Step::action);
  if (messages == 0 && removed != 0) tell.removing(account, static_cast<std::uint32_t>(removed));
}

void Requests::ask_singly() {
  session_.one_by_one();
  prove_each_ = true;
}

void Requests::add(const Request& request) {
  asked_.push_back(request);
  if (request.ask == Ask::proof) return session_.want_proof();
  const auto& message = request.step->message;
  session_.want(
      {.number = message.number, .bytes = message.bytes, .header_only = request.ask == Ask::header});
  if (prove_each_ && request.ask == Ask::whole) add({.ask = Ask::proof});
}

pop3::Message& Requests::next() {
  current_ = asked_.front();
  asked_.pop_front();
  pop3::Message& message = session_.next();
  refused_last_ = message.refused() && current_.ask == Ask::whole ? current_.step : nullptr;
  return message;
}

void Requests::hold_back() {
  for (auto unsent = session_.withdraw(); unsent > 0; --unsent) {
    if (asked_.back().ask != Ask::proof) postponed_.push_front(asked_.back());
    asked_.pop_back();
  }
}

void Requests::resume() {
  for (const auto& request : std::exchange(postponed_, {})) add(request);
}

void Requests::keep_only(const std::function<bool(const Step&)>& is_wanted) {
  hold_back();
  std::erase_if(postponed_, [&](const Request& request) {
    return request.ask == Ask::whole && request.action == Action::fetch && !is_wanted(*request.step);
  });
  resume();
}

Traffic Requests::drop_relisted() {
  Traffic dropped;
  hold_back();
  std::erase_if(postponed_, [&dropped](const Request& request) {
    const auto* row = request.step->identity.row;
    if (row == nullptr || row->standing != state::Standing::gone) return false;
    ++dropped.messages;
    dropped.bytes += request.step->message.bytes;
    return true;
  });
  resume();
  return dropped;
}

bool Requests::drop_postponed() { return !std::exchange(postponed_, {}).empty(); }

}  // namespace mailhaul::engine
