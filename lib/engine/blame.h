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

  /// If the message read last may be incomplete (bytes after it may be its rest, or its size is not the
  /// announced one), it stays on the server, and is reported. If either it or the awaited message may have
  /// ended the session, it comes last as well.
  void latest(const Verdict& verdict, const util::Error& error);
  /// Notes that the message to blame, if any, comes last. Returns the error with the UID of that message.
  [[nodiscard]] util::Error name(const Verdict& verdict, const util::Error& error);

 private:
  const Step* awaited(const Verdict& verdict) const;

  Parts parts_;
  std::string latest_uid_;  ///< of the message that latest() has reported
};

}  // namespace mailhaul::engine
