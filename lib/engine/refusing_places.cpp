// SPDX-License-Identifier: MIT
#include "engine/refusing_places.h"

#include <algorithm>

#include "util/ascii.h"
#include "util/escape.h"
#include "util/units.h"

namespace mailhaul::engine {

using namespace std::chrono_literals;

namespace {

constexpr int enough_refusals = 3;
constexpr auto first_place_pause = 5min;
constexpr auto longest_place_pause = 6h;
constexpr std::size_t longest_answer = 300;

/// The pause after this many runs in a row have given the place up. There is none after the first of them.
std::chrono::seconds place_pause_after(int runs) {
  std::chrono::seconds pause = first_place_pause;
  if (runs < 2) return 0s;
  for (int i = 2; i < runs && pause < longest_place_pause; ++i) pause *= 2;
  return std::min<std::chrono::seconds>(pause, longest_place_pause);
}

std::string_view take_up_to(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::string unescaped(std::string_view text) { return util::unescape_uid(text).value_or(""); }

/// The part of an answer that is the same when a program refuses another message for the same reason: "sh:
/// exit status 1" as it is, and of the program's own words those without digits and addresses.
std::string sense_of(std::string_view answer) {
  const auto program = answer.find(": ");
  const auto words = program == std::string_view::npos ? program : answer.find(": ", program + 2);
  std::string sense(answer.substr(0, words));
  std::string_view rest = words == std::string_view::npos ? std::string_view() : answer.substr(words);
  while (!rest.empty()) {
    const auto word = take_up_to(rest, ' ');
    if (word.find_first_of("0123456789@") == std::string_view::npos) sense.append(" ").append(word);
  }
  return sense;
}

}  // namespace

bool RefusingPlaces::is_given_up(const Place& place) {
  return place.has_refused_now && place.offers == Offers::none;
}

RefusingPlaces::RefusingPlaces(std::string_view stored, state::Time now) {
  while (!stored.empty()) {
    auto line = take_up_to(stored, '\n');
    const auto runs = util::parse_number(take_up_to(line, ' '));
    const auto until = util::parse_number(take_up_to(line, ' '));
    const auto status = util::parse_number(take_up_to(line, ' '));
    if (!runs || !until || !status || *runs > 1000) continue;
    Place place;
    place.target = unescaped(take_up_to(line, '\t'));
    place.answer = unescaped(take_up_to(line, '\t'));
    place.by_hand = unescaped(line);
    place.runs = static_cast<int>(*runs);
    for (const auto kind : {util::Kind::temporary, util::Kind::content})
      if (static_cast<int>(*status) == util::exit_status(kind)) place.kind = kind;
    place.not_before = state::Time(std::chrono::seconds(*until));
    // A clock that was set back makes no pause longer.
    const bool pauses = now < place.not_before && place.not_before <= now + longest_place_pause;
    place.offers = pauses ? Offers::none : Offers::one_first;
    places_.push_back(std::move(place));
  }
}

void RefusingPlaces::retry_now() {
  for (auto& place : places_)
    if (!place.has_refused_now) place.offers = Offers::one_first;
}

RefusingPlaces::Place* RefusingPlaces::find(std::string_view target) {
  const auto found = std::ranges::find(places_, target, &Place::target);
  return found == places_.end() ? nullptr : &*found;
}

Offers RefusingPlaces::offers(std::string_view target) const {
  const auto found = std::ranges::find(places_, target, &Place::target);
  return found == places_.end() ? Offers::all : found->offers;
}

void RefusingPlaces::took(std::string_view target) {
  std::erase_if(places_, [&](const Place& place) { return place.target == target; });
}

void RefusingPlaces::refused(const PlaceRefusal& refusal, state::Time now) {
  Place* place = find(refusal.target);
  if (place == nullptr) place = &places_.emplace_back(Place{.target = std::string(refusal.target)});
  const auto answer = util::escape(refusal.answer, longest_answer);
  const bool same = place->has_refused_now && sense_of(place->answer) == sense_of(answer);
  place->in_a_row = same ? place->in_a_row + 1 : 1;
  place->has_refused_now = true;
  place->answer = answer;
  place->by_hand = refusal.by_hand;
  place->kind = refusal.kind;
  if (place->offers == Offers::all && place->in_a_row < enough_refusals) return;
  place->offers = Offers::none;
  place->has_kept_mail = true;
  ++place->runs;
  place->not_before = now + place_pause_after(place->runs);
}

void RefusingPlaces::kept_from(std::string_view target) {
  if (Place* place = find(target)) place->has_kept_mail = true;
}

std::size_t RefusingPlaces::given_up() const {
  return static_cast<std::size_t>(std::ranges::count_if(places_, is_given_up));
}

std::size_t RefusingPlaces::told_by_error() const {
  int most = 0;
  for (const auto& place : places_)
    if (is_given_up(place)) most = std::max(most, place.in_a_row);
  return static_cast<std::size_t>(most);
}

std::optional<util::Error> RefusingPlaces::error(std::size_t waiting, const Environment& environment) const {
  const auto place = std::ranges::find(places_, true, &Place::has_kept_mail);
  if (place == places_.end()) return std::nullopt;
  const bool pauses = !place->has_refused_now && place->offers == Offers::none;
  std::string sentence = place->answer;
  if (!pauses)
    sentence += !place->has_refused_now ? " in the last run"
                : place->in_a_row < enough_refusals
                    ? ", as before"
                    : ", for " + std::to_string(place->in_a_row) + " messages in a row";
  sentence +=
      "; " + util::counted(waiting, "message") + (waiting == 1 ? " waits" : " wait") + " on the server";
  if (pauses) sentence += ", and no message is offered before " + environment.shown(place->not_before);
  std::string hint =
      pauses ? "to try one at once, run mailhaul at a terminal" : "the next run tries one message first";
  if (!place->by_hand.empty()) hint = "try it by hand: " + place->by_hand + "; " + hint;
  return util::Error(place->kind, sentence, hint);
}

std::string RefusingPlaces::text() const {
  std::string text;
  for (const auto& place : places_) {
    if (place.runs == 0) continue;
    text += std::to_string(place.runs) + " " + std::to_string(place.not_before.time_since_epoch().count()) +
            " " + std::to_string(util::exit_status(place.kind)) + " " + util::escape_uid(place.target) +
            "\t" + util::escape_uid(place.answer) + "\t" + util::escape_uid(place.by_hand) + "\n";
  }
  return text;
}

}  // namespace mailhaul::engine
