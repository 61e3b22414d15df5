# SPDX-License-Identifier: MIT
"""state mark-seen and mark-delivered."""
import datetime
import re
import unittest

from support.py import mail
from support.py.world import Case

UTC = datetime.timezone.utc


class Marks(Case):
    def setUp(self):
        super().setUp()
        self.drop, self.server = self.maildrop(*mail.small(4, seed=81))
        self.configure()

    def configure(self, **keys):
        self.world.configure({"home": self.account(self.server, **keys)})

    def text(self, *words):
        return self.ok(*words).out.decode()

    def with_input(self, text, *words):
        file = self.world.path("input")
        file.write_text(text)
        with open(file, "rb") as stdin:
            result = self.world.ended(self.world.start(*words, stdin=stdin))
        self.assertStatus(result, 0)
        return result.out.decode()

    def uid(self, index):
        return self.drop.messages[index].uid.decode()

    def subject(self, index):
        return mail.header_field(mail.local(self.drop.messages[index].wire), b"Subject").decode().strip()

    def moment(self, text):
        return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

    def test_scripts_get_the_numbers(self):
        def object_of(*words):
            line, = [line for line in self.json_lines(self.world.run("--json", *words)) if line["event"] in ("marked", "forgotten")]
            return line
        self.assertEqual(object_of("state", "mark-seen", "home", self.uid(0), "gone"),
                         {"event": "marked", "account": "home", "standing": "seen", "messages": 1, "not_listed": 1})
        self.assertEqual(object_of("state", "mark-delivered", "--all"),
                         {"event": "marked", "account": "home", "standing": "delivered", "messages": 3, "not_listed": 0})
        self.assertEqual(object_of("state", "forget", "home", self.uid(1)),
                         {"event": "forgotten", "account": "home", "messages": 1, "not_listed": 0})
        self.assertEqual(object_of("state", "forget", "home", self.uid(0), "gone-1", "gone-2"),
                         {"event": "forgotten", "account": "home", "messages": 1, "not_listed": 2})

    def test_what_is_recorded_is_a_table(self):
        self.drop.add(mail.sized(123456))
        self.drop.messages[0].uid = b"short"
        self.ok("state", "mark-seen", "home", "short")
        self.ok("state", "mark-delivered", "--all")
        heading, *rows = self.text("state", "show").splitlines()
        self.assertEqual(heading, "home: 5 messages recorded")
        self.assertEqual(len({re.search(" (seen|delivered) ", row).start() for row in rows}), 1, rows)
        self.assertEqual(len({re.search(r"B(  |$)", row).start() for row in rows}), 1, rows)

    def standings(self):
        return {row["uid"]: row["standing"] for row in self.json_lines(self.world.run("--json", "state", "show"))}

    def test_the_newest_message_that_was_marked_is_named(self):
        out = self.text("state", "mark-seen", "--all")
        self.assertSays(out, "4 messages marked as seen", 'the newest is "%s" of ' % self.subject(3))
        self.assertSays(self.text("state", "mark-seen", "--all"), "0 messages marked as seen\n")

    def test_it_is_named_as_list_shows_it(self):
        self.drop.add(b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nDate: Mon, 02 Mar 2020 04:00:00 +0000\r\n\r\nx\r\n")
        self.assertSays(self.text("state", "mark-seen", "--all"), 'the newest is "Gr\u00fc\u00dfe" of 2 Mar 2020')

    def test_uids_that_are_gone_are_counted_and_the_others_marked(self):
        out = self.text("state", "mark-seen", "home", self.uid(0), "gone-1", "gone-2")
        self.assertSays(out, "1 message marked as seen", 'the newest is "%s"' % self.subject(0), "2 UIDs are not on the server")
        self.assertEqual(self.standings(), {self.uid(0): "seen"})

    def test_uids_that_are_not_recorded_are_counted_and_the_others_forgotten(self):
        self.ok("state", "mark-seen", "--all")
        out = self.text("state", "forget", "home", self.uid(0), "gone-1", "gone-2")
        self.assertEqual(out, "home: 1 message forgotten\n"
                              "home: 2 UIDs are not recorded, and nothing was done about them\n")
        self.assertEqual(sorted(self.standings()), [self.uid(1), self.uid(2), self.uid(3)])
        self.assertSays(self.text("state", "forget", "home", self.uid(0)), "nothing to forget", "1 UID is not recorded")

    def test_uids_come_from_standard_input(self):
        out = self.with_input("  %s \n\ngone\r\n%s" % (self.uid(1), self.uid(2)), "state", "mark-seen", "-")
        self.assertSays(out, "2 messages marked as seen", "1 UID is not on the server")
        self.assertEqual(self.standings(), {self.uid(1): "seen", self.uid(2): "seen"})
        self.assertSays(self.with_input("%s\n" % self.uid(1), "state", "forget", "home", "-"), "1 message forgotten")
        self.assertEqual(self.standings(), {self.uid(2): "seen"})

    def test_the_same_of_messages_that_are_marked_as_delivered(self):
        gone = self.uid(3)
        del self.drop.messages[3]
        out = self.with_input("%s\n%s \n\ngone\r\n%s" % (gone, self.uid(1), self.uid(2)), "state", "mark-delivered", "-")
        self.assertSays(out, "2 messages marked as delivered", 'the newest is "%s" of ' % self.subject(2),
                        "2 UIDs are not on the server")
        self.assertEqual(self.standings(), {self.uid(1): "delivered", self.uid(2): "delivered"})
        self.assertSays(self.with_input("", "state", "mark-delivered", "-"), "0 messages marked as delivered")
        out = self.text("state", "mark-delivered", "--all")
        self.assertSays(out, "1 message marked as delivered", 'the newest is "%s" of ' % self.subject(0))

    def test_a_time_goes_with_uids_from_standard_input(self):
        self.with_input(self.uid(1), "state", "mark-delivered", "-", "--at", "2020-02-29")
        row, = self.json_lines(self.world.run("--json", "state", "show"))
        self.assertEqual((row["uid"], row["delivered"]), (self.uid(1), "2020-02-29T00:00:00Z"))

    def test_an_empty_input_marks_nothing(self):
        self.assertSays(self.with_input("\n", "state", "mark-seen", "-"), "0 messages marked as seen")
        self.assertEqual(self.standings(), {})

    def test_what_is_marked_as_delivered_is_not_fetched_and_is_removed(self):
        self.configure(leave_on_server=True)
        self.assertSays(self.text("state", "mark-delivered", "home", self.uid(0)), "1 message marked as delivered")
        self.ok()
        self.assertEqual(len(self.world.maildir()), 3)
        self.ok("-K")
        self.assertEqual((self.drop.messages, len(self.world.maildir())), ([], 3))

    def test_delete_after_counts_from_the_time_that_is_given(self):
        self.configure(leave_on_server=True, delete_after="30d")
        self.ok("state", "mark-delivered", "home", self.uid(0), "--at", "2020-02-29")
        self.ok("state", "mark-delivered", "home", self.uid(1))
        rows = {row["uid"]: row for row in self.json_lines(self.world.run("--json", "state", "show"))}
        self.assertEqual(rows[self.uid(0)]["delivered"], "2020-02-29T00:00:00Z")
        lines = self.json_lines(self.world.run("--json", "list"))
        messages = [line for line in lines if line["event"] == "message"]
        self.assertEqual(["has passed:" in line["reason"] for line in messages], [True, False, False, False])
        # The next run marks the first message as due, and a run an hour later removes it. For the second message, this
        # happens in 30 days.
        soon, later = (self.moment(line["due"]) for line in messages[:2])
        self.assertEqual(["due" in line for line in messages], [True, True, False, False])
        self.assertLess(abs(soon - datetime.datetime.now(UTC) - datetime.timedelta(hours=1)), datetime.timedelta(hours=1))
        self.assertEqual(later - self.moment(rows[self.uid(1)]["delivered"]), datetime.timedelta(days=30, hours=1))
        shown = "stays until %d %s" % (later.day, later.strftime("%b"))
        for words in (("list",), ("-n",)):
            self.assertSays(self.text(*words).splitlines()[1 if words == ("-n",) else 2], "delete_after has not passed yet; " + shown)

    def test_a_message_that_was_marked_as_seen_can_be_named(self):
        self.ok("state", "mark-seen", "--all")
        self.ok("state", "mark-delivered", "home", self.uid(0))
        self.assertSays(self.text("state", "mark-delivered", "--all"), "0 messages")
        self.assertEqual(sorted(self.standings().values()), ["delivered", "seen", "seen", "seen"])

    def test_an_invalid_time_and_one_in_the_future_are_refused(self):
        for time in ("yesterday", "2026-02-30", "2026-02-01T00:00", "9999-01-01", "1-1-1"):
            with self.subTest(time):
                result = self.world.run("state", "mark-delivered", "--all", "--at", time)
                self.assertStatus(result, 64)
                self.assertHint(result, "--at", "2026-03-01T12:34:56Z")
        self.assertEqual(self.standings(), {})


if __name__ == "__main__":
    unittest.main()
