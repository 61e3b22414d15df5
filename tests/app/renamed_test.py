# SPDX-License-Identifier: MIT
"""A server or a user with a new name: the change is noticed, and the records are moved to the new name."""
import unittest

from app.rebuild_test import Lost
from support.py import mail


class Renamed(Lost):
    def test_a_server_with_a_new_name_is_noticed_and_its_records_move(self):
        self.begin(mail.small(4, seed=21))
        self.ok()
        # On loopback the port counts, so a new port is a new name of the server.
        old, self.server = self.server, self.serve(self.drop)
        self.configure()
        result = self.world.run()
        self.assertStatus(result, 74)
        where = "127.0.0.1:%d" % old.port
        self.assertHint(result, "4 of its 4 messages are known from the same user at " + where,
                        "mailhaul state move %s home" % where)
        self.assertEqual(len(self.world.maildir()), 4)
        self.assertSays(self.text("state", "move", where, "home"), "moved the records of 4 messages from anna at 127.0.0.1")
        self.drop.add(*mail.small(1, seed=22))
        self.ok()
        self.assertEqual(len(self.world.maildir()), 5)
        self.assertStatus(self.world.run("state", "move", where, "home"), 64)

    def test_the_move_is_one_line_of_json(self):
        self.begin(mail.small(4, seed=21))
        self.ok()
        old, self.server = self.server, self.serve(self.drop)
        self.configure()
        line, = self.json_lines(self.world.run("--json", "state", "move", "127.0.0.1:%d" % old.port, "home"))
        self.assertEqual(line, {"event": "moved", "account": "home", "user": "anna", "host": "127.0.0.1", "messages": 4})

    def test_a_few_known_messages_among_many_new_ones_are_enough(self):
        self.begin(mail.small(3, seed=21))
        self.ok()
        old, self.server = self.server, self.serve(self.drop)
        self.configure()
        self.drop.add(*mail.small(40, seed=22))
        self.assertHint(self.world.run(), "3 of its 43 messages are known from the same user at 127.0.0.1:%d" % old.port,
                        "mailhaul state move")
        self.assertEqual(len(self.world.maildir()), 3)

    def moved_with_new_uids(self, *messages):
        """The server has a new name, and each of its messages a new UID."""
        old = self.server
        self.drop, self.server = self.maildrop(*messages)
        self.configure()
        return "127.0.0.1:%d" % old.port

    def test_new_uids_together_with_the_new_name_are_noticed_by_the_headers(self):
        old, new = mail.small(5, seed=21), mail.small(3, seed=22)
        self.begin(old)
        self.ok()
        where = self.moved_with_new_uids(*old, *new)
        for words, status in (((), 74), (("-n",), 74), (("list",), 0)):
            result = self.world.run(*words)
            self.assertStatus(result, status)
            self.assertHint(result, "5 of its 8 messages are known from the same user at " + where, "mailhaul state move %s home" % where)
        self.assertEqual((self.drop.retrieved, len(self.world.maildir())), ([], 5))
        self.ok("state", "move", where)
        self.assertSays(self.text(), "3 new messages")
        self.assertSameMail(self.world.maildir(), [*old, *new])

    def test_a_sample_of_the_headers_is_enough(self):
        old, new = mail.small(300, seed=21), mail.small(250, seed=22)
        self.begin(old)
        self.ok()
        where = self.moved_with_new_uids(*old, *new)
        result = self.world.run("-vv")
        self.assertStatus(result, 74)
        self.assertSays(result.err, "55 of 100 of its 550 messages that were compared are known from the same user at " + where)
        self.assertEqual(result.err.count("> TOP "), 100)

    def test_what_came_to_two_mailboxes_of_a_user_stops_nothing(self):
        common, other = mail.small(4, seed=21), mail.small(5, seed=22)
        for first, second in ((common[:2], common[:2]), (common, common + other)):
            with self.subTest(len(first)):
                self.begin_anew()
                self.begin(first)
                self.ok()
                self.moved_with_new_uids(*second)
                self.ok()
                self.assertEqual(len(self.world.maildir()), len(first) + len(second))

    def test_a_server_that_breaks_off_at_the_comparison_is_asked_without_it(self):
        self.begin(mail.small(5, seed=21))
        self.ok()
        self.moved_with_new_uids(*mail.small(6, seed=22))

        def hang_up(session, argument):
            if not argument.startswith(b"3"):
                return None
            session.connection.finish()
            raise OSError("ended on purpose")
        self.drop.answers[b"TOP"] = hang_up
        for _ in range(2):
            self.ok()
            self.assertEqual(len(self.world.maildir()), 11)

    def test_what_the_old_server_has_removed_stops_nothing(self):
        """Removed mail cannot be on the same server, so this is another server, to which the mail was copied."""
        self.begin(mail.small(5, seed=21), leave_on_server=False)
        self.ok()
        self.moved_with_new_uids(*mail.small(5, seed=21))
        self.assertSays(self.text(), "5 new messages")

    def test_no_header_is_read_where_no_other_mailbox_of_the_user_is_known(self):
        self.begin(mail.small(5, seed=21))
        self.assertNotIn("> TOP ", self.world.run("-vv").err)

    def test_a_new_name_and_a_lost_state_at_once(self):
        for box in ("maildir:Mail", "mbox:mbox"):
            with self.subTest(box):
                self.begin_anew()
                deliver = box.replace(":", ":" + str(self.world.home) + "/")
                self.begin(mail.small(4, seed=21), trace_header=True, deliver=deliver)
                self.ok()
                self.lose()
                renamed = {"server": "pop3://localhost:%d" % self.server.port, "trace_header": True, "deliver": deliver}
                self.configure(**renamed)
                self.drop.add(*mail.small(1, seed=22))
                for words in ((), ("-n",)):
                    result = self.world.run(*words)
                    self.assertStatus(result, 74)
                    self.assertHint(result, "4 of its 5 messages were delivered here by mailhaul with another state database, from "
                                    "127.0.0.1; nothing is fetched", "old name: mailhaul state rebuild --was 127.0.0.1 home; to fetch all")
                self.assertSays(self.text("state", "rebuild"), "0 messages read")
                self.assertSays(self.text("state", "rebuild", "--was", "127.0.0.1"), "4 messages read, 4 recorded")
                self.assertSays(self.text(), "1 new message")
                self.assertSays(self.text("state", "verify"), "5 messages unchanged, 0 changed, 0 no longer here")
                self.assertEqual(self.text(), "")

    def test_the_configuration_may_be_standard_input(self):
        self.begin(mail.small(2, seed=21))
        with self.world.config.open("rb") as text:
            result = self.world.ended(self.world.start("-c", "-", "state", "rebuild", "--was", "pop.example.org", stdin=text))
        self.assertStatus(result, 0)

    def test_an_old_name_is_that_of_one_account(self):
        self.begin(mail.small(1, seed=21))
        self.world.configure({"home": self.account(self.server), "other": self.account(self.server, user="bert")})
        result = self.world.run("state", "rebuild", "--was", "pop.example.org")
        self.assertStatus(result, 64)
        self.assertHint(result, "--was is the old name of one account's server", "state rebuild --was pop.example.org ACCOUNT")

    def test_mail_from_before_the_move_is_known_by_its_id(self):
        self.begin(mail.small(4, seed=21), trace_header=True)
        self.ok()
        self.configure(server="pop3://localhost:%d" % self.server.port, trace_header=True)
        self.ok("state", "move", "127.0.0.1:%d" % self.server.port, "home")
        self.assertSays(self.text("state", "verify"), "4 messages unchanged, 0 changed, 0 no longer here")
        self.assertSays(self.text("state", "rebuild"), "4 messages read, 0 recorded")

    def test_a_user_with_a_new_name(self):
        self.begin(mail.small(2, seed=23))
        self.ok()
        self.drop.user = b"anna@example.org"
        self.configure(user="anna@example.org")
        where = "127.0.0.1:%d" % self.server.port
        self.ok("state", "move", "--user", "anna", where)
        self.ok()
        self.assertEqual(len(self.world.maildir()), 2)

    def test_what_cannot_be_moved(self):
        self.begin(mail.small(2, seed=24))
        self.ok()
        for words, says in ((("nowhere",), "nothing is recorded about anna at nowhere"), ((), "old name is missing"),
                            (("127.0.0.1:%d" % self.server.port,), "this is already the mailbox of account home"),
                            (("127.0.0.1:99999",), "is not a host")):
            with self.subTest(words):
                result = self.world.run("state", "move", *words)
                self.assertStatus(result, 64)
                self.assertSays(result.err, says)
        other, server = self.maildrop(*mail.small(1, seed=25))
        self.world.configure({"other": self.account(server)})
        self.ok()
        result = self.world.run("state", "move", "127.0.0.1:%d" % self.server.port)
        self.assertStatus(result, 64)
        self.assertHint(result, "1 message of account other", "state forget other --all")

    def test_another_mailbox_of_the_same_user_stops_nothing(self):
        self.begin(mail.small(4, seed=26))
        self.ok()
        # The new message has the UID of the first message of the other maildrop.
        self.drop, self.server = self.maildrop(*mail.small(1, seed=27))
        self.drop.messages[0].wire += b"another size\r\n"
        self.configure()
        self.ok()
        self.assertEqual(len(self.world.maildir()), 5)


if __name__ == "__main__":
    unittest.main()
