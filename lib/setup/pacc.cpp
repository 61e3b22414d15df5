// SPDX-License-Identifier: MIT
#include <algorithm>

#include "account/document.h"
#include "setup/autoconfig.h"
#include "setup/host_names.h"
#include "util/ascii.h"
#include "util/base64.h"
#include "util/digest.h"
#include "util/error.h"
#include "util/escape.h"

namespace mailhaul::setup {
namespace {

using account::Node;
using util::Error;
using util::Kind;

/// The value of a tag in "v=UAAC1; a=sha256; d=...".
std::string tag_of(std::string_view record, std::string_view name) {
  while (!record.empty()) {
    const auto end = std::min(record.find(';'), record.size());
    auto tag = util::without_leading_blanks(record.substr(0, end));
    record.remove_prefix(std::min(end + 1, record.size()));
    while (tag.ends_with(' ')) tag.remove_suffix(1);
    if (tag.starts_with(name) && tag.substr(name.size()).starts_with('='))
      return std::string(tag.substr(name.size() + 1));
  }
  return {};
}

bool vouches_for(std::string_view record, std::string_view json) {
  if (tag_of(record, "v") != "UAAC1" || util::lower(tag_of(record, "a")) != "sha256") return false;
  const auto hash = util::sha256(json);
  const auto wanted = util::base64_decode(tag_of(record, "d"));
  return wanted && std::ranges::equal(*wanted, hash, [](char one, std::uint8_t other) {
           return static_cast<std::uint8_t>(one) == other;
         });
}

/// A member of an object in an object; null: it is not there.
const Node* find(const Node& root, std::string_view outer, std::string_view inner) {
  const auto* const first = root.member(outer);
  const auto* const second = first == nullptr ? nullptr : first->value.member(inner);
  return second == nullptr ? nullptr : &second->value;
}

Node parse_json(std::string_view json) {
  if (json.size() > largest_announcement) throw Error(Kind::protocol, "its answer is too large");
  try {
    return account::parse(json, "its answer");
  } catch (const Error& error) {
    throw Error(Kind::protocol, std::string("its answer is not JSON: ") + error.what());
  }
}

}  // namespace

Announcement read_pacc(std::string_view json, const std::vector<std::string>& records,
                       std::string_view address) {
  if (std::ranges::none_of(records, [&](const auto& record) { return vouches_for(record, json); }))
    throw Error(Kind::protocol, records.empty() ? "no DNS record vouches for its answer"
                                                : "its answer is not the one that the DNS vouches for");
  const Node root = parse_json(json);
  Announcement announcement{.server = {}, .why_none = "it offers no POP3", .page = {}};
  const auto* const pop3 = find(root, "protocols", "pop3");
  const auto* const host = pop3 == nullptr ? nullptr : pop3->member("host");
  if (host == nullptr || host->value.form != Node::Form::text) return announcement;
  AnnouncedServer server{.host = util::lower(host->value.text), .user = std::string(address)};
  if (!is_host_name(server.host)) {
    announcement.why_none = "it names a server that is not a valid host: '" + util::escape(server.host) + "'";
    return announcement;
  }
  const auto* const password = find(root, "authentication", "password");
  server.takes_oauth = find(root, "authentication", "oauth-public") != nullptr;
  server.takes_password = (password != nullptr && password->flag) || !server.takes_oauth;
  announcement.server = server;
  return announcement;
}

}  // namespace mailhaul::setup
