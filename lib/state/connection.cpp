// SPDX-License-Identifier: MIT
#include "state/connection.h"

#include "state/database_file.h"
#include "state/instance.h"
#include "state/schema.h"
#include "util/file.h"
#include "util/host.h"

namespace mailhaul::state {

namespace {

util::Path provided(const util::Path& file, std::mutex& writes) {
  const util::Path real = real_path(file);
  const std::lock_guard turn(writes);
  provide_file(real);
  return real;
}

}  // namespace

Store::Connection::Connection(const util::Path& file, std::mutex& writes)
    : database(provided(file, writes), writes) {
  migrate(database);
  instance = instance_on(database, util::machine_id());
}

}  // namespace mailhaul::state
