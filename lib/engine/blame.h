// SPDX-License-Identifier: MIT
// Which message is to blame for the early end of a session: the next session asks for it last.
#pragma once
#include <string>

#include "engine/judge.h"
#include "engine/message_notes.h"
#include "engine/removals.h"
#include "engine/requests.h"
#include "engine/unproven.h"
#include "util/error.h"

namespace mailhaul::engine {

/// One thread at a time.
class Blame {
 public:
  struct Parts {
    const pop3::Session& session;
    const Requests& requests;
    Unproven& unproven;
    const Removals& removals;
    MessageNotes& notes;
    const Plan& plan;
  };
  explicit Blame(const Parts& parts) : parts_(parts) {}

  /// Bytes that arrived after the message read last may be the rest of it: it stays on the server, and that
  /// is reported. If the end may be about it as well as about the one awaited, it comes last, too.
  void latest(const Verdict& verdict, const util::Error& error);
  /// Notes that the message to blame comes last, if there is one. Returns the error with its UID.
  [[nodiscard]] util::Error name(const Verdict& verdict, const util::Error& error);

 private:
  const Step* awaited(const Verdict& verdict) const;

  Parts parts_;
  std::string latest_uid_;  ///< of the message that latest() has reported
};

}  // namespace mailhaul::engine
