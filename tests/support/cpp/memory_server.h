// SPDX-License-Identifier: MIT
// A small POP3 server in memory, after the login: a maildrop that outlives its sessions, and ways to
// misbehave.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/cpp/memory_maildrop.h"
#include "support/cpp/scripted_stream.h"

namespace mailhaul::test {

/// One session at a time. A session without QUIT removes nothing. The server processes QUIT, and removes
/// messages, when everything that was requested before QUIT has reached the client.
class MemoryServer {
 public:
  using Reply = ScriptedStream::Reply;
  /// Answers instead of the server. Gets the command and its number in this session, from 1. If it returns
  /// nullopt, the server answers properly.
  using Misbehaviour = std::function<std::optional<Reply>(const std::string& command, std::size_t nth)>;

  MemoryServer() = default;
  explicit MemoryServer(std::vector<StoredMessage> stored) : messages(std::move(stored)) {}
  MemoryServer(const MemoryServer&) = delete;
  MemoryServer& operator=(const MemoryServer&) = delete;

  std::vector<StoredMessage> messages;
  ServerOptions options;
  Misbehaviour misbehave;
  std::vector<std::string> commands;  ///< all that were processed, over all sessions
  std::size_t sessions = 0;
  std::uint64_t most_bytes_outstanding = 0;  ///< the largest sum of the sizes of RETRs waiting at a time
  std::size_t most_outstanding = 0;          ///< the largest number of commands waiting at a time

  /// A session, logged in. The server must outlive it.
  std::unique_ptr<ScriptedStream> open() {
    ++sessions;
    marked_.clear();
    nth_ = 0;
    auto stream = std::make_unique<ScriptedStream>(
        [this](const std::string& command) { return take_up(command); }, options.wire);
    current_ = stream.get();
    return stream;
  }

  /// The lines of CAPA that the login saw; empty if the server has no CAPA.
  std::vector<std::string> capabilities() const { return options.capabilities(); }

  /// How often a command was processed.
  std::size_t count(std::string_view command) const {
    std::size_t times = 0;
    for (const auto& one : commands) times += one == command ? 1U : 0U;
    return times;
  }
  /// How often a command with this verb was processed.
  long count_of(std::string_view verb) const {
    return std::ranges::count_if(commands, [&](const auto& one) { return one.starts_with(verb); });
  }

 private:
  Reply take_up(const std::string& command) {
    watch();
    commands.push_back(command);
    ++nth_;
    if (misbehave) {
      if (auto reply = misbehave(command, nth_)) return *reply;
    }
    std::istringstream words(command);
    std::string verb;
    std::size_t number = 0;
    words >> verb >> number;
    if (number != 0 || verb == "RETR" || verb == "TOP" || verb == "DELE") return answer_one(verb, number);
    return answer_all(verb);
  }

  void watch() {
    const auto& waiting = current_->waiting();
    std::uint64_t bytes = 0;
    for (const auto& command : waiting) {
      if (!command.starts_with("RETR ")) continue;
      const auto number = std::stoul(command.substr(5));
      if (number <= messages.size()) bytes += messages[number - 1].bytes.size();
    }
    most_bytes_outstanding = std::max(most_bytes_outstanding, bytes);
    most_outstanding = std::max(most_outstanding, waiting.size());
  }

  Reply answer_all(const std::string& verb) {
    if (verb == "CAPA" && options.capa) return multi_line(capabilities());
    if (verb == "NOOP") return "+OK\r\n";
    if (verb == "STAT") return "+OK " + std::to_string(messages.size() - marked_.size()) + " 0\r\n";
    if (verb == "LIST") {
      return numbered([](const StoredMessage& message) { return std::to_string(message.bytes.size()); });
    }
    if (verb == "UIDL" && options.uidl) {
      return numbered([](const StoredMessage& message) { return message.uidl; });
    }
    if (verb == "QUIT") return quit();
    return "-ERR unknown command\r\n";
  }

  Reply answer_one(const std::string& verb, std::size_t number) {
    if (number == 0 || number > messages.size() || marked_.contains(number))
      return "-ERR no such message\r\n";
    const auto& bytes = messages[number - 1].bytes;
    if (verb == "RETR") return "+OK " + std::to_string(bytes.size()) + " octets\r\n" + stuffed(bytes);
    if (verb == "TOP" && options.top) {
      return "+OK top follows\r\n" + stuffed(header_of(bytes));
    }
    if (verb != "DELE") return "-ERR unknown command\r\n";
    marked_.insert(number);
    return "+OK marked\r\n";
  }

  template <typename Text>
  Reply numbered(Text text) const {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (!marked_.contains(i + 1)) lines.push_back(std::to_string(i + 1) + ' ' + text(messages[i]));
    }
    return multi_line(lines);
  }

  Reply quit() {
    if (options.removes) {
      for (auto number = marked_.rbegin(); number != marked_.rend(); ++number) {
        messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(*number - 1));
      }
    }
    marked_.clear();
    return {"+OK bye\r\n", true};
  }

  std::set<std::size_t> marked_;
  std::size_t nth_ = 0;
  ScriptedStream* current_ = nullptr;
};

}  // namespace mailhaul::test
