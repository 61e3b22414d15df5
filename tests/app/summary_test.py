# SPDX-License-Identifier: MIT
"""What a summary says about mail that was not fetched, and hints, which are wrapped at a terminal and shown once."""
import unittest

from support.py import mail
from support.py.scripted import Cut
from support.py.screen import Screen, needed
from support.py.world import Case


class Prepared(Case):
    def prepared(self, *messages, **keys):
        self.drop, self.server = self.maildrop(*messages)
        self.keys = keys
        self.world.configure({"home": self.account(self.server, **keys)})


class Summaries(Prepared):
    def summary(self, *words, status=0):
        result = self.world.run(*words)
        self.assertStatus(result, status)
        return result.out.decode()

    def test_what_a_limit_leaves_waits(self):
        self.prepared(*mail.small(7), leave_on_server=True)
        self.assertRegex(self.summary("--max-messages", "5"),
                         r"^home: 5 new messages, .*; 5 left on the server; 2 more wait \(max_messages\)\n$")
        self.assertRegex(self.summary("--max-bytes", "1"),
                         r"^home: 1 new message, .*; 6 left on the server; 1 more waits \(max_bytes\)\n$")
        self.assertRegex(self.summary(), r"^home: 1 new message, [^;]*; 7 left on the server\n$")

    def test_several_reasons_are_counted(self):
        self.prepared(*mail.small(4), mail.sized(300000))
        self.assertRegex(self.summary("--max-messages", "1", "--max-size", "200k"),
                         r"; 4 more wait \(3: max_messages, 1: larger than max_size\)\n$")

    def test_one_that_failed_waits(self):
        self.prepared(*mail.small(3))
        self.drop.answers[b"RETR"] = lambda session, number: b"-ERR it is damaged\r\n" if number == b"2" else None
        result = self.world.run()
        self.assertRegex(result.out.decode(), r"^home: 2 new messages, .*; 2 removed from the server; 1 more waits \(failed\)\n$")

    def test_what_a_cut_connection_leaves_waits(self):
        self.prepared(*mail.small(5), leave_on_server=True)

        def cut(session, number):
            if number == b"3":
                session.connection.send(b"+OK\r\n" + session.messages[2].wire[:100])
                session.connection.finish()
                raise Cut("in the middle of a message")
        self.drop.answers[b"RETR"] = cut
        self.assertRegex(self.summary(status=75), r"^home: 2 new messages, [^;]*; 2 left on the server; 3 more wait\n$")

    def test_a_hint_is_told_once_for_all_accounts(self):
        port = self.closed_port()
        self.world.configure({"account-%d" % n: self.account(port, user="user-%d" % n) for n in range(3)}, host_jobs=1)
        result = self.world.run()
        self.assertStatus(result, 75)
        self.assertEqual((result.err.count("error: cannot connect"), result.err.count("hint:")), (3, 1), result.err)


@needed
class AtATerminal(Prepared):
    def screen(self, *words, columns=200, typed=None):
        screen = Screen(self, *words, size=(40, columns))
        if typed:
            screen.wait_for("[y/N]")
            screen.type(typed)
        self.status = screen.end()
        return screen.text().split("\n")[1:]

    def test_no_new_mail_is_explained(self):
        self.prepared(*mail.small(3), leave_on_server=True)
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(self.screen(), ["home: no new mail; 3 left on the server, already fetched or marked"])

    def test_a_new_place_that_stays_empty_is_explained(self):
        self.prepared(*mail.small(3), leave_on_server=True)
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(self.screen("--deliver", "maildir:~/Mail/home"),
                         ["home: no new mail; 3 left on the server, already fetched or marked "
                          "(delivered to a different destination before; mailhaul -a home fetches it again)"])

    def test_a_summary_is_wrapped_at_words(self):
        self.prepared(*mail.small(7), leave_on_server=True)
        lines = self.screen("--max-messages", "5", columns=40)
        self.assertRegex(" ".join(map(str.strip, lines)),
                         r"^home: 5 new messages, \S+ kB, in \S+ s; 5 left on the server; 2 more wait \(max_messages\)$")
        self.assertGreater(len(lines), 1)
        self.assertTrue(all(line.startswith("  ") for line in lines[1:]), lines)

    def test_errors_and_hints_are_wrapped_at_words(self):
        port = self.closed_port()
        self.world.configure({"home": self.account(port)})
        wide = [" ".join(line.split()) for line in self.screen()]
        for columns in (80, 40):
            lines = self.screen(columns=columns)
            self.assertEqual(self.status, 75)
            hint = next(n for n, line in enumerate(lines) if line.startswith("  hint: "))
            self.assertEqual([" ".join(" ".join(part).split()) for part in (lines[:hint], lines[hint:])], wide)
            self.assertTrue(all(line.startswith("  ") for line in lines[1:hint]), lines)
            self.assertTrue(all(line.startswith(" " * 8) for line in lines[hint + 1:]), lines)
            self.assertLessEqual(max(map(len, lines)), columns)

    def test_check_status_and_questions_are_wrapped_too(self):
        self.prepared(*mail.small(3), leave_on_server=True)
        self.assertStatus(self.world.run(), 0)
        self.drop.answers[b"UIDL"] = lambda *_: b"-ERR [SYS/TEMP] the mailboxes are being moved to another disk until tomorrow\r\n"
        self.assertStatus(self.world.run(), 75)
        del self.drop.answers[b"UIDL"]
        for words, typed in ((("check",), None), (("status",), None), (("state", "forget", "--all"), b"n\n")):
            with self.subTest(words):
                wide, narrow = self.screen(*words, typed=typed, columns=200), self.screen(*words, typed=typed, columns=40)
                self.assertEqual(" ".join(narrow).split(), " ".join(wide).split(), "a word is broken")
                self.assertGreater(len(narrow), len(wide))


if __name__ == "__main__":
    unittest.main()
