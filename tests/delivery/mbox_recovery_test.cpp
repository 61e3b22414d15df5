// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "delivery/mbox.h"
#include "delivery/mbox_recovery.h"
#include "delivery/ticket_fields.h"
#include "fixture.h"

using namespace mailhaul;
using namespace mailhaul::delivery;
using mailhaul::test::contains;
using mailhaul::test::count;
using mailhaul::test::Fixture;
using mailhaul::test::put;
using mailhaul::test::slurp;
using mailhaul::test::spill;
using mailhaul::test::thrown;

namespace fs = std::filesystem;
using Tickets = std::vector<Ticket>;

namespace {

/// Three entries, staged behind old mail. A test then changes the mbox to what a crash might leave.
struct Crashed : Fixture {
  fs::path path = dir / "box";
  std::string old = "From a@b Mon Jan  1 00:00:00 2024\nSubject: old\n\nold\n\n";
  std::string foreign = "From c@d Mon Jan  1 00:00:00 2024\nSubject: foreign\n\nforeign\n\n";
  std::vector<std::string> entries;
  std::string ours, spool;
  Tickets tickets;

  void stage(bool traced = true, const std::vector<std::string>& bodies = {"one", "two", "three"}) {
    spill(path, old);
    const auto mbox = open_mbox(path, {}, context);
    for (const auto& body : bodies) {
      const auto one = envelope(traced);
      const auto text = "Subject: s\n\n" + body + "\n";
      tickets.push_back(put(*mbox, one, "Subject: s\r\n\r\n" + body + "\r\n"));
      entries.push_back("From MAILER-DAEMON Tue Nov 14 22:13:20 2023\n" + one.trace_header + text + "\n");
      ours += entries.back();
    }
    mbox->stage(tickets);
    spool = TicketFields(tickets.front()).text("spool");
  }
  void stage_anew(bool traced, const std::vector<std::string>& bodies = {"one", "two", "three"}) {
    tickets.clear();
    entries.clear();
    ours.clear();
    warnings.clear();
    stage(traced, bodies);
  }
  std::vector<DeliveryResult> recover() const { return reopen(tickets.front(), context)->recover(tickets); }
  /// Recovers twice; the second time must change nothing.
  std::string recovered() const {
    for (const auto& result : recover()) CHECK(result.status == DeliveryStatus::published);
    auto once = slurp(path);
    for (const auto& result : recover()) CHECK(result.status == DeliveryStatus::published);
    CHECK(slurp(path) == once);
    CHECK(!fs::exists(path.native() + ".lock"));
    CHECK(!fs::exists(spool + journal_suffix));
    return once;
  }
  /// Puts a new file in the place of the old one, as many mail readers do.
  void replace(const std::string& content) {
    spill(dir / "new-box", content);
    fs::rename(dir / "new-box", path);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Crashed, "a batch cut at any byte is completed in its place") {
  stage();
  for (std::size_t cut = 0; cut <= ours.size(); ++cut) {
    spill(path, old + ours.substr(0, cut));
    CHECK(recovered() == old + ours);
    const bool whole = cut == entries[0].size() || cut == entries[0].size() + entries[1].size();
    CHECK(warnings.empty() == !whole);  // a batch that ends between messages is reported
    warnings.clear();
  }
}

TEST_CASE_FIXTURE(Crashed, "zeros that a power cut left are overwritten") {
  stage();
  for (std::size_t cut = 0; cut < ours.size(); cut += 7) {
    auto text = ours;
    text.replace(cut, std::string::npos, std::string(ours.size() - cut, '\0'));
    spill(path, old + text);
    CHECK(recovered() == old + ours);
  }
}

TEST_CASE_FIXTURE(Crashed, "mail that others added after a whole batch stays unchanged") {
  stage();
  spill(path, old + ours + foreign);
  CHECK(recovered() == old + ours + foreign);
  CHECK(warnings.empty());
}

TEST_CASE_FIXTURE(Crashed,
                  "mail that others added behind a part of the batch is kept, and the part made whole") {
  stage();
  for (std::size_t cut = 0; cut < ours.size(); ++cut) {
    spill(path, old + ours.substr(0, cut) + foreign);
    const auto text = recovered();
    CHECK(count(text, foreign) == 1);
    for (const auto& entry : entries) CHECK(count(text, entry) == 1);
    CHECK(text.size() == old.size() + ours.size() + foreign.size());
  }
}

TEST_CASE_FIXTURE(Crashed, "a recovery that is killed while it rewrites is completed by the next one") {
  stage();
  const std::size_t torn = ours.size() / 2;
  spill(path, old + ours.substr(0, torn) + foreign);
  // The journal is as it was when the rewrite began.
  const auto after = ours + foreign;
  const auto before = ours.substr(0, torn) + foreign;
  TicketFields head;
  {
    const LockedMbox mbox(path, context, {}, Missing::refuse);
    head.set("inode", mbox.inode());
    head.set("before", mbox.hash_before(old.size()));
  }
  head.set("at", old.size());
  head.set("torn", torn);
  head.set("behind", foreign.size());
  auto text = head.data();
  text.resize(4096, '\0');
  for (std::size_t cut = 0; cut <= after.size(); ++cut) {
    spill(spool + journal_suffix, text + after);
    spill(path, old + after.substr(0, cut) + (cut < before.size() ? before.substr(cut) : ""));
    CHECK(recovered() == old + after);
  }
  CHECK(warnings.empty());
}

TEST_CASE_FIXTURE(Crashed, "when a reader rewrote the mbox, missing messages are appended and reported") {
  stage();
  replace(old + entries[1]);
  const auto text = recovered();
  CHECK(text == old + entries[1] + entries[0] + entries[2]);
  REQUIRE(!warnings.empty());
  CHECK(contains(warnings[0], path.native()));
}

TEST_CASE_FIXTURE(Crashed, "a batch from which a reader deleted messages is not taken for one cut short") {
  for (const bool traced : {true, false}) {
    CAPTURE(traced);
    stage_anew(traced);
    spill(path, old + entries[0] + entries[2]);
    CHECK(recovered() == old + entries[0] + entries[2] + entries[1]);
    CHECK(!warnings.empty());
  }
}

TEST_CASE_FIXTURE(Crashed,
                  "a message that a reader flagged is not taken for others' mail behind a torn batch") {
  for (const bool traced : {true, false}) {
    CAPTURE(traced);
    stage_anew(traced);
    auto flagged = entries[2];
    flagged.insert(flagged.find("Subject: "), "Status: RO\n");
    const auto kept = old + entries[0] + entries[1] + flagged;
    spill(path, kept);
    // Without a trace header, the flagged message counts as another one.
    CHECK(recovered() == (traced ? kept : kept + entries[2]));
    CHECK(warnings.empty() == traced);
  }
}

TEST_CASE_FIXTURE(Crashed, "a batch that ends between two messages may have been shortened by a reader") {
  stage();
  spill(path, old + entries[0] + entries[1]);
  CHECK(recovered() == old + ours);
  REQUIRE(!warnings.empty());
  CHECK(contains(warnings[0], path.native()));
}

TEST_CASE_FIXTURE(Crashed, "when a reader deleted old mail, messages that are there are not appended again") {
  stage();
  replace(ours);
  CHECK(recovered() == ours);
  spill(path, ours);
  CHECK(recovered() == ours);
  CHECK(warnings.empty());
}

TEST_CASE_FIXTURE(Crashed, "header lines that a reader added do not make a message missing") {
  stage();
  auto changed = ours;
  for (auto at = changed.find("\n\n"); at != std::string::npos;
       at = changed.find("Subject: s\n\n", at + 20)) {
    if (changed.compare(at, 10, "Subject: s") == 0) changed.insert(at + 11, "Status: RO\n");
  }
  replace(changed);
  CHECK(recovered() == changed);
}

TEST_CASE_FIXTURE(Crashed, "a torn message in an mbox that was rewritten does not count") {
  stage();
  replace(ours.substr(0, ours.size() - 6));
  const auto text = recovered();
  CHECK(text.ends_with(entries[2]));
  CHECK(count(text, entries[0]) == 1);
  CHECK(count(text, entries[1]) == 1);
}

TEST_CASE_FIXTURE(Crashed,
                  "the beginning of a message that a reader flagged is replaced by the whole message") {
  for (const bool traced : {true, false}) {
    stage_anew(traced);
    const auto first = entries[0] + entries[1];
    // An entry that lacks only its last newlines counts as whole, and is left out here.
    for (auto cut = entries[2].find('\n') + 1; cut < entries[2].size() - 2; ++cut) {
      CAPTURE(cut);
      auto torn = entries[2].substr(0, cut);
      if (!traced && torn.ends_with('\n')) continue;  // it may be another whole message
      torn.insert(torn.find('\n') + 1, "Status: RO\n");
      replace(old + first + torn);
      CHECK(recovered() == old + first + entries[2]);
      CHECK(count(warnings.front(), path.native()) == 1);
      warnings.clear();
    }
  }
}

TEST_CASE_FIXTURE(Crashed, "the beginning of a large message that a reader flagged is replaced, too") {
  stage(true, {std::string(200'000, 'x')});
  for (const std::size_t cut : {65'530UL, 65'536UL, 65'550UL, 131'072UL, 200'000UL}) {
    CAPTURE(cut);
    auto torn = ours.substr(0, cut);
    torn.insert(torn.find('\n') + 1, "Status: RO\nX-UID: 7\n");
    replace(foreign + torn);
    const bool replaced = recovered() == foreign + ours;
    CHECK(replaced);
  }
}

TEST_CASE_FIXTURE(Crashed, "mail that only looks like the beginning of a message is kept") {
  stage(false, {"one"});
  const auto earlier = ours.substr(0, ours.find("one"));
  for (const auto& kept :
       {earlier + "\n",                                             // another whole message
        "From a@b" + earlier.substr(earlier.find('\n')),            // another From line
        earlier + "From c@d Mon Jan  1 00:00:00 2024\n\nx\n\n"}) {  // foreign mail behind it
    replace(old + kept);
    CHECK(recovered() == old + kept + ours);
  }
}

TEST_CASE_FIXTURE(Crashed, "a whole message with which a missing one begins is kept") {
  stage(false, {"hello", "hello\r\n\r\nmore"});
  const auto first = entries[0];
  for (const auto newlines : {0U, 1U, 2U}) {  // left out at its end by a reader or a kill
    const auto kept = first.substr(0, first.size() - newlines);
    replace(old + kept);
    const auto text = recovered();
    CHECK(text.starts_with(old + kept));
    CHECK(count(text, "hello\n\nmore\n") == 1);
    CHECK(count(text, "hello\n") == 2);
  }
  stage_anew(false, {"hello", "hello"});
  replace(old + entries[0].substr(0, entries[0].size() - 2));
  CHECK(count(recovered(), "hello\n") == 2);
}

TEST_CASE_FIXTURE(Crashed, "a short message torn before mail that others added does not count either") {
  for (const auto* body : {"", "n"}) {  // the end of `foreign` is the same
    tickets.clear(), entries.clear(), ours.clear();
    stage(true, {body});
    const auto whole = entries[0].substr(0, entries[0].find_last_not_of('\n') + 1) + "\n";
    for (std::size_t cut = 0; cut <= ours.size(); ++cut) {
      CAPTURE(cut);
      replace(old + ours.substr(0, cut) + foreign);
      const auto text = recovered();
      CHECK(text.starts_with(old + ours.substr(0, cut) + foreign));
      CHECK(count(text, whole) == 1);
    }
  }
}

TEST_CASE_FIXTURE(Crashed, "a message without a body does not match an entry that has one") {
  stage(true, {"", "two"});
  replace(old + entries[0] + entries[1].substr(0, 3));
  CHECK(recovered().ends_with("\n" + entries[0] + entries[1]));
}

TEST_CASE_FIXTURE(Crashed, "a From line cut short is not taken for an empty message") {
  spill(path, old);
  const auto mbox = open_mbox(path, {}, context);
  tickets = {put(*mbox, envelope(false), "")};
  mbox->stage(tickets);
  replace(old + "From MAILER-DAEM");
  reopen(tickets.front(), context)->recover(tickets);
  CHECK(contains(slurp(path), "\nFrom MAILER-DAEMON Tue Nov 14 22:13:20 2023\n"));
}

TEST_CASE_FIXTURE(Crashed, "without a trace header, equal messages are counted") {
  stage(false, {"same", "same", "other"});
  replace(old + entries[0]);
  const auto text = recovered();
  CHECK(count(text, entries[0]) == 2);
  CHECK(count(text, entries[2]) == 1);
}

TEST_CASE_FIXTURE(Crashed, "large batches are completed as well") {
  stage(true, {std::string(700'000, 'x'), std::string(70'000, 'y') + "\r\nFrom z", "three"});
  ours = slurp(spool);
  for (const std::size_t cut : {1UL, 262145UL, 770'100UL}) {
    CAPTURE(cut);
    spill(path, old + ours.substr(0, cut));
    const bool completed = recovered() == old + ours;
    CHECK(completed);
    spill(path, old + ours.substr(0, cut) + foreign);
    const bool kept = recovered() == old + ours + foreign;
    CHECK(kept);
  }
  replace(foreign + ours);
  const bool found = recovered() == foreign + ours;
  CHECK(found);
}

TEST_CASE_FIXTURE(Crashed, "without its spool a message is delivered if it is there, otherwise in doubt") {
  stage();
  fs::remove(spool);
  spill(path, old + ours);
  CHECK(recovered() == old + ours);
  spill(path, old + entries[0]);
  const auto results = recover();
  CHECK(results.at(0).status == DeliveryStatus::published);
  CHECK(results.at(1).status == DeliveryStatus::doubt);
  CHECK(contains(results.at(1).sentence, id_of(tickets[1])));
  CHECK(slurp(path) == old + entries[0]);
}

TEST_CASE_FIXTURE(Crashed, "without its spool a torn message is in doubt") {
  stage();
  fs::remove(spool);
  const auto whole = entries[1].size() - 1;  // only the empty line after it may be missing
  for (std::size_t cut = entries[1].find("Subject:"); cut < entries[1].size(); ++cut) {
    spill(path, old + entries[0] + entries[1].substr(0, cut));
    const auto results = recover();
    CHECK(results.at(0).status == DeliveryStatus::published);
    CHECK(results.at(1).status == (cut < whole ? DeliveryStatus::doubt : DeliveryStatus::published));
  }
  auto zeros = entries[1];
  zeros.replace(zeros.size() - 5, 5, 5, '\0');
  spill(path, old + entries[0] + zeros);
  CHECK(recover().at(1).status == DeliveryStatus::doubt);
  spill(path, old + entries[0] + zeros + "\n\n" + foreign);
  CHECK(recover().at(1).status == DeliveryStatus::doubt);
  // Others add what is missing before their own mail: that does not make a message whole.
  const auto cut = entries[1].substr(0, whole - 2);
  spill(path, old + entries[0] + cut + "\n\n" + foreign);
  CHECK(recover().at(1).status == DeliveryStatus::doubt);
  spill(path, old + entries[0] + entries[1] + foreign);
  CHECK(recover().at(1).status == DeliveryStatus::published);
}

TEST_CASE_FIXTURE(Crashed, "a spool that was moved together with the database is found") {
  stage();
  fs::rename(dir / "state", dir / "moved");
  context.state_directory = dir / "moved";
  spill(path, old + ours.substr(0, ours.size() - 8));
  for (const auto& result : recover()) CHECK(result.status == DeliveryStatus::published);
  CHECK(slurp(path) == old + ours);
}

TEST_CASE_FIXTURE(Crashed, "recovery does not create an mbox") {
  stage();
  fs::remove(path);
  const auto error = thrown([&] { recover(); });
  CHECK(error.kind() == util::Kind::storage);
  CHECK(contains(error.hint(), "touch"));
  CHECK(!fs::exists(path));
}

TEST_CASE_FIXTURE(Crashed, "a damaged ticket is an error, not a delivery") {
  stage();
  for (const auto* data : {"", "id", "id=x\n", "id=\\x\n"}) {
    CHECK(thrown([&, text = std::string(data)] {
            reopen({tickets[0].target, text}, context);
          }).kind() == util::Kind::storage);
  }
}
