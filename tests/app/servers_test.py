# SPDX-License-Identifier: MIT
"""Real-world servers: without UIDL, with strange UIDLs, refusing, lying, hanging up."""
import unittest

from support.py import mail
from support.py.maildrop import stuffed
from support.py.world import Case


class Identity(Case):
    def keeping(self, *messages, **more):
        drop, server = self.maildrop(*messages, **more)
        self.account_ = self.account(server, leave_on_server=True)
        self.world.configure({"home": self.account_})
        return drop, server

    def run_ok(self, *words):
        result = self.world.run(*words)
        self.assertStatus(result, 0)
        return result

    def test_without_uidl_messages_are_known_by_header_and_size(self):
        messages = mail.small(6)
        drop, _ = self.keeping(*messages, capabilities=(b"TOP", b"USER"))
        self.run_ok()
        self.assertEqual(self.run_ok().out, b"")
        more = mail.small(2, seed=9)
        drop.add(*more)
        self.run_ok()
        self.assertSameMail(self.world.maildir(), messages + more)

    def test_without_uidl_and_top_too(self):
        messages = mail.small(4)
        drop, _ = self.keeping(*messages, capabilities=(b"USER",))
        self.run_ok()
        self.run_ok()
        self.assertSameMail(self.world.maildir(), messages)
        self.assertEqual(len(drop.uids()), 4)

    def test_two_equal_messages_without_uidl_are_two(self):
        twin = mail.small(1)[0]
        drop, _ = self.keeping(twin, twin, capabilities=(b"TOP", b"USER"))
        self.run_ok()
        self.run_ok()
        self.assertSameMail(self.world.maildir(), [twin, twin])
        drop.add(twin)
        self.run_ok()
        self.assertSameMail(self.world.maildir(), [twin] * 3)
        self.world.configure({"home": {**self.account_, "leave_on_server": False}})
        self.run_ok()
        self.assertSameMail(self.world.maildir(), [twin] * 3)
        self.assertEqual(drop.uids(), [])

    def test_two_messages_with_one_uidl_are_two(self):
        messages = mail.small(2)
        drop, _ = self.keeping(*messages)
        drop.messages[1].uid = drop.messages[0].uid
        self.run_ok()
        self.run_ok()
        self.assertSameMail(self.world.maildir(), messages)

    def test_strange_unique_ids(self):
        messages = mail.small(6)
        drop, _ = self.keeping(*messages)
        for message, uid in zip(drop.messages, (b"a b c", b"\x1b[31mred", b"x" * 500, b"-rf", b"../../etc", b"A")):
            message.uid = uid
        self.run_ok()
        self.assertEqual(self.run_ok().out, b"")
        self.assertSameMail(self.world.maildir(), messages)

    def test_new_unique_ids_for_old_messages_deliver_nothing(self):
        messages = mail.small(4)
        drop, _ = self.keeping(*messages)
        self.run_ok()
        for message in drop.messages:
            message.uid = b"new-" + message.uid
        self.run_ok()
        self.assertSameMail(self.world.maildir(), messages)

    def test_a_reused_unique_id_is_new_mail(self):
        first, second = mail.small(2)
        drop, _ = self.keeping(first)
        self.run_ok()
        drop.messages[0].wire = second + b"another length\r\n"
        self.run_ok()
        self.assertSameMail(self.world.maildir(), [first, second + b"another length\r\n"])

    def test_the_same_text_sent_again_after_removal_is_new_mail(self):
        message = mail.small(1)[0]
        drop, server = self.maildrop(message)
        self.world.configure({"home": self.account(server)})
        self.run_ok()
        drop.add(message)
        self.run_ok()
        self.assertSameMail(self.world.maildir(), [message, message])
        self.assertEqual(drop.uids(), [])


