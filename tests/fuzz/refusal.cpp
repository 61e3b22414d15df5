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
    const auto meant = net::understand(text, otherwise);
    const auto kind = meant.kind;
    fuzz::require(
        kind == otherwise || kind == Kind::login || kind == Kind::temporary || kind == Kind::unavailable,
        "a refusal is of a known kind");
    const auto again = net::understand(lower, otherwise);
    fuzz::require(meant.reason == again.reason && kind == again.kind && meant.hint == again.hint &&
                      meant.pause == again.pause,
                  "letters count in either case");
    fuzz::require(fuzz::printable(meant.hint), "a hint is ours, not the server's");
    const bool may_pause = kind == Kind::temporary || kind == Kind::login;
    fuzz::require(
        !meant.pause || (may_pause && meant.pause->count() > 0 && *meant.pause <= std::chrono::days(1)),
        "a pause follows a refused login or trouble that passes, and lasts a day at most");
  }
  return 0;
}
