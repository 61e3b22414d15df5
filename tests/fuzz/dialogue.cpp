// SPDX-License-Identifier: MIT
// Input: a secret, ending in NUL, and lines: those with ">" are ours, those with "<" the server's, all others
// remarks. In a line, 0xff stands for the secret, and 0xfe encodes the rest in base64, three times at most.
#include "fuzz/fuzz.h"
#include "net/transcript.h"
#include "util/ascii.h"
#include "util/base64.h"

using namespace mailhaul;

namespace {

constexpr std::size_t longest_trace = 1000;
constexpr std::size_t longest_line = 64UL * 1024;

std::string expanded(std::string_view line, const std::string& secret, int layers = 3) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\xfe' && layers > 0)
      return text + util::base64_encode(expanded(line.substr(i + 1), secret, layers - 1));
    if (line[i] == '\xff') {
      text += secret;
    } else {
      text += line[i];
    }
  }
  return text;
}

bool is_digit64(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' || c == '/';
}

/// Whether a run of base64 digits in the text contains the secret, wherever its groups of four begin.
bool holds_encoded(std::string_view text, const std::string& secret) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_digit64(text[end])) ++end;
    for (std::size_t shift = 0; shift < 4 && at + shift < end; ++shift) {
      auto digits = std::string(text.substr(at + shift, end - at - shift));
      digits.resize(digits.size() / 4 * 4 + (digits.size() % 4 == 1 ? 0 : digits.size() % 4));
      digits.append((4 - digits.size() % 4) % 4, '=');
      const auto bytes = util::base64_decode(digits);
      if (bytes && bytes->find(secret) != std::string::npos) return true;
    }
    at = end + 1;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::string secret(input.until('\0'));
  net::Redactor redactor;
  redactor.hide(secret);
  // The secret may happen to be what we insert ourselves: "***", " ***", "...".
  const bool tellable = secret.size() >= 5 && secret.find('*') == secret.npos && !secret.ends_with(' ') &&
                        !secret.ends_with('.');

  std::string told;
  const net::Trace trace = [&](char, std::string_view line) {
    fuzz::require(fuzz::escaped(line), "what is reported is escaped");
    fuzz::require(line.size() <= 4 * (longest_trace + 3) + 3, "what is reported is cut");
    told = line;
  };
  net::Dialogue dialogue(redactor, trace);

  while (!input.empty()) {
    const auto raw = input.until('\n');
    const auto line = expanded(raw.substr(std::min<std::size_t>(raw.size(), 1)), secret);
    told.clear();
    if (raw.starts_with('>')) {
      dialogue.sent(line);
      fuzz::require(!line.starts_with("PASS ") || told == "PASS ***", "no word behind PASS is shown");
    } else if (raw.starts_with('<')) {
      dialogue.received(line);
    } else {
      dialogue.remark(line);
    }
    if (!tellable) continue;
    const auto masked = redactor.text(line);
    fuzz::require(util::lower(masked).find(util::lower(secret)) == std::string::npos, "the secret is hidden");
    fuzz::require(!holds_encoded(masked, secret), "the secret is hidden in base64");
    if (raw.starts_with(">CONNECT")) continue;  // to a proxy; it contains only the name of the host
    if (fuzz::printable(secret) && told.find('\\') == std::string::npos) {
      fuzz::require(told.find(secret) == std::string::npos, "the secret is not shown");
      fuzz::require(!holds_encoded(told, secret), "the secret is not shown in base64");
    }
  }
  const auto& transcript = dialogue.transcript();
  fuzz::require(transcript.capabilities().size() <= 256 && transcript.greeting().size() <= longest_line &&
                    transcript.refusal().value_or("").size() <= longest_line,
                "what is kept of a dialogue is bounded");
  return 0;
}
