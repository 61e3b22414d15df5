// SPDX-License-Identifier: MIT
#include "engine/mailbox.h"

#include <fcntl.h>

#include <array>
#include <cstdint>
#include <cstdio>

#include "util/durations.h"
#include "util/escape.h"
#include "util/file.h"
#include "util/named_lock.h"
#include "util/utc.h"

namespace mailhaul::engine {

namespace {

/// 16 hex digits (FNV-1a, 64 bits). This is not the mailbox's id, because the lock is taken before the
/// database is read, and because two databases in one directory must not work on one mailbox at a time. If
/// two mailboxes have the same digits, only one of them can be locked at a time. No digest of OpenSSL is
/// used: starting OpenSSL would be most of what an idle poll costs.
std::string lock_key(const account::MailboxKey& key) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : key.user + '\0' + key.host + '\0' + std::to_string(key.port)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

util::Path lock_file(const account::MailboxKey& key, const util::Path& state_file) {
  return state_file.parent_path() / "locks" / (lock_key(key) + ".lock");
}

}  // namespace

state::MailboxId mailbox_in(state::Store& store, const account::Account& account) {
  const auto key = account::mailbox_of(account);
  return store.mailbox(key.user, key.host, key.port);
}

std::optional<state::MailboxId> find_mailbox(const state::Store& store, const account::Account& account) {
  const auto key = account::mailbox_of(account);
  return store.find_mailbox(key.user, key.host, key.port);
}

util::Fd lock_mailbox(const account::MailboxKey& key, const util::Path& state_file) {
  const auto file = lock_file(key, state_file);
  util::make_directories(file.parent_path());
  auto lock = util::try_lock(file);
  if (!lock) {
    const auto holder = util::holder_of(file);
    const auto who = holder ? " (process " + std::to_string(holder->pid) + ", started " +
                                  util::roughly(holder->age) + " ago)"
                            : std::string();
    throw util::Error(util::Kind::temporary,
                      "another mailhaul" + who + " is at work on the mailbox of " + util::escape(key.user) +
                          " at " + key.host,
                      "wait until it has ended; a run that was killed holds no lock");
  }
  util::name_holder(lock->get());
  return std::move(*lock);
}

void note_poll(const account::MailboxKey& key, const util::Path& state_file, state::Time begun) {
  const auto file = lock_file(key, state_file);
  const auto open = util::open_file(file, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
  util::pwrite_all(open.get(), util::format_utc(begun) + "\n", 0, file);  // always of the same length
}

std::optional<state::Time> last_poll(const account::MailboxKey& key, const util::Path& state_file) {
  constexpr std::size_t limit = 64;
  try {
    const auto line = util::read_file(lock_file(key, state_file), limit);
    return util::parse_utc(line.substr(0, line.find('\n')));
  } catch (const util::Error&) {
    return std::nullopt;
  }
}

}  // namespace mailhaul::engine
