// SPDX-License-Identifier: MIT
// Programs that respect only the dotlock replace the mbox while we open it.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "delivery/mbox.h"
#include "fixture.h"
#include "util/file.h"

using namespace mailhaul;
using namespace mailhaul::delivery;
using mailhaul::test::deliver;
using mailhaul::test::Fixture;
using mailhaul::test::put;
using mailhaul::test::slurp;
using mailhaul::test::spill;

namespace fs = std::filesystem;

namespace {

bool is_locked(const fs::path& path) {
  const auto file = util::open_file(path, O_RDWR, 0600);
  struct flock whole {};
  whole.l_type = F_WRLCK;
  REQUIRE(::fcntl(file.get(), F_OFD_GETLK, &whole) == 0);
  return whole.l_type != F_UNLCK;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an mbox that is replaced before we get its dotlock is opened again") {
  const auto path = dir / "mail/box", dotlock = dir / "mail/box.lock";
  fs::create_directory(dir / "mail");
  const std::string kept = "From a@b Mon Jan  1 00:00:00 2024\nSubject: kept\n\nkept\n\n";
  spill(dir / "mail/new", kept);
  spill(path, "");
  spill(dotlock, "");  // nobody knows its owner, so its age is asked for
  constexpr std::int64_t two_days = 2 * 86400;
  const struct timespec then[2]{{clock - two_days, 0}, {clock - two_days, 0}};
  REQUIRE(::utimensat(AT_FDCWD, dotlock.c_str(), then, 0) == 0);
  const auto patient = open_mbox(path, {}, context);
  const std::vector<Ticket> tickets{put(*patient, envelope(false), "x\r\n")};
  bool replaced = false;
  context.now = [&, now = context.now] {
    if (!replaced && is_locked(path)) {  // we have checked the file, and do not have its dotlock yet
      replaced = true;
      fs::rename(dir / "mail/new", path);
    }
    return now();
  };
  deliver(*patient, tickets);
  CHECK(replaced);
  CHECK(slurp(path) == kept + "From MAILER-DAEMON Tue Nov 14 22:13:20 2023\nx\n\n");
}
