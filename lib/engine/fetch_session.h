// SPDX-License-Identifier: MIT
// One session at the server: listing, plan, retrieval, settlement, removal.
#pragma once
#include <functional>
#include <optional>
#include <span>

#include "engine/account_run.h"
#include "engine/answers.h"
#include "engine/blame.h"
#include "engine/judge.h"
#include "engine/matcher.h"
#include "engine/message_notes.h"
#include "engine/offering.h"
#include "engine/plan.h"
#include "engine/removals.h"
#include "engine/requests.h"
#include "engine/settle.h"
#include "engine/unproven.h"
#include "net/connection.h"
#include "pop3/session.h"

namespace mailhaul::engine {

/// Reads the rows of the mailbox; called once, when the listing is there.
using ReadRows = std::function<state::MailboxRows()>;

/// Which messages a session is for.
enum class Part {
  all,    ///< messages that failed before come last, and only if nothing waits for QUIT by then
  failed  ///< messages that failed before, and those that no session of this run has fetched yet
};

/// Coordinates the parts; each decision is made by the part that owns it. One thread at a time.
class FetchSession {
 public:
  FetchSession(AccountRun& run, net::Stream& stream, pop3::SessionOptions options);
  /// Works from the listing to QUIT. Until the rows are read, only `rows` uses the store. Returns
  /// Next::failed_messages if messages that failed before need a session of their own, otherwise Next::stop.
  [[nodiscard]] Next run(const ReadRows& rows, Part part);
  /// After run() threw: settles what may be settled. Returns which session to try next; if there is none,
  /// throws the error, with the message that is to blame.
  [[nodiscard]] Next end_early(const util::Error& error);

 private:
  void list_and_plan(const ReadRows& rows, Part part, Offering& offering);
  ServerTraits server_traits();
  void begin(const Step& step);
  void carry_out(std::span<const Step> steps, Offering& offering);
  void work(std::span<const Step> steps, Offering& offering);
  bool awaits_answer();
  void settle_when_full();
  void check_unproven();
  void conclude(const ReceivedMessage& message);
  void close_places();
  void remove();
  bool goes_on_without(const util::Error& error);
  void remember(const Verdict& verdict);

  AccountRun& run_;
  pop3::Session session_;
  Settler settler_;
  Matcher matcher_;
  MessageNotes notes_;
  Requests requests_;
  Unproven unproven_;
  Removals removals_;
  Answers answers_;
  Plan plan_;
};

/// One session, from listing to QUIT. Next::stop: the account is done; otherwise a new session is to be
/// tried. Throws the Error that ended it; messages that were whole are settled first.
[[nodiscard]] Next fetch_once(AccountRun& run, net::LoggedIn logged_in, const ReadRows& rows, Part part);

}  // namespace mailhaul::engine
