// SPDX-License-Identifier: MIT
#include "credentials/keyring.h"

#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "credentials/oauth_refusal.h"
#include "util/error.h"
#include "util/file.h"
#include "util/process.h"

namespace mailhaul::credentials {
namespace {

using util::Error;
using util::Kind;

constexpr std::chrono::seconds longest_call{60};
constexpr std::size_t largest_password = 64U << 10U;

/// The attributes are those that mpop(1) uses, so that passwords that were stored for mpop are found.
std::vector<std::string> call_of(const char* action, const Subject& subject) {
  std::vector<std::string> argv{"secret-tool", action};
  if (argv.back() == "store") argv.push_back("--label=POP3: " + subject.user + " at " + subject.host);
  argv.insert(argv.end(), {"host", subject.host, "service", "pop3", "user", subject.user});
  return argv;
}

struct Answer {
  util::Exit exit;
  util::Secret output;
  std::string last_words;
};

/// A file without a name, because it contains a secret.
util::Fd unnamed_file(std::string_view content = {}) {
  util::Fd file(::memfd_create("keyring", MFD_CLOEXEC));
  if (!file) util::throw_errno(Kind::os, "make", "a buffer");
  util::write_all(file.get(), content, "a buffer");
  if (::lseek(file.get(), 0, SEEK_SET) < 0) util::throw_errno(Kind::os, "read", "a buffer");
  return file;
}

Answer call(const std::vector<std::string>& argv, std::string_view input, const util::Cancel& cancel) {
  const auto in = unnamed_file(input);
  const auto out = unnamed_file();
  const auto err = unnamed_file();
  try {
    util::Child child(
        {.argv = argv, .environment = {}, .input = in.get(), .output = out.get(), .error = err.get()});
    Answer answer{.exit = child.wait(longest_call, cancel), .output = {}, .last_words = {}};
    std::string text(largest_password, '\0');
    text.resize(util::pread_all(out.get(), text, 0, argv.front()));
    answer.output = util::Secret(std::move(text));
    answer.last_words = util::last_words(err);
    return answer;
  } catch (const Error& error) {
    if (error.kind() != Kind::storage) throw;  // Kind::storage: secret-tool could not be started
    throw Error(Kind::config, std::string("keyring: ") + error.what(),
                "install it (Debian: libsecret-tools), or use another password source than \"keyring\"");
  }
}

[[noreturn]] void refuse(const Answer& answer, const std::string& tried, const util::Cancel& cancel) {
  if (cancel.requested()) throw Error(Kind::cancelled, "stopped while secret-tool was running");
  throw Error(Kind::temporary,
              "cannot " + tried + ": secret-tool: " + util::describe(answer.exit, longest_call) +
                  (answer.last_words.empty() ? "" : ": " + answer.last_words),
              "is the desktop's keyring running and unlocked? It belongs to a login session, so cron and ssh "
              "often have none: use \"password_command\" or \"password_credential\" there");
}

std::string owner(const Subject& subject) { return subject.user + " at " + subject.host; }

}  // namespace

util::Secret password_in_keyring(const Subject& subject, const util::Cancel& cancel) {
  auto answer = call(call_of("lookup", subject), {}, cancel);
  const bool silent = answer.output.empty() && answer.last_words.empty();
  if (!answer.exit.ok() && !(silent && answer.exit.status == 1))
    refuse(answer, "read the password of " + owner(subject) + " from the keyring", cancel);
  if (answer.output.empty())
    throw LoginNeeded("the keyring has no password for " + owner(subject),
                      "mailhaul login " + subject.account + " asks for it and stores it");
  return std::move(answer.output);
}

void keep_in_keyring(const Subject& subject, const util::Secret& password, const util::Cancel& cancel) {
  const auto answer = call(call_of("store", subject), password.reveal(), cancel);
  if (!answer.exit.ok())
    refuse(answer, "store the password of " + owner(subject) + " in the keyring", cancel);
}

/// Reads the password first, because secret-tool does not report whether it removed one.
bool remove_from_keyring(const Subject& subject, const util::Cancel& cancel) {
  try {
    static_cast<void>(password_in_keyring(subject, cancel));
  } catch (const LoginNeeded&) {
    return false;
  }
  const auto answer = call(call_of("clear", subject), {}, cancel);
  if (!answer.exit.ok())
    refuse(answer, "remove the password of " + owner(subject) + " from the keyring", cancel);
  return true;
}

}  // namespace mailhaul::credentials
