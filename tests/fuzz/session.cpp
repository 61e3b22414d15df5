// SPDX-License-Identifier: MIT
// Input: a line of letters (p: PIPELINING seen at login, n: never pipeline, t: TOP, q: QUIT), a byte that
// says how replies are cut, and the replies in the order of the commands, separated by "|".
#include "pop3/session.h"

#include <set>

#include "fuzz/fuzz.h"
#include "support/cpp/scripted_stream.h"
#include "util/ascii.h"

using namespace mailhaul;
using util::Kind;

namespace {

constexpr std::size_t most_messages = 12;

struct Script {
  bool announced, forbidden, top, quit;
  unsigned cut;
  std::vector<std::string> replies;
};

Script script_of(fuzz::Input& input) {
  const auto letters = input.until('\n');
  const auto has = [&](char c) { return letters.find(c) != std::string_view::npos; };
  Script script{has('p'), has('n'), has('t'), has('q'), input.byte(), {}};
  while (!input.empty()) script.replies.emplace_back(input.until('|'));
  return script;
}

bool has_number(std::string_view line, std::string_view verb, std::string_view end) {
  return line.starts_with(verb) && line.ends_with(end) && line.size() > verb.size() + end.size() &&
         util::parse_number(line.substr(verb.size(), line.size() - verb.size() - end.size()));
}

/// One session, in which everything is listed, fetched and removed.
class FuzzedSession {
 public:
  explicit FuzzedSession(const Script& script)
      : script_(script),
        random_(script.cut),
        stream_([this](const std::string& command) { return answer(command); }, wire()) {}

  void run() {
    const auto error = fuzz::error_of([&] { work(); });
    if (error) {
      fuzz::require(error->kind() != Kind::internal, "no session is misused, whatever the server says");
      fuzz::require(fuzz::escaped(error->what()), "an error's text is escaped");
    }
  }

 private:
  test::Wire wire() {
    if (script_.cut == 0) return {};
    return {.any_piece = [this] { return script_.cut == 1 ? 1 : 1 + random_() % 40; }};
  }

  test::ScriptedStream::Reply answer(const std::string& command) {
    const bool simple = command == "CAPA" || command == "STAT" || command == "LIST" || command == "UIDL";
    const bool dele = has_number(command, "DELE ", "");
    fuzz::require(simple || dele || has_number(command, "RETR ", "") || has_number(command, "TOP ", " 0") ||
                      (command == "QUIT" && script_.quit),
                  "only whole commands are sent, and QUIT only when asked for");
    if (dele) fuzz::require(read_.contains(command.substr(5)), "DELE follows only what was read to its end");
    if (next_ == script_.replies.size()) return {"", true};
    return script_.replies[next_++];
  }

  void work() {
    pop3::SessionOptions options{.may_pipeline = !script_.forbidden};
    options.trace = [this](char direction, std::string_view line) { traced(direction, line); };
    if (script_.announced) options.capabilities = {"PIPELINING", "UIDL"};
    pop3::Session session(stream_, options);
    auto listed = session.listing();
    listed.resize(std::min(listed.size(), most_messages));
    for (const auto& one : listed) session.want({one.number, one.bytes, script_.top});
    while (session.owed() != 0) receive(session);
    if (script_.quit) check(session.quit());
  }

  void traced(char direction, std::string_view line) {
    fuzz::require(fuzz::escaped(line), "what is traced is escaped");
    if (direction == '>') ++owed_;
    if (direction == '<') --owed_;
    fuzz::require(owed_ <= (script_.forbidden ? 1U : 2048U), "no more is asked than may be");
  }

  void receive(pop3::Session& session) {
    auto& message = session.next();
    if (message.refused()) {
      fuzz::require(fuzz::escaped(*message.refused()), "a refusal is escaped");
      return;
    }
    while (const auto piece = message.read()) fuzz::require(!piece->empty(), "no piece is empty");
    read_.insert(std::to_string(message.wanted().number));
    session.remove(message.wanted().number);
    ++removed_;
  }

  void check(const pop3::RemovalResult& removal) const {
    fuzz::require(removal.accepted.size() + removal.refused.size() == removed_, "each DELE has its answer");
    for (const auto number : removal.accepted)
      fuzz::require(read_.contains(std::to_string(number)), "only what was read is removed");
  }

  const Script& script_;
  std::minstd_rand random_;
  test::ScriptedStream stream_;
  std::set<std::string> read_;
  std::size_t next_ = 0, removed_ = 0, owed_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto script = script_of(input);
  FuzzedSession(script).run();
  return 0;
}
