// SPDX-License-Identifier: MIT
#include "engine/get.h"

#include "engine/read_only_session.h"
#include "engine/refusals.h"
#include "net/refusal.h"
#include "util/error.h"

namespace mailhaul::engine {

namespace {

[[noreturn]] void throw_refused(const std::string& uid, const std::string& words) {
  const auto meant = net::understand(words, util::Kind::temporary);
  throw util::Error(meant.kind, "cannot retrieve message " + uid + ": the server said -ERR " + words,
                    meant.hint.empty() ? std::string(hint_for_one_refused) : meant.hint);
}

}  // namespace

void get(const account::Account& account, const Environment& environment, report::Listener& listener,
         const Retrieval& retrieval) {
  ReadOnlySession read_only(account, environment, listener);
  const auto indexes = read_only.indexes_of(retrieval.uids);
  const MessageSink sink = retrieval.open_sink(indexes.size());
  std::uint64_t bytes = 0;
  for (const auto i : indexes) {
    bytes += read_only.listed[i].bytes;
    read_only.session.want(
        {.number = read_only.listed[i].number, .bytes = read_only.listed[i].bytes, .header_only = false});
  }
  listener.planned(account.name, static_cast<std::uint32_t>(indexes.size()), bytes);
  for (const auto i : indexes) {
    const std::string uid = read_only.uid_of(i);
    pop3::Message& message = read_only.session.next();
    if (message.refused()) throw_refused(uid, *message.refused());
    sink.begin(uid);
    while (const auto piece = message.read()) {
      sink.piece(*piece);
      listener.received(account.name, piece->size());
    }
    sink.end();
    listener.arrived(account.name);
  }
  read_only.leave();
}

}  // namespace mailhaul::engine
