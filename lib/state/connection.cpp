// SPDX-License-Identifier: MIT
#include "state/connection.h"

#include <sys/random.h>

#include <algorithm>
#include <array>

#include "state/database_file.h"
#include "state/schema.h"
#include "state/transaction.h"
#include "util/error.h"
#include "util/host.h"

namespace mailhaul::state {

namespace {

util::Path provided(const util::Path& file, std::mutex& writes) {
  const util::Path real = real_path(file);
  const std::lock_guard turn(writes);
  provide_file(real);
  return real;
}

std::string random_instance() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";  // 32: no bias
  std::array<unsigned char, 8> random{};
  if (::getrandom(random.data(), random.size(), 0) != std::ssize(random)) {
    util::throw_errno(util::Kind::os, "get random bytes from", "getrandom");
  }
  std::string instance;
  for (const auto byte : random) instance += letters[byte % letters.size()];
  return instance;
}

constexpr const char* read_instance = "SELECT value FROM meta WHERE key = 'instance'";
constexpr const char* read_machine = "SELECT value FROM meta WHERE key = 'machine'";

/// A home directory copied to another machine takes its database along: from then on they are two, and must
/// not take each other's temporary files for their own. Without a machine id nothing can be told, and nothing
/// changes.
std::string instance_on(Database& database, const std::string& machine) {
  const auto stored = [&] { return database.text(read_instance); };
  const auto fits = [&] { return machine.empty() || database.text(read_machine) == machine; };
  if (auto instance = stored(); !instance.empty() && fits()) return instance;
  Transaction transaction(database, Durability::synced);
  auto instance = stored();
  if (instance.empty() || !fits()) {  // else another process was faster
    instance = random_instance();
    Statement put(database, "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)");
    put.run(std::string_view("instance"), instance);
    put.run(std::string_view("machine"), machine);
  }
  transaction.commit();
  return instance;
}

}  // namespace

Store::Connection::Connection(const util::Path& file, std::mutex& writes)
    : database(provided(file, writes), writes) {
  migrate(database);
  instance = instance_on(database, util::machine_id());
}

}  // namespace mailhaul::state
