// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "engine/plan.h"
#include "pop3/session.h"
#include "report/listener.h"

namespace mailhaul::engine {

enum class Ask {
  header,  ///< TOP n 0, to see that the message is the one its row describes
  whole,   ///< RETR
  proof    ///< STAT or NOOP: a proper answer shows that the message before it has ended
};

/// One request to the server, for one step of the plan.
struct Request {
  const Step* step = nullptr;  ///< null for a proof
  Ask ask = Ask::whole;
  Action action = Action::fetch;  ///< the step's, or `verify` once the header did not decide
};

/// What a server is known to do.
struct ServerTraits {
  bool top = false;            ///< it knows TOP
  bool sizes_are_off = false;  ///< it announces wrong sizes: a size decides nothing
  bool removes = false;        ///< what is delivered is removed there
};

/// The first request for a message; empty if the plan leaves it alone.
[[nodiscard]] std::optional<Request> first_request(const Step& step, ServerTraits server);

struct Traffic {
  std::uint32_t messages = 0;
  std::uint64_t bytes = 0;
};
/// How much is retrieved whole, as far as the plan tells.
[[nodiscard]] Traffic traffic_of(std::span<const Step> steps, ServerTraits server);
/// Reports what the steps will retrieve or, if that is nothing, what they will remove.
void tell_planned(std::span<const Step> steps, ServerTraits server, report::Listener& tell,
                  std::string_view account);

/// The requests that were sent, in order, and those that wait. One thread at a time.
class Requests {
 public:
  explicit Requests(pop3::Session& session) : session_(session) {}

  void add(const Request& request);
  /// From now on, requests one message at a time, each RETR with a proof after it, so that a message that
  /// breaks the session can be named.
  void ask_singly();
  [[nodiscard]] bool outstanding() const noexcept { return !asked_.empty(); }
  /// The answer to the oldest request, which is current() from now on. REQUIRES: outstanding().
  pop3::Message& next();
  [[nodiscard]] const Request& current() const noexcept { return current_; }
  /// The message whose RETR was refused by the answer read last; null if that was another answer.
  [[nodiscard]] const Step* refused_last() const noexcept { return refused_last_; }
  void done() noexcept { current_ = {.ask = Ask::proof}; }

  /// Holds back the requests that are not sent yet.
  void hold_back();
  void postpone(const Request& request) { postponed_.push_back(request); }
  /// Sends what was held back or postponed.
  void resume();
  /// Forgets the messages to be fetched that are not requested yet and are not wanted any more.
  void keep_only(const std::function<bool(const Step&)>& is_wanted);
  /// Forgets the messages not requested yet that are listed again after their removal; returns how many.
  [[nodiscard]] Traffic drop_relisted();
  /// Forgets what was held back or postponed; returns whether there was any.
  [[nodiscard]] bool drop_postponed();

 private:
  pop3::Session& session_;
  std::deque<Request> asked_, postponed_;
  Request current_{.ask = Ask::proof};
  const Step* refused_last_ = nullptr;
  bool prove_each_ = false;
};

}  // namespace mailhaul::engine
