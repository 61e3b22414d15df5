// SPDX-License-Identifier: MIT
#include "delivery/maildir.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "delivery/maildir_recovery.h"
#include "delivery/ticket_fields.h"
#include "fixture.h"
#include "util/host.h"

using namespace mailhaul;
using namespace mailhaul::delivery;
using mailhaul::test::contains;
using mailhaul::test::deliver;
using mailhaul::test::Fixture;
using mailhaul::test::mode_of;
using mailhaul::test::names_in;
using mailhaul::test::put;
using mailhaul::test::slurp;
using mailhaul::test::spill;
using mailhaul::test::thrown;

namespace fs = std::filesystem;
using Tickets = std::vector<Ticket>;

namespace {

struct MaildirFixture : Fixture {
  fs::path path = dir / "mail/home";
  std::unique_ptr<Destination> maildir = open(test::place("maildir", path), context);
  Envelope letter = envelope();
  std::string wire = "Subject: x\r\n\r\nFrom here\r\nlast";
  std::string stored = letter.trace_header + "Subject: x\n\nFrom here\nlast";
  std::string final_name = published_name(letter.id, stored.size());

  Tickets staged() {
    Tickets tickets{put(*maildir, letter, wire)};
    maildir->stage(tickets);
    return tickets;
  }
  /// What a new process reports about the tickets.
  std::vector<DeliveryResult> recovered(const Tickets& tickets) const {
    return reopen(tickets.front(), context)->recover(tickets);
  }
};

/// Limits the size of files, which has the effect of a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const struct rlimit low { bytes, before_.rlim_max };
    ::setrlimit(RLIMIT_FSIZE, &low);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  struct rlimit before_ {};
  void (*handler_)(int);
};

}  // namespace

TEST_CASE_FIXTURE(MaildirFixture, "a missing Maildir is created, for its owner only") {
  CHECK(names_in(path) == std::set<std::string>{"tmp", "new", "cur"});
  for (const auto* part : {"", "tmp", "new", "cur"}) CHECK(mode_of(path / part) == 0700);
  CHECK(maildir->target() == "maildir:" + path.native());
}

TEST_CASE_FIXTURE(MaildirFixture, "a message is stored byte for byte, trace header first, LF for CRLF") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"", ""},
      {"a\r\n", "a\n"},
      {"a\rb\nc\r", "a\rb\nc\r"},
      {std::string("\0.\r\n..\r\n", 8), std::string("\0.\n..\n", 6)},
      {"From x\r\n>From y\r\n", "From x\n>From y\n"},
      {std::string(300'000, 'x'), std::string(300'000, 'x')}};
  for (const auto& [sent, kept] : table) {
    for (const std::size_t piece : {1UL, 2UL, 3UL, 1UL << 20U}) {
      const auto one = envelope();
      const auto results = deliver(*maildir, {put(*maildir, one, sent, piece)});
      CHECK(results.at(0).status == DeliveryStatus::published);
      const auto text = one.trace_header + kept;
      const auto file = path / "new" / published_name(one.id, text.size());
      CHECK(slurp(file) == text);
      CHECK(mode_of(file) == 0600);
    }
  }
  CHECK(names_in(path / "tmp").empty());
}

TEST_CASE_FIXTURE(MaildirFixture, "nothing is visible before it is published") {
  const auto tickets = staged();
  CHECK(names_in(path / "new").empty());
  CHECK(names_in(path / "tmp") == std::set{letter.id});
  (void)maildir->publish(tickets);
  CHECK(names_in(path / "new") == std::set{final_name});
  CHECK(slurp(path / "new" / final_name) == stored);
}

TEST_CASE_FIXTURE(Fixture, "large batches are whole on every kind of file system") {
  for (const auto medium : {util::Medium::batch, util::Medium::plain, util::Medium::network}) {
    const auto path = dir / ("mail" + std::to_string(static_cast<int>(medium)));
    const auto maildir = open_maildir_on(MaildirFolder::make(path), medium, context);
    for (const int count : {1, 64, 65, 200}) {
      Tickets tickets;
      for (int i = 0; i < count; ++i) tickets.push_back(put(*maildir, envelope(), "x\r\n"));
      CHECK(deliver(*maildir, tickets).size() == static_cast<std::size_t>(count));
    }
    CHECK(names_in(path / "new").size() == 330);
    CHECK(names_in(path / "tmp").empty());
  }
  REQUIRE(warnings.size() == 1);
  CHECK(contains(warnings[0], "network file system"));
}

