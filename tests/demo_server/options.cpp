// SPDX-License-Identifier: MIT
#include "options.h"

#include <charconv>
#include <stdexcept>

namespace mailhaul::demo {

const char* const usage =
    R"(usage: mailhaul-demo-server [OPTIONS]
A POP3 server on 127.0.0.1 that keeps its messages in memory. Its first line of output names its port.
At SIGUSR1 it says how many messages are left, and those removed are back.

  --mailbox MAILBOX        what the user demo has: demo (default), a folder with a file for each message,
                           or gen:COUNT:MINBYTES:MAXBYTES[:SEED] (generated)
  --user NAME=MAILBOX      another user; may be repeated, and is then instead of demo
  --password TEXT          everybody's password (demo)
  --address A              instead of 127.0.0.1
  --port N                 0: any free one
  --port-file FILE         write the port number there
  --tls none|implicit|starttls
  --cert FILE --key FILE   PEM; without them a certificate is made, and an authority for it
  --ca-out FILE            write the certificate of that authority there, for clients
  --no-pipelining          do not announce PIPELINING
  --no-uidl, --no-top      neither announce nor understand UIDL, TOP
  --lock-timeout SECONDS   how long a login waits for another session of the same user to end (60)
  --dump DIR               write every message to DIR/UID first (several users: DIR/NAME/UID)
  --digests FILE           write the SHA-256 of every message as it is with LF line ends: USER UID HEX
  --exit-with-parent       end when the program that started it ends
)";

namespace {

TlsMode parse_tls(const std::string& word) {
  if (word == "none") return TlsMode::none;
  if (word == "implicit") return TlsMode::implicit;
  if (word == "starttls") return TlsMode::starttls;
  throw std::runtime_error("--tls is none, implicit or starttls");
}

std::uint16_t parse_number(const std::string& word, const std::string& what) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size())
    throw std::runtime_error("not a " + what + ": " + word);
  return number;
}

User parse_user(const std::string& word) {
  const std::size_t sign = word.find('=');
  if (sign == word.npos || sign == 0) throw std::runtime_error("--user is NAME=MAILBOX");
  return {word.substr(0, sign), word.substr(sign + 1)};
}

bool take_flag(Options& options, std::string_view word) {
  if (word == "--no-pipelining") return options.pipelining = false, true;
  if (word == "--no-uidl") return options.uidl = false, true;
  if (word == "--no-top") return options.top = false, true;
  if (word == "--exit-with-parent") return options.exit_with_parent = true;
  if (word == "--help") return options.help = true;
  return false;
}

bool take_value(Options& options, std::string_view word, const std::string& value) {
  if (word == "--mailbox") return options.users.push_back({"demo", value}), true;
  if (word == "--user") return options.users.push_back(parse_user(value)), true;
  if (word == "--password") return options.password = value, true;
  if (word == "--address") return options.address = value, true;
  if (word == "--port") return options.port = parse_number(value, "port"), true;
  if (word == "--port-file") return options.port_file = value, true;
  if (word == "--tls") return options.tls = parse_tls(value), true;
  if (word == "--cert") return options.cert = value, true;
  if (word == "--key") return options.key = value, true;
  if (word == "--ca-out") return options.ca_out = value, true;
  if (word == "--lock-timeout")
    return options.lock_timeout = std::chrono::seconds(parse_number(value, "number of seconds")), true;
  if (word == "--dump") return options.dump = value, true;
  if (word == "--digests") return options.digests = value, true;
  return false;
}

}  // namespace

Options parse_options(std::span<char* const> words) {
  Options options;
  while (!words.empty()) {
    const std::string word = words.front();
    words = words.subspan(1);
    if (take_flag(options, word)) continue;
    if (words.empty() || !take_value(options, word, words.front())) {
      throw std::runtime_error("not understood: '" + word + "'; --help names the options");
    }
    words = words.subspan(1);
  }
  if (options.cert.empty() != options.key.empty())
    throw std::runtime_error("--cert and --key must be given together");
  if (options.users.empty()) options.users.push_back({"demo", "demo"});
  return options;
}

}  // namespace mailhaul::demo
