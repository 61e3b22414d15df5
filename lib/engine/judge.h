// SPDX-License-Identifier: MIT
// What the early end of a session means (LAW section 2). Pure, like plan().
#pragma once
#include <cstdint>

#include "pop3/session.h"
#include "util/error.h"

namespace mailhaul::engine {

/// What is known about a session that ended early.
struct Evidence {
  bool pipelining = false;          ///< several commands may have been under way
  bool quit_sent = false;           ///< only the answer to QUIT was awaited
  bool sizes_differed = false;      ///< a body had another size than announced
  bool body_changed = false;        ///< a body was different when it was asked for again, alone
  bool batch_failed = false;        ///< a batch could not be settled: nothing else should be
  bool latest_unproven = false;     ///< no answer has followed the message read last
  bool latest_may_be_cut = false;   ///< the message read last has another size than LIST announced
  bool only_proof_awaited = false;  ///< only the answer that proves the latest message was awaited
  bool latest_refused = false;      ///< the message answered last was refused
  pop3::Doubt doubt = {};           ///< of the conversation
  util::Kind kind = util::Kind::temporary;
  std::uint32_t border_breaks = 0;  ///< earlier sessions that ended between two answers, while pipelining
};

enum class Next {
  stop,             ///< the run ends for this account
  new_session,      ///< list and plan anew: an answer was missing
  one_by_one,       ///< the same, without PIPELINING for 7 days: the server breaks it
  failed_messages,  ///< all went well; a session for the messages that failed in earlier runs
};

struct Verdict {
  bool keep_batch = false;          ///< complete messages may be settled; otherwise they are dropped
  bool keep_latest = false;         ///< the message read last may be settled, too
  bool suspect_rows = false;        ///< the next session checks the rows of this one before it believes them
  bool latest_comes_last = false;   ///< the message read last is to blame, and comes last next time
  bool refused_comes_last = false;  ///< the message refused last is to blame: its body may have come as well
  bool current_comes_last = false;  ///< the message whose answer was awaited is to blame
  Next next = Next::stop;
  std::uint32_t border_breaks = 0;  ///< to be remembered
};

[[nodiscard]] Verdict judge(const Evidence& evidence);

}  // namespace mailhaul::engine