TEST_CASE_FIXTURE(Fixture, "running out of descriptors does not stop a batch") {
  const auto maildir = open_maildir_on(MaildirFolder::make(dir / "m"), util::Medium::plain, context);
  struct rlimit before {};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int next = ::dup(0);
  ::close(next);
  const struct rlimit few { static_cast<rlim_t>(next) + 8, before.rlim_max };
  ::setrlimit(RLIMIT_NOFILE, &few);
  Tickets tickets;
  for (int i = 0; i < 30; ++i) tickets.push_back(put(*maildir, envelope(), "x\r\n"));
  maildir->stage(tickets);
  ::setrlimit(RLIMIT_NOFILE, &before);
  (void)maildir->publish(tickets);
  CHECK(names_in(dir / "m/new").size() == 30);
}

TEST_CASE_FIXTURE(MaildirFixture, "an abandoned message leaves no file") {
  maildir->begin(letter, 10)->append("half");
  CHECK(names_in(path / "tmp").empty());
  maildir->discard(Tickets{put(*maildir, letter, wire)});
  CHECK(names_in(path / "tmp").empty());
  maildir->discard(staged());
  CHECK(names_in(path / "tmp").empty());
}

TEST_CASE_FIXTURE(MaildirFixture, "a full disk leaves no file, and is reported") {
  const std::string large(1 << 20, 'x');
  const FullDisk full(100'000);
  const auto error = thrown([&] { put(*maildir, letter, large); });
  CHECK(error.kind() == util::Kind::storage);
  CHECK(std::string(error.what()) ==
        "cannot write " + (path / "tmp" / letter.id).native() + ": File too large");
  CHECK(names_in(path / "tmp").empty());
}

TEST_CASE_FIXTURE(MaildirFixture, "a name that is taken is an error, and the existing file stays") {
  spill(path / "tmp" / letter.id, "other");
  CHECK(thrown([&] { put(*maildir, letter, wire); }).kind() == util::Kind::storage);
  CHECK(slurp(path / "tmp" / letter.id) == "other");
  fs::remove(path / "tmp" / letter.id);
  const auto tickets = staged();
  spill(path / "new" / final_name, "other");
  CHECK(thrown([&] { maildir->publish(tickets); }).kind() == util::Kind::storage);
  CHECK(slurp(path / "new" / final_name) == "other");
}

TEST_CASE_FIXTURE(MaildirFixture, "a staged file that disappeared is in doubt, not delivered") {
  const auto tickets = staged();
  fs::remove(path / "tmp" / letter.id);
  const auto result = maildir->publish(tickets).at(0);
  CHECK(result.status == DeliveryStatus::doubt);
  CHECK(contains(result.sentence, "disappeared"));
  CHECK(!result.hint.empty());
}

TEST_CASE_FIXTURE(Fixture, "a directory that is neither a Maildir nor empty is refused with a hint") {
  fs::create_directories(dir / "docs/tmp");
  spill(dir / "docs/letter", "x");
  const auto error = thrown([&] { open(test::place("maildir", dir / "docs"), context); });
  CHECK(error.kind() == util::Kind::cannot_create);
  CHECK(std::string(error.what()) == (dir / "docs").native() + " is neither a Maildir nor empty");
  CHECK(!error.hint().empty());
  CHECK(names_in(dir / "docs") == std::set<std::string>{"tmp", "letter"});
  spill(dir / "file", "x");
  CHECK(thrown([&] { open(test::place("maildir", dir / "file"), context); }).kind() ==
        util::Kind::cannot_create);
}

TEST_CASE_FIXTURE(Fixture, "an empty or half-created directory becomes a Maildir") {
  fs::create_directories(dir / "empty");
  fs::create_directories(dir / "half/tmp");
  fs::create_directory_symlink(dir / "empty", dir / "link");
  for (const auto* name : {"empty", "half", "link"}) {
    open(test::place("maildir", dir / name), context);
    CHECK(names_in(dir / name) == std::set<std::string>{"tmp", "new", "cur"});
  }
}

TEST_CASE_FIXTURE(MaildirFixture, "recovery publishes staged messages once, however often it runs") {
  const auto tickets = staged();
  maildir.reset();
  for (int run = 0; run < 3; ++run) CHECK(recovered(tickets).at(0).status == DeliveryStatus::published);
  CHECK(names_in(path / "new") == std::set{final_name});
  CHECK(slurp(path / "new" / final_name) == stored);
  CHECK(names_in(path / "tmp").empty());
}

TEST_CASE_FIXTURE(MaildirFixture, "recovery finds messages that were published, moved or taken by a reader") {
  const auto tickets = staged();
  (void)maildir->publish(tickets);
  CHECK(recovered(tickets).at(0).status == DeliveryStatus::published);
  fs::rename(path / "new" / final_name, path / "cur" / (final_name + ":2,S"));
  context.boot = "boot-2";
  CHECK(recovered(tickets).at(0).status == DeliveryStatus::published);
  fs::rename(path / "cur" / (final_name + ":2,S"), path / "cur" / (letter.id + ":2,RS"));
  CHECK(recovered(tickets).at(0).status == DeliveryStatus::published);
  CHECK(names_in(path / "new").empty());
}

TEST_CASE_FIXTURE(MaildirFixture,
                  "a message that is nowhere was taken in this boot and day, else is in doubt") {
  const auto tickets = staged();
  fs::remove(path / "tmp" / letter.id);
  clock += 86399;
  CHECK(recovered(tickets).at(0).status == DeliveryStatus::published);
  clock += 1;
  CHECK(recovered(tickets).at(0).status == DeliveryStatus::doubt);
  clock -= 3600;
  context.boot = "boot-2";
  const auto result = recovered(tickets).at(0);
  CHECK(result.status == DeliveryStatus::doubt);
  CHECK(contains(result.sentence, letter.id));
}

TEST_CASE_FIXTURE(MaildirFixture, "a staged file of another size is never published") {
  const auto tickets = staged();
  fs::resize_file(path / "tmp" / letter.id, 3);
  CHECK(recovered(tickets).at(0).status == DeliveryStatus::doubt);
  CHECK(names_in(path / "new").empty());
}

TEST_CASE_FIXTURE(MaildirFixture, "recovery between link and unlink leaves one copy") {
  const auto tickets = staged();
  fs::create_hard_link(path / "tmp" / letter.id, path / "new" / final_name);
  CHECK(recovered(tickets).at(0).status == DeliveryStatus::published);
  CHECK(names_in(path / "new") == std::set{final_name});
  CHECK(names_in(path / "tmp").empty());
}

TEST_CASE_FIXTURE(MaildirFixture, "recovery creates nothing and stops at another Maildir") {
  const auto tickets = staged();
  maildir.reset();
  fs::rename(path, dir / "elsewhere");
  const auto missing = thrown([&] { recovered(tickets); });
  CHECK(missing.kind() == util::Kind::storage);
  CHECK(!missing.hint().empty());
  CHECK(!fs::exists(path));
  open(test::place("maildir", path), context);
  CHECK(thrown([&] { recovered(tickets); }).kind() == util::Kind::storage);
  CHECK(names_in(path / "new").empty());
}

TEST_CASE_FIXTURE(MaildirFixture, "sweep removes the orphans of version 1 too, but not what a ticket names") {
  const std::string old_name = "1.mhabcd12340a1b2c3dm5.host";
  spill(path / "tmp" / old_name, "x");
  TicketFields fields;
  fields.set("id", old_name);
  maildir->sweep(Tickets{{"maildir:" + path.native(), fields.data()}});
  CHECK(names_in(path / "tmp").contains(old_name));
  maildir->sweep({});
  CHECK(names_in(path / "tmp").empty());
}

TEST_CASE_FIXTURE(MaildirFixture, "sweep removes our own orphans and nothing else") {
  const auto kept = staged();
  const auto orphan = envelope();
  for (const auto& name :
       {orphan.id, std::string("1.mhabcd1234k8m5.host"), std::string("1.mhabcd1234k7x5.host"),
        std::string("1.mhzzzz1234k7m5.host"), std::string("1.2.host"), orphan.id + ".bak,S=3"}) {
    spill(path / "tmp" / name, "x");
  }
  maildir->sweep(kept);
  auto left = names_in(path / "tmp");
  CHECK(left.erase(letter.id) == 1);
  CHECK(left.erase(orphan.id) == 0);
  CHECK(left.size() == 4 + 1);
  maildir->sweep({});
  CHECK(!names_in(path / "tmp").contains(letter.id));
}

TEST_CASE_FIXTURE(Fixture, "as root a Maildir of another user, or one in their directory, is refused") {
  if (::geteuid() != 0) return;
  constexpr uid_t nobody = 65534;
  for (const auto* name : {"whole", "parts", "empty", "home"}) fs::create_directory(dir / name);
  for (const auto* name : {"whole", "parts"}) {
    for (const auto* part : {"tmp", "new", "cur"}) fs::create_directory(dir / name / part);
  }
  for (const auto* theirs : {"whole", "whole/tmp", "whole/new", "whole/cur", "parts/cur", "empty", "home"})
    REQUIRE(::chown((dir / theirs).c_str(), nobody, nobody) == 0);
  fs::create_directory_symlink(dir / "whole", dir / "link");
  const std::vector<std::pair<std::string, std::string>> table{{"whole", "whole"},   {"parts", "parts/cur"},
                                                               {"empty", "empty"},   {"home/Mail", "home"},
                                                               {"home/a/b", "home"}, {"link", "link"}};
  for (const auto& [path, told] : table) {
    CAPTURE(path);
    const auto error = thrown([&, &where = path] { open(test::place("maildir", dir / where), context); });
    CHECK(error.kind() == util::Kind::cannot_create);
    CHECK(contains(error.what(), (dir / told).native() + " belongs to another user"));
    CHECK(contains(error.hint(), "run mailhaul as that user: sudo -u "));
  }
  CHECK(names_in(dir / "home").empty());
  CHECK(names_in(dir / "empty").empty());
}
