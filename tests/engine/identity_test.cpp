// SPDX-License-Identifier: MIT
#include "engine/identity.h"

#include <doctest/doctest.h>

#include <mutex>
#include <string>
#include <vector>

#include "support/cpp/memory_server.h"
#include "support/cpp/temp_dir.h"

using namespace mailhaul;
using namespace mailhaul::test;
using state::RowId;
using state::Standing;

namespace {

struct Known {
  RowId id;
  Standing standing;
  const char* uidl;
};

struct IdentityCase {
  const char* about;
  std::vector<const char*> listed;
  std::vector<Known> known;
  std::vector<RowId> expected;  ///< the row of each listed message; 0: none
  std::vector<RowId> absent;
  std::size_t headers;  ///< how many are read where the UIDL does not decide
};

const std::vector<IdentityCase> cases{
    {"nothing known", {"a", "b"}, {}, {0, 0}, {}, 0},
    {"nothing listed", {}, {{1, Standing::delivered, "a"}, {2, Standing::gone, "b"}}, {}, {1, 2}, 0},
    {"in the same order",
     {"a", "b", "c"},
     {{1, Standing::delivered, "a"}, {2, Standing::pending, "b"}, {3, Standing::seen, "c"}},
     {1, 2, 3},
     {},
     0},
    {"in another order, with gaps",
     {"c", "new", "a"},
     {{1, Standing::delivered, "a"}, {4, Standing::delivered, "b"}, {7, Standing::delivered, "c"}},
     {7, 0, 1},
     {4},
     0},
    {"gone, and listed again", {"a"}, {{1, Standing::gone, "a"}}, {1}, {}, 0},
    {"gone more than once: the first",
     {"a"},
     {{2, Standing::gone, "a"}, {5, Standing::gone, "a"}},
     {2},
     {5},
     0},
    {"a live row before a gone one",
     {"a"},
     {{1, Standing::delivered, "a"}, {2, Standing::gone, "a"}},
     {1},
     {2},
     0},
    {"a live row behind a gone one",
     {"a"},
     {{1, Standing::gone, "a"}, {2, Standing::delivered, "a"}},
     {2},
     {1},
     0},
    {"two live rows: the UIDL tells nothing",
     {"a", "b"},
     {{1, Standing::delivered, "a"}, {2, Standing::delivered, "a"}, {3, Standing::delivered, "b"}},
     {0, 3},
     {1, 2},
     1},
    {"two live rows around a gone one",
     {"a"},
     {{1, Standing::delivered, "a"}, {2, Standing::gone, "a"}, {3, Standing::pending, "a"}},
     {0},
     {1, 2, 3},
     1},
    {"three live rows",
     {"a"},
     {{1, Standing::delivered, "a"}, {2, Standing::delivered, "a"}, {3, Standing::delivered, "a"}},
     {0},
     {1, 2, 3},
     1},
    {"one UIDL twice in the listing", {"a", "b", "a"}, {{1, Standing::delivered, "a"}}, {0, 0, 0}, {1}, 2},
    {"a message without a UIDL",
     {"a", ""},
     {{1, Standing::delivered, ""}, {2, Standing::delivered, "a"}},
     {2, 0},
     {1},
     1},
};

}  // namespace

TEST_CASE("a listed message belongs to the row of its UIDL, if that is unique") {
  for (const auto& one : cases) {
    CAPTURE(one.about);
    TempDir dir;
    std::mutex writes;
    state::Store store(dir / "state" / "state.db", writes);
    const auto mailbox = store.mailbox("anna", "h", 0);
    state::Change change;
    for (const auto& known : one.known) {
      change.rows.push_back({.id = known.id, .standing = known.standing, .uidl = known.uidl});
    }
    store.commit(mailbox, change);

    MemoryServer server;
    for (const auto* uidl : one.listed) server.messages.push_back({uidl, "Subject: x\r\n\r\n"});
    const auto stream = server.open();
    pop3::Session session(*stream, {.capabilities = server.capabilities(), .may_pipeline = true});
    const auto listed = session.listing();
    const auto seen = store.rows(mailbox);
    const auto identities =
        engine::identify(session, engine::UidlIndex(listed), {seen, store, mailbox, "home"});

    std::vector<RowId> found;
    for (const auto& identity : identities) found.push_back(identity.row == nullptr ? 0 : identity.row->id);
    CHECK(found == one.expected);
    CHECK(engine::absent_rows(identities, listed, seen) == one.absent);
    std::size_t headers = 0;
    for (const auto& identity : identities) headers += identity.header ? 1U : 0U;
    CHECK(headers == one.headers);
  }
}
