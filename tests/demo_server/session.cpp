// SPDX-License-Identifier: MIT
#include "session.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace mailhaul::demo {
namespace {

/// Cuts the first word off.
std::string_view next_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

std::optional<std::size_t> to_number(std::string_view digits) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// Decodes a line of base64; nullopt if it is not valid.
std::optional<std::string> decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int got =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (got < 0) return std::nullopt;
  const auto padding = std::min<std::size_t>(text.size() - text.find_last_not_of('=') - 1, 2);
  bytes.resize(static_cast<std::size_t>(got) - padding);
  return bytes;
}

}  // namespace

struct Session::Command {
  std::string_view keyword;
  void (Session::*obey)(std::string_view words);
  enum class When { before_login, after_login, always } when;
};

const Session::Command* Session::find_command(std::string_view keyword) {
  using enum Command::When;
  static constexpr std::array<Command, 14> commands{{
      {"CAPA", &Session::capa, always},
      {"USER", &Session::user, before_login},
      {"PASS", &Session::pass, before_login},
      {"AUTH", &Session::auth, before_login},
      {"STLS", &Session::stls, before_login},
      {"QUIT", &Session::quit, always},
      {"STAT", &Session::stat, after_login},
      {"LIST", &Session::list, after_login},
      {"UIDL", &Session::uidl, after_login},
      {"RETR", &Session::retr, after_login},
      {"TOP", &Session::top, after_login},
      {"DELE", &Session::dele, after_login},
      {"RSET", &Session::rset, after_login},
      {"NOOP", &Session::noop, after_login},
  }};
  const auto* const found = std::ranges::find_if(commands, [&](const Command& command) {
    return std::ranges::equal(command.keyword, keyword, {}, {},
                              [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  });
  return found == commands.end() ? nullptr : found;
}

Session::~Session() {
  if (maildrop_ != nullptr) maildrop_->unlock();
}

void Session::run() {
  if (service_.tls == TlsMode::implicit) channel_.start_tls(*service_.context);
  ok("mailhaul's demo server is ready");
  while (!ended_) {
    const auto line = channel_.read_line();
    if (!line) return;
    obey(*line);
  }
  channel_.close();
}

void Session::obey(const std::string& line) {
  std::string_view words = line;
  const Command* command = find_command(next_word(words));
  if (command == nullptr) return refuse("no such command");
  if (command->when == Command::When::before_login && maildrop_ != nullptr)
    return refuse("already logged in");
  if (command->when == Command::When::after_login && maildrop_ == nullptr) return refuse("log in first");
  (this->*command->obey)(words);
}

void Session::ok(std::string_view text) {
  channel_.put("+OK ");
  channel_.put(text);
  channel_.put("\r\n");
}

void Session::refuse(std::string_view text) {
  channel_.put("-ERR ");
  channel_.put(text);
  channel_.put("\r\n");
}

void Session::capa(std::string_view /*words*/) {
  ok("this server can");
  if (service_.top) channel_.put("TOP\r\n");
  if (service_.uidl) channel_.put("UIDL\r\n");
  channel_.put("USER\r\nSASL PLAIN\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n");
  if (service_.pipelining) channel_.put("PIPELINING\r\n");
  if (service_.tls == TlsMode::starttls && !channel_.encrypted()) channel_.put("STLS\r\n");
  channel_.put("IMPLEMENTATION mailhaul-demo-server\r\n.\r\n");
}

void Session::user(std::string_view words) {
  if (words.empty()) return refuse("USER needs a name");
  user_ = words;
  ok("and the password?");
}

void Session::pass(std::string_view words) {
  if (user_.empty()) return refuse("USER first");
  const std::string name = std::move(user_);
  user_.clear();
  log_in(name, words);
}

void Session::auth(std::string_view words) {
  const std::string mechanism(next_word(words));
  if (mechanism != "PLAIN" && mechanism != "plain") return refuse("PLAIN is the only mechanism here");
  std::string response(words);
  if (response.empty()) {
    channel_.put("+ \r\n");
    const auto line = channel_.read_line();
    if (!line) throw Gone{};
    response = *line;
  }
  if (response == "*") return refuse("as you wish");
  const auto decoded = decode(response == "=" ? "" : response);
  if (!decoded) return refuse("not base64");
  const std::size_t name_at = decoded->find('\0') + 1;  // authorization identity NUL name NUL password
  const std::size_t password_at = name_at == 0 ? 0 : decoded->find('\0', name_at) + 1;
  if (password_at == 0) return refuse("not what PLAIN says");
  log_in(decoded->substr(name_at, password_at - name_at - 1), std::string_view(*decoded).substr(password_at));
}

void Session::log_in(const std::string& name, std::string_view password) {
  const auto found = service_.users.find(name);
  if (found == service_.users.end() || password != service_.password) {
    return refuse("[AUTH] wrong user or password");
  }
  if (!found->second.lock(service_.lock_timeout)) return refuse("[IN-USE] another session has this maildrop");
  maildrop_ = &found->second;
  forget_marks();
  ok(std::to_string(left_messages_) + " messages");
}

void Session::stls(std::string_view words) {
  if (service_.tls != TlsMode::starttls) return refuse("no TLS here");
  if (channel_.encrypted()) return refuse("TLS is already on");
  if (!words.empty()) return refuse("STLS takes no argument");
  ok("begin");
  channel_.start_tls(*service_.context);
  user_.clear();
}

void Session::quit(std::string_view /*words*/) {
  remove_marked();
  ended_ = true;
  ok("goodbye");
}

void Session::stat(std::string_view /*words*/) {
  ok(std::to_string(left_messages_) + " " + std::to_string(left_octets_));
}

void Session::list(std::string_view words) {
  show_listing(words, [](const Message& message) { return std::to_string(message.octets); });
}

void Session::uidl(std::string_view words) {
  if (!service_.uidl) return refuse("no such command");
  show_listing(words, [](const Message& message) -> const std::string& { return message.uid; });
}

template <typename Show>
void Session::show_listing(std::string_view words, Show show) {
  if (!words.empty()) {
    const auto index = find_message(words);
    if (index) ok(std::to_string(*index + 1) + " " + show(*maildrop_->messages[*index]));
    return;
  }
  ok(std::to_string(left_messages_) + " messages");
  for (std::size_t index = 0; index < marked_.size(); ++index) {
    if (marked_[index]) continue;
    channel_.put(std::to_string(index + 1));
    channel_.put(" ");
    channel_.put(show(*maildrop_->messages[index]));
    channel_.put("\r\n");
  }
  channel_.put(".\r\n");
}

void Session::retr(std::string_view words) {
  const auto index = find_message(words);
  if (index) channel_.put(maildrop_->messages[*index]->answer);
}

void Session::top(std::string_view words) {
  if (!service_.top) return refuse("no such command");
  const std::string_view number = next_word(words);
  const auto lines = to_number(words);
  if (!lines) return refuse("TOP needs a message number and a number of lines");
  const auto index = find_message(number);
  if (!index) return;
  ok("the top of it");
  channel_.put(top_of(*maildrop_->messages[*index], *lines));
  channel_.put(".\r\n");
}

void Session::dele(std::string_view words) {
  const auto index = find_message(words);
  if (!index) return;
  marked_[*index] = true;
  --left_messages_;
  left_octets_ -= maildrop_->messages[*index]->octets;
  ok("marked");
}

void Session::rset(std::string_view /*words*/) {
  forget_marks();
  ok(std::to_string(left_messages_) + " messages");
}

void Session::noop(std::string_view /*words*/) { ok("still here"); }

/// The index of the message with this number; if there is none, answers -ERR and returns nullopt.
std::optional<std::size_t> Session::find_message(std::string_view word) {
  const auto number = to_number(word);
  if (!number || *number == 0 || *number > marked_.size()) {
    refuse("no such message");
    return std::nullopt;
  }
  if (marked_[*number - 1]) {
    refuse("this message is marked for removal");
    return std::nullopt;
  }
  return *number - 1;
}

void Session::forget_marks() {
  marked_.assign(maildrop_->messages.size(), false);
  left_messages_ = marked_.size();
  left_octets_ = 0;
  for (const Message* message : maildrop_->messages) left_octets_ += message->octets;
}

void Session::remove_marked() {
  if (maildrop_ == nullptr || left_messages_ == marked_.size()) return;
  std::vector<const Message*> left;
  left.reserve(left_messages_);
  for (std::size_t index = 0; index < marked_.size(); ++index) {
    if (!marked_[index]) left.push_back(maildrop_->messages[index]);
  }
  maildrop_->messages = std::move(left);
  marked_.assign(left_messages_, false);
}

}  // namespace mailhaul::demo
