// SPDX-License-Identifier: MIT
// Input: the words after an -ERR.
#include "net/refusal.h"

#include "fuzz/fuzz.h"
#include "util/ascii.h"

using namespace mailhaul;
using util::Kind;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto lower = util::lower(text);

  const auto code = net::response_code(text);
  fuzz::require(code.size() <= 63 && code.find(' ') == code.npos && fuzz::printable(code),
                "a code is a word");
  fuzz::require(code.empty() || lower.find('[' + util::lower(code) + ']') == text.find_first_not_of(' '),
                "a code stands in brackets, first of all");

  for (const auto otherwise : {Kind::protocol, Kind::login}) {
    const auto kind = net::kind_of_refusal(text, otherwise);
    fuzz::require(
        kind == otherwise || kind == Kind::login || kind == Kind::temporary || kind == Kind::unavailable,
        "a refusal is of a known kind");
    fuzz::require(kind == net::kind_of_refusal(lower, otherwise), "letters count in either case");
    const auto hint = net::hint_for_refusal(text, kind);
    fuzz::require(hint == net::hint_for_refusal(lower, kind), "letters count in either case");
    fuzz::require(fuzz::printable(hint), "a hint is ours, not the server's");
  }
  return 0;
}
