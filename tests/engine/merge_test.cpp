// SPDX-License-Identifier: MIT
#include "engine/merge.h"

#include <doctest/doctest.h>

#include <utility>

using namespace mailhaul;
using engine::KnownRow;
using engine::merge;
using engine::Merged;
using state::Row;
using state::Standing;

namespace {

std::optional<util::Hash> merge_hash(unsigned char first) {
  if (first == 0) return std::nullopt;
  util::Hash hash{};
  hash[0] = first;
  return hash;
}

/// A row with these hashes of its header and content; 0 stands for no hash.
Row merge_row(std::string uidl, Standing standing, unsigned char header, unsigned char content) {
  return {.id = 0,
          .standing = standing,
          .uidl = std::move(uidl),
          .bytes = 100,
          .header = merge_hash(header),
          .content = merge_hash(content)};
}

std::vector<KnownRow> rows_here(std::vector<Row> rows) {
  std::vector<KnownRow> all;
  for (auto& row : rows) {
    row.id = static_cast<state::RowId>(all.size()) + 1;
    all.push_back({.row = std::move(row)});
  }
  return all;
}

/// The rows that are here after the merge.
std::vector<KnownRow> after_merge(const std::vector<KnownRow>& here, const Merged& merged) {
  auto all = here;
  for (const auto& row : merged.changed) all.at(static_cast<std::size_t>(row.id) - 1).row = row;
  for (auto row : merged.added) {
    row.id = static_cast<state::RowId>(all.size()) + 1;
    all.push_back({.row = row});
  }
  return all;
}

}  // namespace

TEST_CASE("a row that is here keeps its standing, but for one that only waits") {
  for (const auto ours : {Standing::pending, Standing::seen, Standing::delivered, Standing::gone}) {
    for (const auto theirs : {Standing::pending, Standing::seen, Standing::delivered, Standing::gone}) {
      const auto here = rows_here({merge_row("a", ours, 1, 2)});
      const auto merged = merge(here, {merge_row("a", theirs, 1, 2)});
      CHECK(merged.added.empty());
      CHECK(after_merge(here, merged).front().row.standing == (ours == Standing::pending ? theirs : ours));
    }
  }
}

TEST_CASE("a message whose delivery has begun here stays pending") {
  auto here = rows_here({merge_row("a", Standing::pending, 1, 2)});
  here.front().has_landings = true;
  const auto merged = merge(here, {merge_row("a", Standing::delivered, 1, 2)});
  CHECK(merged.known == 1);
  CHECK(merged.changed.empty());
  CHECK(merged.added.empty());
}

TEST_CASE("a row gets the hashes and the UIDL that it lacks") {
  const auto here =
      rows_here({merge_row("a", Standing::delivered, 0, 0), merge_row("", Standing::delivered, 3, 4)});
  const auto all = after_merge(here, merge(here, {merge_row("a", Standing::delivered, 1, 2),
                                                  merge_row("b", Standing::delivered, 3, 4)}));
  REQUIRE(all.size() == 2);
  CHECK(all[0].row.content == merge_hash(2));
  CHECK(all[1].row.uidl == "b");
}

TEST_CASE("a UIDL that was used again is not believed") {
  const auto here = rows_here({merge_row("a", Standing::delivered, 1, 2)});
  const std::vector<Row> other{merge_row("a", Standing::delivered, 3, 4)};
  const auto all = after_merge(here, merge(here, other));
  REQUIRE(all.size() == 2);
  CHECK(all[0].row.uidl == "a");
  CHECK(all[0].row.suspect);
  CHECK(all[1].row.uidl.empty());
  CHECK(all[1].row.content == merge_hash(4));
  SUBCASE("and a second merge adds nothing") {
    const auto again = merge(all, other);
    CHECK(again.added.empty());
    CHECK(again.changed.empty());
  }
  SUBCASE("what is gone under it is of no use") {
    const auto merged = merge(here, {merge_row("a", Standing::gone, 3, 4)});
    CHECK(merged.added.empty());
    CHECK(merged.changed.empty());
  }
}

TEST_CASE("a body that the server makes anew is the same message") {
  auto remade = merge_row("a", Standing::delivered, 1, 4);
  remade.remade = true;
  const auto merged = merge(rows_here({merge_row("a", Standing::delivered, 1, 2)}), {remade});
  CHECK(merged.added.empty());
  REQUIRE(merged.changed.size() == 1);
  CHECK(merged.changed.front().remade);
}

TEST_CASE("of equal messages the larger number is recorded") {
  const std::vector<Row> three(3, merge_row("", Standing::delivered, 1, 2));
  CHECK(merge(rows_here(three), {three[0], three[1]}).added.empty());
  CHECK(merge(rows_here({three[0]}), three).added.size() == 2);
  const std::vector<Row> two_uidls{merge_row("a", Standing::delivered, 1, 2),
                                   merge_row("b", Standing::delivered, 1, 2)};
  CHECK(merge(rows_here({two_uidls[0]}), two_uidls).added.size() == 1);
  CHECK(merge(rows_here(two_uidls), two_uidls).known == 2);
}

TEST_CASE("what is gone and what is listed under one UIDL are both kept") {
  const std::vector<Row> both{merge_row("a", Standing::gone, 1, 2),
                              merge_row("a", Standing::delivered, 3, 4)};
  CHECK(merge({}, both).added.size() == 2);
  CHECK(merge(rows_here(both), both).added.empty());
  const auto here = rows_here({merge_row("a", Standing::delivered, 0, 0)});
  const auto all = after_merge(here, merge(here, both));
  REQUIRE(all.size() == 2);
  CHECK(all[0].row.content == merge_hash(4));
}

TEST_CASE("without UIDL and content, header, size and position tell messages apart") {
  auto second = merge_row("", Standing::seen, 1, 0);
  second.ordinal = 1;
  const std::vector<Row> both{merge_row("", Standing::seen, 1, 0), second};
  CHECK(merge(rows_here(both), both).added.empty());
  CHECK(merge(rows_here({second}), both).added.size() == 1);
}
