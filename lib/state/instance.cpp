// SPDX-License-Identifier: MIT
#include "state/instance.h"

#include <sys/random.h>

#include <array>

#include "state/checksum.h"
#include "state/database.h"
#include "state/statement.h"
#include "state/transaction.h"
#include "util/error.h"

namespace mailhaul::state {

namespace {

struct Instance {
  std::string name, machine;
};

std::string random_name() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";  // 32 letters: no bias
  std::array<unsigned char, 8> random{};
  if (::getrandom(random.data(), random.size(), 0) != std::ssize(random)) {
    util::throw_errno(util::Kind::os, "get random bytes from", "getrandom");
  }
  std::string name;
  for (const auto byte : random) name += letters[byte % letters.size()];
  return name;
}

std::string check_of(const Instance& instance) {
  Checksum sum;
  sum.add(std::string_view(instance.name));
  sum.add(std::string_view(instance.machine));
  return std::to_string(sum.short_value());
}

Instance read_unchecked(Database& database) {
  return {.name = database.text("SELECT value FROM meta WHERE key = 'instance'"),
          .machine = database.text("SELECT value FROM meta WHERE key = 'machine'")};
}

/// The name is empty if there is none yet. All three values are read in one snapshot, because another process
/// may be writing them.
Instance read_instance(Database& database) {
  const Snapshot snapshot(database);
  auto instance = read_unchecked(database);
  const auto check = database.text("SELECT value FROM meta WHERE key = 'check'");
  const bool none = instance.name.empty() && instance.machine.empty() && check.empty();
  if (!none && check != check_of(instance))
    throw database.damage("the checksum of its instance name is wrong");
  return instance;
}

void write_instance(Database& database, const Instance& instance) {
  Statement put(database, "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)");
  put.run(std::string_view("instance"), std::string_view(instance.name));
  put.run(std::string_view("machine"), std::string_view(instance.machine));
  put.run(std::string_view("check"), std::string_view(check_of(instance)));
}

}  // namespace

std::string instance_on(Database& database, const std::string& machine) {
  const auto fits = [&](const Instance& instance) {
    return !instance.name.empty() && (machine.empty() || instance.machine == machine);
  };
  if (const auto instance = read_instance(database); fits(instance)) return instance.name;
  Transaction transaction(database, Durability::synced);
  auto instance = read_instance(database);
  if (!fits(instance)) {  // otherwise another process was faster
    instance = {.name = random_name(), .machine = machine};
    write_instance(database, instance);
  }
  transaction.commit();
  return instance.name;
}

void add_instance_check(Database& database) {
  if (const auto instance = read_unchecked(database); !instance.name.empty())
    write_instance(database, instance);
}

}  // namespace mailhaul::state
