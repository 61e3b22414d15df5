// SPDX-License-Identifier: MIT
// Input: words in shell syntax, or "kind:...", or a value of the configuration.
#include "delivery/spec.h"

#include "fuzz/fuzz.h"
#include "util/base64.h"
#include "util/escape.h"
#include "util/shell.h"
#include "util/units.h"

using namespace mailhaul;

namespace {

std::string shell_quoted(std::string_view word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + '\'';
}

void check_words(const std::string& text) {
  const auto words = util::split_words(text);
  if (!words) return;
  std::string quoted, joined;
  for (const auto& word : *words) {
    quoted += shell_quoted(word) + ' ';
    joined += word;
  }
  fuzz::require(joined.size() <= text.size(), "no word comes out of nothing");
  fuzz::require(util::split_words(quoted) == words, "words that are quoted are the same words");
}

void check_spec(const std::string& text) {
  const auto parsed = delivery::parse_shorthand(text, [](std::string_view path) {
    return util::Path(path.starts_with('/') ? "" : "/home/anna") / path;
  });
  if (!parsed.wrong.empty()) {
    fuzz::require(fuzz::escaped(parsed.wrong), "what is wrong is said in printable words");
    return;
  }
  fuzz::require(!delivery::describe(parsed.spec).empty(), "what was read can be described");
  delivery::Spec again{.kind = parsed.spec.kind};
  for (const auto& field : again.kind->fields) {
    const auto value = delivery::value_of(parsed.spec, field.name);
    fuzz::require(delivery::set_field(again, field, value).empty(), "a field takes the value it has");
    fuzz::require(delivery::value_of(again, field.name) == value, "and keeps it");
  }
}

void check_values(const std::string& text) {
  fuzz::require(util::unescape_uid(util::escape_uid(text)) == text, "a UID is read back as it was");
  fuzz::require(fuzz::printable(util::escape_uid(text)), "a UID is shown in printable bytes");
  fuzz::require(util::base64_decode(util::base64_encode(text)) == text, "base64 is read back as it was");
  if (const auto bytes = util::base64_decode(text))
    fuzz::require(bytes->size() <= text.size(), "base64 is longer than what it stands for");
  if (const auto time = util::parse_duration(text))
    fuzz::require(time->count() >= 0 && util::parse_duration(util::format_duration(*time)) == time,
                  "a time is read back as it was");
  if (const auto bytes = util::parse_size(text))
    fuzz::require(util::parse_size(std::to_string(*bytes)) == bytes, "a size is read back as it was");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  check_words(text);
  check_spec(text);
  check_values(text);
  return 0;
}
