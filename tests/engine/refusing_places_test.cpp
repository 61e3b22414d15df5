// SPDX-License-Identifier: MIT
#include "engine/refusing_places.h"

#include <doctest/doctest.h>

#include "fixture.h"

using namespace mailhaul;
using engine::Offers;
using engine::RefusingPlaces;
using namespace std::chrono_literals;

namespace {

constexpr state::Time noon{std::chrono::seconds(1'800'000'000)};

engine::PlaceRefusal refusal_with(std::string_view answer) {
  return {
      .target = "mda:x", .answer = answer, .kind = util::Kind::storage, .by_hand = "mailhaul get home 1 | x"};
}

/// Returns the text that a run leaves if it starts with `text` and is refused until it stops offering.
std::string refused_again(const std::string& text, state::Time now) {
  RefusingPlaces places(text, now);
  for (int i = 0; i < 10 && places.offers("mda:x") != Offers::none; ++i)
    places.refused(refusal_with("x: exit status 1"), now);
  return places.text();
}

}  // namespace

TEST_CASE("the third message in a row with the same answer is the last one in a run") {
  RefusingPlaces places("", noon);
  places.refused(refusal_with("x: exit status 1: no room for <1@x>"), noon);
  places.refused(refusal_with("x: exit status 1: no room for <2@x>"), noon);
  CHECK(places.offers("mda:x") == Offers::all);
  CHECK(places.text().empty());
  places.refused(refusal_with("x: exit status 1: no room for <3@x>"), noon);
  CHECK(places.offers("mda:x") == Offers::none);
  CHECK(places.offers("mda:y") == Offers::all);
  CHECK(places.given_up() == 1);
  CHECK(places.told_by_error() == 3);
}

TEST_CASE("another answer, another status and a message that is taken begin the count anew") {
  for (const auto* other : {"x: exit status 2", "x: exit status 1: quota exceeded", ""}) {
    RefusingPlaces places("", noon);
    for (const auto* answer :
         {"x: exit status 1", "x: exit status 1", other, "x: exit status 1", "x: exit status 1"}) {
      if (*answer == '\0') {
        places.took("mda:x");
      } else {
        places.refused(refusal_with(answer), noon);
      }
    }
    CHECK(places.offers("mda:x") == Offers::all);
  }
}

TEST_CASE("the next run tries one message, and each one after that waits twice as long, up to six hours") {
  std::string text = refused_again("", noon);
  CHECK(RefusingPlaces(text, noon).offers("mda:x") == Offers::one_first);
  auto now = noon;
  for (const auto pause : {5min, 10min, 20min, 40min, 80min, 160min, 320min, 360min, 360min}) {
    text = refused_again(text, now);
    CHECK(RefusingPlaces(text, now + pause - 1s).offers("mda:x") == Offers::none);
    now += pause;
    CHECK(RefusingPlaces(text, now).offers("mda:x") == Offers::one_first);
  }
}

TEST_CASE("a clock that was set back makes no pause longer than six hours") {
  const auto text = refused_again(refused_again("", noon), noon);
  CHECK(RefusingPlaces(text, noon - 24h).offers("mda:x") == Offers::one_first);
}

TEST_CASE("one message that is taken ends it, and a person does not wait") {
  const auto text = refused_again(refused_again("", noon), noon);
  RefusingPlaces places(text, noon);
  CHECK(places.offers("mda:x") == Offers::none);
  places.retry_now();
  CHECK(places.offers("mda:x") == Offers::one_first);
  places.took("mda:x");
  CHECK(places.offers("mda:x") == Offers::all);
  CHECK(places.text().empty());
}

TEST_CASE("any bytes in a command and an answer survive the database, and nonsense in it is no place") {
  RefusingPlaces places("", noon);
  const std::string target = "mda:a\tb\nc\\d \xff", answer = "a: exit status 1: \t\n\\x \xfe";
  for (int i = 0; i < 3; ++i) places.refused({.target = target, .answer = answer, .by_hand = "x\ty\n"}, noon);
  const RefusingPlaces again(places.text(), noon);
  CHECK(again.offers(target) == Offers::one_first);
  CHECK(again.text() == places.text());
  CHECK(RefusingPlaces("a line of an older version\n1 x 74 m\n\n", noon).text().empty());
}

TEST_CASE("a long answer is cut between two characters") {
  const engine::Environment environment;
  RefusingPlaces places("", noon);
  std::string shown = "xx: exit status 1: ";
  std::string answer = shown;
  for (int i = 0; i < 200; ++i) answer += "\xc3\xa4";
  for (int i = 0; i < 141; ++i) shown += "\xc3\xa4";
  for (int i = 0; i < 3; ++i) places.refused(refusal_with(answer), noon);
  const auto error = places.error(1, environment);
  REQUIRE(error);
  CHECK(std::string(error->what()).starts_with(shown + "..., for 3 messages in a row"));
}

TEST_CASE("nothing is told of a place that kept no mail from anybody") {
  const engine::Environment environment;
  RefusingPlaces places(refused_again(refused_again("", noon), noon), noon);
  CHECK_FALSE(places.error(0, environment));
  places.kept_from("mda:x");
  const auto error = places.error(7, environment);
  REQUIRE(error);
  CHECK(std::string(error->what()) ==
        "x: exit status 1; 7 messages wait on the server, and no message is offered before "
        "2027-01-15T08:05:00Z");
}
