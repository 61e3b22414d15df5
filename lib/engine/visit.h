// SPDX-License-Identifier: MIT
// One session at the server: listing, plan, retrieval, settlement, removal.
#pragma once
#include <cstdint>
#include <deque>

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/account_run.h"
#include "engine/fingerprint.h"
#include "engine/identity.h"
#include "engine/plan.h"
#include "engine/settle.h"
#include "pop3/session.h"

namespace mailhaul::engine {

/// What a visit asks the server for, and why.
struct Task {
  Step* step = nullptr;
  bool look = false;  ///< TOP n 0, to see that it is what the row says; otherwise RETR
};

/// A message being received: its hashes and its copies in the making.
struct Arrival {
  struct Copy {
    delivery::Destination* destination;
    std::unique_ptr<delivery::Writer> writer;
    bool retry;  ///< it may have been handed over before
  };
  Fingerprint print;
  std::vector<Copy> copies;
  std::optional<util::Error> failure;  ///< a writer's: the message stays on the server, the others go on
};

/// One thread at a time. After run() threw, give_up() settles what may be settled.
class Visit {
 public:
  Visit(AccountRun& run, net::Stream& stream, pop3::SessionOptions options);
  /// Nobody but `seen` uses the store before it is there.
  void run(std::future<state::MailboxRows> seen);
  /// After `error` ended the session. True: worth a new session in this run, one by one if need be.
  bool give_up(const util::Error& error);

 private:
  void look_around(std::future<state::MailboxRows> seen);  ///< listing, identities, plan
  void begin_step(Step& step);
  void stay(Step& step);  ///< skip and leave: said and written where worth it
  void work();            ///< until nothing is owed
  void stop_asking();
  void answer(Task task, pop3::Message& message);
  void refused(const Task& task, const std::string& words);
  void look(const Task& task, pop3::Message& message);
  void receive(Step& step, pop3::Message& message);
  void open_writers(const Step& step, Arrival& arrival);
  void ask_again(Step& step);
  std::optional<state::Row> own_row(const Step& step) const;
  state::Row better_known(Step& step, const Print& print, state::Row stub);
  void read(const Step& step, Arrival& arrival, pop3::Message& message);
  [[noreturn]] void give_up_on(const Step& step, const util::Error& error);
  void stays(const Step& step, const util::Error& error);
  void storage_failed(const Step& step, const Arrival& arrival, const util::Error& error);
  void part_with(Step& step, state::Row row);
  void abandon(const std::string& uid, const state::Landing& landing);
  bool spare_delivered(const Step& step, Arrival& arrival, const state::Row& row);
  bool over_limit();
  std::optional<state::Row> known_by_content(const Step& step, const Print& print);
  state::Row row_of(const Step& step, const Print& print, std::optional<state::Row> known);
  void accept(Step& step, Arrival& arrival, const Print& print, std::optional<state::Row> known);
  void check_held();
  state::Store& store() const;        ///< when no batch under way uses it
  void settle();                      ///< all that has arrived
  void settle_beside();               ///< the batch, while the next arrives
  void finish_settling();             ///< of the batch under way
  std::vector<Arrived> take_batch();  ///< in the order of the plan
  void conclude(const Arrived& arrived);
  void close_destinations();
  void note_absences(std::span<const Identity> identities);
  void give_up_postponed();
  void same(
      Step& step,
      state::Row row);  ///< the message is the row's: write what changed, remove where the policy says so
  void remove(const Step& step, state::RowId row);
  void end();  ///< DELE answers, QUIT, GONE
  void mark_suspect();
  void put_last(const Step& step);
  state::Row row_to_note(const Step& step);
  void say(const Step& step, Action action, std::string_view reason, std::string_view deliver = {});
  std::string uid(const Step& step) const { return shown_uid(step.message, step.identity.header); }

  AccountRun& run_;
  pop3::Session session_;
  Settler settler_;
  Batch batch_;
  state::MailboxRows seen_;
  std::vector<Step> steps_;
  std::deque<Task> tasks_;      ///< asked for, in order
  std::deque<Task> postponed_;  ///< to be asked for when sizes are trusted again
  std::vector<Arrived> held_;   ///< octets differ from LIST while pipelining: not believed yet
  std::unordered_map<std::uint32_t, Step*> by_number_;        ///< steps of what is held or in the batch
  std::unordered_map<std::uint32_t, state::RowId> removing_;  ///< DELE asked for
  std::set<state::RowId>
      loose_;  ///< absent or in doubt: perhaps a message of this listing under another UIDL
  std::set<state::RowId> claimed_;     ///< rows that a message of this listing was found to be
  std::vector<state::RowId> matched_;  ///< rows changed because a message was found to be theirs
  std::set<std::uint32_t> failed_;     ///< noted as such by put_last()
  std::uint32_t accepted_ = 0;         ///< messages on their way into a batch, or beyond
  int sizes_confirmed_ = 0;
  int storage_failures_ = 0;          ///< in a row
  Step* receiving_ = nullptr;         ///< whose RETR is being answered
  bool ending_ = false;               ///< QUIT is on its way: nothing else is owed
  bool usable_ = true;                ///< the session may still be talked to
  bool unsettled_retrieval_ = false;  ///< something was retrieved and did not reach S5
  bool broken_ = false;               ///< an answer came back different: pipelining is not to be trusted
};

}  // namespace mailhaul::engine
