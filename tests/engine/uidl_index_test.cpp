// SPDX-License-Identifier: MIT
#include "engine/uidl_index.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace mailhaul;
using engine::UidlIndex;

namespace {

std::vector<pop3::Listed> listing_of(const std::vector<std::string>& uidls) {
  std::vector<pop3::Listed> listed;
  for (const auto& uidl : uidls) {
    listed.push_back({.number = static_cast<std::uint32_t>(listed.size() + 1), .bytes = 1, .uidl = uidl});
  }
  return listed;
}

}  // namespace

TEST_CASE("a UIDL is found at its position, in any order of queries") {
  const std::vector<std::vector<std::string>> table{
      {},
      {"a"},
      {"b", "a"},
      {"uid-10", "uid-9", "uid-100", "uid-1"},
      {"same-beginning-0123456789-b", "same-beginning-0123456789-a", "same-beginning-"},
      {"prefix12345678x", "prefix12345678", std::string("prefix12345678\0", 15), "prefix1234567"},
      {"pre\xff", "pre\x7f", "pre\x80", std::string("pre\0", 4), "pre"},
      {"z", "zz", "zzz", "y", "", "yz"}};
  for (const auto& uidls : table) {
    const auto listed = listing_of(uidls);
    UidlIndex index(listed);
    CHECK(index.listed().data() == listed.data());
    for (const std::size_t stride : {1, 2, 3, 5}) {
      for (std::size_t i = 0; i < 30 && !uidls.empty(); ++i) {
        const std::size_t at = i * stride % uidls.size();
        CHECK(index.find(uidls[at]) == at);
      }
    }
    for (auto place = uidls.size(); place-- > 0;) CHECK(index.find(uidls[place]) == place);
    for (const auto* missing :
         {"0", "pr", "prefix12345679", "same-beginning-0123456789-c", "uid-2", "zzzz"}) {
      CHECK_FALSE(index.find(missing));
    }
    for (std::size_t place = 0; place < uidls.size(); ++place) {
      CHECK(index.unique(place) == !uidls[place].empty());
    }
  }
}

TEST_CASE("a UIDL that several messages share is unique for none of them") {
  const std::vector<std::string> uidls{"b", "a", "c", "a", "", "b", "a", ""};
  const auto listed = listing_of(uidls);
  UidlIndex index(listed);
  for (std::size_t place = 0; place < uidls.size(); ++place)
    CHECK(index.unique(place) == (uidls[place] == "c"));
  for (const auto& uidl : uidls) CHECK(uidls[index.find(uidl).value()] == uidl);
}
