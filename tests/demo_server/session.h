// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maildrop.h"

namespace mailhaul::demo {

/// One POP3 session (RFC 1939, 2449, 2595, 3206, 5034), from the greeting to QUIT or until the client is
/// gone.
class Session {
 public:
  Session(Channel& channel, Service& service) : channel_(channel), service_(service) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();  ///< unlocks the maildrop; marks are dropped

  void run();  ///< throws Gone

 private:
  struct Command;
  static const Command* find_command(std::string_view keyword);

  void obey(const std::string& line);
  void ok(std::string_view text);
  void refuse(std::string_view text);

  // Before login.
  void capa(std::string_view words);
  void user(std::string_view words);
  void pass(std::string_view words);
  void auth(std::string_view words);
  void stls(std::string_view words);
  void quit(std::string_view words);
  void log_in(const std::string& name, std::string_view password);

  // After login.
  void stat(std::string_view words);
  void list(std::string_view words);
  void uidl(std::string_view words);
  void retr(std::string_view words);
  void top(std::string_view words);
  void dele(std::string_view words);
  void rset(std::string_view words);
  void noop(std::string_view words);
  std::optional<std::size_t> find_message(std::string_view word);
  template <typename Show>
  void show_listing(std::string_view words, Show show);
  void forget_marks();
  void remove_marked();

  Channel& channel_;
  Service& service_;
  Maildrop* maildrop_ = nullptr;  ///< locked by us, once logged in
  std::string user_;
  std::vector<bool> marked_;
  std::size_t left_messages_ = 0;
  std::uint64_t left_octets_ = 0;
  bool ended_ = false;
};

}  // namespace mailhaul::demo