class Trouble(Case):
    def prepared(self, *messages, **more):
        drop, server = self.maildrop(*messages, **more)
        self.world.configure({"home": self.account(server)})
        return drop

    def test_every_shape_arrives_byte_for_byte(self):
        messages = mail.corpus(300, seed=31, raw=True)
        for capabilities in ((b"TOP", b"UIDL", b"USER", b"PIPELINING"), (b"TOP", b"UIDL", b"USER")):
            with self.subTest(capabilities):
                drop = self.prepared(*messages, capabilities=capabilities)
                for file in self.world.maildir_files():
                    file.unlink()
                self.assertStatus(self.world.run(), 0)
                self.assertSameMail(self.world.maildir(), messages)
                self.assertEqual(drop.uids(), [])

    def test_one_refused_message_holds_up_no_other(self):
        messages = mail.small(5)
        drop = self.prepared(*messages)
        drop.answers[b"RETR"] = lambda session, number: b"-ERR it is in the cellar\r\n" if number == b"3" else None
        result = self.world.run()
        self.assertStatus(result, 75)
        self.assertSays(result.err, "home", "it is in the cellar")
        self.assertSameMail(self.world.maildir(), messages[:2] + messages[3:])
        self.assertEqual(drop.uids(), [b"uid-000003"])

    def test_a_wrong_size_is_only_a_hint(self):
        messages = mail.small(5)
        for size in (b"1", b"999999999", b"18446744073709551615"):
            with self.subTest(size):
                drop = self.prepared(*messages)
                drop.answers[b"LIST"] = lambda session, argument, size=size: None if argument else (
                    b"+OK\r\n" + b"".join(b"%d %s\r\n" % (n, size) for n in range(1, len(session.messages) + 1)) + b".\r\n")
                for file in self.world.maildir_files():
                    file.unlink()
                self.assertStatus(self.world.run(), 0)
                self.assertSameMail(self.world.maildir(), messages)
                self.assertEqual(drop.uids(), [])

    def test_a_refused_removal_is_not_forgotten(self):
        messages = mail.small(3)
        drop = self.prepared(*messages)
        drop.answers[b"DELE"] = lambda session, argument: b"-ERR not today\r\n"
        self.assertSays(self.world.run().err, "the server refused to remove 3 messages, first uid-000001: -ERR not today")
        self.assertEqual(len(drop.uids()), 3)
        del drop.answers[b"DELE"]
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.world.maildir(), messages)
        self.assertEqual(drop.uids(), [])

    def test_a_quit_that_fails_removes_nothing_and_the_next_run_does(self):
        messages = mail.small(3)
        drop = self.prepared(*messages)
        drop.answers[b"QUIT"] = lambda session, argument: b"-ERR some were not removed\r\n"
        self.world.run()
        del drop.answers[b"QUIT"]
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.world.maildir(), messages)
        self.assertEqual(drop.uids(), [])

    def test_a_server_that_lies_about_removal_gets_another_dele(self):
        messages = mail.small(3)
        drop = self.prepared(*messages)
        drop.answers[b"QUIT"] = lambda session, argument: b"+OK all gone\r\n"
        self.assertStatus(self.world.run(), 0)
        del drop.answers[b"QUIT"]
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.world.maildir(), messages)
        self.assertEqual(drop.uids(), [])

    def test_an_answer_nobody_asked_for_is_taken_for_no_message(self):
        messages = mail.small(4)
        drop = self.prepared(*messages)
        drop.answers[b"RETR"] = lambda session, number: (b"+OK surprise\r\n.\r\n+OK\r\n" + stuffed(messages[int(number) - 1])
                                                         if number == b"2" else None)
        self.assertStatus(self.world.run(), 75)
        arrived = self.world.maildir()
        for uid, wire in zip((b"uid-%06d" % n for n in range(1, 5)), messages):
            if uid in drop.removed:
                self.assertIn(mail.local(wire), arrived)
        del drop.answers[b"RETR"]
        for _ in range(2):
            self.world.run()
        self.assertSameMail(self.world.maildir(), messages)
        self.assertEqual(drop.uids(), [])

    def test_the_largest_lies_end_in_time(self):
        """An endless line or list is given up at a limit, long before memory is full. If it is the answer to
        CAPA, the login goes on."""
        for verb, status in ((b"UIDL", 76), (b"LIST", 76), (b"CAPA", 0)):
            with self.subTest(verb):
                drop = self.prepared(*mail.small(1))

                def flood(session, argument):
                    for _ in range(4000):
                        session.connection.send(b"+OK " + b"x" * 65536)
                    return b"\r\n"
                drop.answers[verb] = flood
                result = self.world.run()
                self.assertStatus(result, status)
                self.assertLess(len(result.err), 4000)


if __name__ == "__main__":
    unittest.main()
