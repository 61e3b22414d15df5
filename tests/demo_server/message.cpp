// SPDX-License-Identifier: MIT
#include "message.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace mailhaul::demo {
namespace {

std::size_t octets_on_the_wire(std::string_view bytes) {
  std::size_t octets = bytes.size();
  for (std::size_t at = bytes.find('\n'); at != bytes.npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') ++octets;
  }
  if (!bytes.empty() && bytes.back() != '\n') octets += 2;
  return octets;
}

}  // namespace

Message make_message(const Source& source) {
  Message message;
  message.uid = source.uid;
  message.octets = octets_on_the_wire(source.bytes);
  std::string& answer = message.answer;
  answer.reserve(message.octets + 64 + message.octets / 64);
  answer.append("+OK ").append(std::to_string(message.octets)).append(" octets\r\n");
  message.body_at = answer.size();
  std::string_view rest = source.bytes;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    const bool ended = end < rest.size();
    rest.remove_prefix(ended ? end + 1 : end);
    if (ended && line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with('.')) answer += '.';
    answer.append(line).append("\r\n");
  }
  answer += ".\r\n";
  answer.shrink_to_fit();
  return message;
}

std::string digest_of(const Source& source) {
  std::string text;
  text.reserve(source.bytes.size() + 1);
  for (std::size_t at = 0; at < source.bytes.size(); ++at) {
    const std::size_t end = std::min(source.bytes.find("\r\n", at), source.bytes.size());
    text.append(source.bytes, at, end - at);
    if (end < source.bytes.size()) text += '\n';
    at = end + 1;
  }
  if (!text.empty() && text.back() != '\n') text += '\n';
  std::array<unsigned char, 32> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4U];
    hex += "0123456789abcdef"[byte & 15U];
  }
  return hex;
}

std::string_view top_of(const Message& message, std::size_t lines) {
  const std::string_view answer = message.answer;
  const std::string_view body = answer.substr(message.body_at, answer.size() - message.body_at - 3);
  std::size_t at = 0;
  bool in_header = true;
  while (at < body.size() && (in_header || lines > 0)) {
    const std::size_t end = body.find("\r\n", at);
    if (in_header) {
      in_header = end != at;
    } else {
      --lines;
    }
    at = end + 2;
  }
  return body.substr(0, at);
}

}  // namespace mailhaul::demo
