// SPDX-License-Identifier: MIT
// Input: a byte that says how the message is cut, and the message.
#include "engine/fingerprint.h"

#include <algorithm>
#include <set>
#include <vector>

#include "fuzz/fuzz.h"
#include "util/ascii.h"

using namespace mailhaul;
using engine::MessageHashes;

namespace {

MessageHashes hashes_of(std::string_view message, unsigned cut) {
  engine::Fingerprint fingerprint;
  fuzz::in_pieces(message, cut, [&](std::string_view piece) { fingerprint.add(piece); });
  fuzz::require(fingerprint.octets() == message.size(), "every byte is counted");
  return fingerprint.finish();
}

const std::set<std::string, std::less<>> senders{"message-id",  "date",       "from",        "sender",
                                                 "reply-to",    "to",         "cc",          "subject",
                                                 "in-reply-to", "references", "mime-version"};
const std::set<std::string, std::less<>> servers{
    "status", "x-status", "x-uidl", "x-uid", "x-imapbase", "x-keywords", "x-wait", "lines", "content-length"};

/// Words with one blank between them.
std::string words_of(std::string_view text) {
  std::string result;
  bool gap = false;
  for (const char c : text) {
    if (std::string_view(" \t\r\n").find(c) != std::string_view::npos) {
      gap = !result.empty();
      continue;
    }
    if (gap) result += ' ';
    gap = false;
    result += c;
  }
  return result;
}

/// A field "content-type:value" without its boundary, which servers choose anew.
std::string without_boundary(const std::string& text) {
  const std::string name = "boundary=";
  const auto at = util::lower(text).find(name);
  if (!text.starts_with("content-type:") || at == std::string::npos) return text;
  std::string rest = text.substr(at + name.size());
  const bool quoted = rest.starts_with('"');
  if (quoted) rest.erase(0, 1);
  const auto end = rest.find_first_of(quoted ? "\"" : "; ");
  return text.substr(0, at) + (end == std::string::npos ? "" : rest.substr(end));
}

/// Replaces every LF that follows no CR with CRLF.
std::string with_crlf(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\n' && !result.ends_with('\r')) result += '\r';
    result += c;
  }
  return result;
}

/// A second implementation, which needs the whole message at once. For messages shorter than any limit on
/// fields.
MessageHashes reference(std::string_view message) {
  std::vector<std::string> fields;
  std::size_t at = 0;
  while (at < message.size()) {
    const auto end = std::min(message.find('\n', at), message.size() - 1) + 1;
    const std::string line(message.substr(at, end - at));
    at = end;
    if (line == "\n" || line == "\r\n") break;
    const bool continues = line.front() == ' ' || line.front() == '\t';
    if (continues && !fields.empty()) {
      fields.back() += line;
    } else {
      fields.push_back(line);
    }
  }
  std::vector<std::string> sent;
  std::string other;
  for (const auto& field : fields) {
    const auto colon = field.find(':');
    const auto name = util::lower(words_of(field.substr(0, colon)));
    const auto value = colon == std::string::npos ? "" : words_of(field.substr(colon + 1));
    const auto text = without_boundary(name + ":" + value) + "\n";
    const bool known = senders.contains(name) || name.starts_with("resent-") || name.starts_with("content-");
    if (known && name != "content-length") {
      sent.push_back(text);
    } else if (!servers.contains(name)) {
      other += text;
    }
  }
  std::ranges::sort(sent);
  std::string header;
  for (const auto& text : sent) header += text;
  const auto hash = util::sha256(sent.empty() ? other : header);
  const std::string lines = with_crlf(message.substr(at));
  std::string_view body = lines;
  const auto last = body.find_last_not_of("\r\n");
  body = body.substr(0, last == std::string_view::npos ? 0 : last + 1);
  return {hash, util::sha256(util::hex(hash) + std::string(body))};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto cut = input.byte();
  const auto message = input.rest();
  const auto expected = reference(message);
  for (const auto how : {0U, 1U, cut}) {
    const auto hashes = hashes_of(message, how);
    fuzz::require(hashes.header == expected.header && hashes.content == expected.content,
                  "the hashes are the same however the message is cut");
  }
  const auto body = std::min(message.find("\n\r\n"), message.find("\n\n"));
  if (body != std::string_view::npos && !message.starts_with("\r\n") && !message.starts_with('\n')) {
    fuzz::require(hashes_of(message.substr(0, body + 1), cut).header == expected.header,
                  "TOP n 0 and RETR have one header");
  }
  return 0;
}
