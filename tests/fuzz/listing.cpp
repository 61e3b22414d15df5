// SPDX-License-Identifier: MIT
// Input: the lines of CAPA, of LIST and of UIDL, separated by empty lines.
#include "pop3/listing.h"

#include <set>

#include "fuzz/fuzz.h"

using namespace mailhaul;

namespace {

std::vector<std::string> paragraph(fuzz::Input& input) {
  std::vector<std::string> lines;
  while (!input.empty()) {
    lines.emplace_back(input.until('\n'));
    if (lines.back().empty()) return lines.pop_back(), lines;
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto capabilities = pop3::parse_capabilities(paragraph(input));
  fuzz::require(capabilities.expire_days.value_or(0) >= 0, "EXPIRE is no negative number");

  pop3::ListingBuilder builder;
  const auto sizes = paragraph(input);
  const auto uidls = paragraph(input);
  for (const auto& line : sizes) builder.add_list_line(line);
  const auto odd_sizes = builder.faults().malformed_lines;
  for (const auto& line : uidls) builder.add_uidl_line(line);
  const auto odd_uidls = builder.faults().malformed_lines - odd_sizes;
  const auto listed = builder.take();

  fuzz::require(listed.size() + odd_sizes == sizes.size(), "each LIST line makes a message or is counted");
  std::set<std::uint32_t> numbers;
  std::size_t named = 0;
  for (const auto& one : listed) {
    fuzz::require(one.number != 0 && numbers.insert(one.number).second, "no number is 0 or comes twice");
    fuzz::require(one.bytes <= std::uint64_t{1} << 40U, "no size is beyond 1 TiB");
    if (one.uidl.empty()) continue;
    ++named;
    fuzz::require(std::any_of(uidls.begin(), uidls.end(),
                              [&](const std::string& line) { return line.find(one.uidl) != line.npos; }),
                  "each UIDL is what a line says, byte by byte");
  }
  fuzz::require(named + odd_uidls <= uidls.size(), "no UIDL line counts twice");
  return 0;
}
