# SPDX-License-Identifier: MIT
"""What Ctrl-C and SIGTERM do at a terminal: in the live line, to the work in progress, and in the summary."""
import os
import queue
import signal
import unittest

from app.live_test import Gate, Live
from support.py import mail
from support.py.maildrop import Session
from support.py.screen import EndedTooSoon, Screen, before_it_ends
from support.py.world import LIMIT


class Stopping(Live):
    def note_ends(self, drop):
        """Records for each session whether it ended properly, which means that the client has read the answer
        to QUIT. If the client closes the connection with unread bytes, the connection is reset."""
        self.in_order = in_order = queue.SimpleQueue()

        class Noted(Session):
            def run(self):
                quits, answer_was_read = self.drop.quits, False
                try:
                    super().run()
                    answer_was_read = self.drop.quits > quits and self.connection.line() is None
                finally:
                    in_order.put(answer_was_read)

        drop.session = Noted

    def ends_in_order(self, screen, status):
        self.assertEqual(screen.end(), status)
        if not self.in_order.get(timeout=LIMIT):
            raise EndedTooSoon("the session did not end in good order; the screen was:\n" + screen.text())

    @before_it_ends
    def test_ctrl_c_is_answered_in_the_line_and_the_summary_says_what_waits(self):
        drop = self.prepared(*mail.small(5), leave_on_server=True)
        self.note_ends(drop)
        gate = Gate(self)
        drop.answers[b"RETR"] = lambda session, number: gate() if number == b"3" else None
        screen = Screen(self)
        screen.wait_for("2/5 messages")
        screen.type(b"\x03")
        screen.wait_for("home  stopping: receiving what is on its way (Ctrl-C again: at once)")
        gate.event.set()
        self.ends_in_order(screen, 130)
        self.assertRegex(screen.text(), r"^\$ mailhaul\nhome: stopped: \d new messages?, .*$")
        delivered = len(self.world.maildir())
        if delivered < 5:
            self.assertIn("; %d more wait" % (5 - delivered), screen.text())
        self.assertIn("; %d left on the server" % delivered, screen.text())
        # Nothing is in doubt, so delivered messages are not requested again.
        trace = self.world.run("-vv").err
        self.assertEqual((trace.count("> TOP "), trace.count("> RETR ")), (0, 5 - delivered))

    @before_it_ends
    def test_it_ends_though_the_server_sends_nothing_more(self):
        self.half_a_message(self.prepared(mail.sized(300000), *mail.small(2)))
        screen = Screen(self)
        screen.wait_for("0/3 messages")
        screen.type(b"\x03")
        screen.wait_for("stopping")
        self.assertEqual(screen.end(), 130)
        self.assertEqual(screen.text(), "$ mailhaul\nhome: stopped: nothing fetched; 3 wait")

    @before_it_ends
    def test_a_second_ctrl_c_ends_the_run_at_once_and_leaves_no_half_line(self):
        self.half_a_message(self.prepared(mail.sized(300000), *mail.small(2)))
        screen = Screen(self)
        screen.wait_for("0/3 messages")
        screen.type(b"\x03")
        screen.wait_for("stopping")
        self.ends_at_once(screen)
        self.assertEqual((screen.text(), screen.screen.cursor.x), ("$ mailhaul\nmailhaul: stopped at once", 0))

    @before_it_ends
    def test_a_second_one_leaves_nothing_of_a_line_that_takes_several_rows(self):
        self.half_a_message(self.prepared(mail.sized(300000), *mail.small(2)))
        screen = Screen(self)
        screen.wait_for("0/3 messages")
        screen.type(b"\x03")
        screen.wait_for("(Ctrl-C again: at once)")
        screen.resize((24, 40))
        screen.wait(lambda lines: lines[1] == "home  stopping")
        self.ends_at_once(screen)
        self.assertEqual(screen.text(), "$ mailhaul\nmailhaul: stopped at once")

    @before_it_ends
    def test_while_the_server_removes_mail_it_is_not_said_to_be_still_there(self):
        drop = self.prepared(*mail.small(5))
        gate = self.held(drop, b"QUIT")
        screen = Screen(self, size=(24, 100))
        screen.wait_for("home  removing 5 messages from the server")
        screen.type(b"\x03")
        screen.wait_for("home  stopping: still removing 5 messages (Ctrl-C again: at once)")
        self.assertEqual(screen.end(), 130)
        self.assertRegex(screen.text(), r"^\$ mailhaul\nhome: stopped: 5 new messages, .*; removal of 5 from the server not confirmed$")
        gate.event.set()
        drop.behave()
        self.assertStatus(self.world.run(), 0)
        self.assertEqual((drop.messages, len(self.world.maildir())), ([], 5))

    @before_it_ends
    def test_delete_says_what_is_not_known(self):
        gate = self.held(self.prepared(*mail.small(2)), b"QUIT")
        screen = Screen(self, "delete", "--unfetched", "--yes", "#1", "#2", size=(24, 200))
        screen.wait_for("home  removing 2 messages from the server")
        screen.type(b"\x03")
        screen.wait_for("home  stopping: still removing 2 messages")
        self.assertEqual(screen.end(), 130)
        error, hint = screen.text().splitlines()[-2:]
        self.assertRegex(error, r"^mailhaul: home: error: stopped while waiting for .* \(answer to QUIT\); the removal of 2 messages is "
                                "not confirmed$")
        self.assertEqual(hint, "  hint: mailhaul list home shows what is still there")
        gate.event.set()

    @before_it_ends
    def test_doctor_too(self):
        self.held(self.prepared(*mail.small(1)), b"UIDL")
        screen = Screen(self, "doctor")
        screen.wait_for("home  listing")
        screen.type(b"\x03")
        screen.wait_for("home  stopping (Ctrl-C again: at once)")
        self.assertEqual(screen.end(), 130)
        self.assertNotIn("^C", screen.text())

    def program_of(self, script):
        """An MDA that opens ~/begun, waits for ~/go, creates ~/gone-on, and continues with the script."""
        for name in ("begun", "go"):
            os.mkfifo(self.world.path(name))
        self.world.path("mda").write_text("cat > ~/taken.$MAILHAUL_ID; : > ~/begun; read line < ~/go\n: > ~/gone-on\n" + script)
        return {"kind": "mda", "command": ["sh", str(self.world.path("mda"))], "allow_root": True}

    @before_it_ends
    def stopped_in_program(self, script, stop, status):
        """Stops mailhaul while the program works on the first of five messages. Returns the maildrop and the screen."""
        self.begin_anew()
        drop = self.prepared(*mail.small(5), deliver=self.program_of(script))
        self.note_ends(drop)
        screen = Screen(self)
        self.world.path("begun").read_bytes()
        stop(screen)
        screen.wait_for("home  stopping")
        with open(self.world.path("go"), "r+b", buffering=0) as go:  # opening it for writing alone would wait for a reader
            go.write(b"go\n")
            self.ends_in_order(screen, status)
        self.assertEqual(len(list(self.world.home.glob("taken.*"))), 1, "no other message was handed over")
        if not self.world.path("gone-on").exists():
            raise EndedTooSoon("the program was ended before it went on")
        return drop, screen

    def test_the_program_at_work_ends_and_no_other_is_started(self):
        for stop, status in ((lambda screen: screen.type(b"\x03"), 130),
                             (lambda screen: screen.process.send_signal(signal.SIGTERM), 143)):
            with self.subTest(status):
                drop, screen = self.stopped_in_program("exit 0\n", stop, status)
                self.assertRegex(" ".join(screen.text().split()),
                                 r"^\$ mailhaul home: stopped: 1 new message, .*; 1 removed from the server; 4 more wait$")
                self.assertEqual(len(drop.uids()), 4)
                self.world.path("mda").write_text('cat > ~/taken.$MAILHAUL_ID; test -z "$MAILHAUL_RETRY"\n')
                result = self.world.run()
                self.assertStatus(result, 0)
                self.assertEqual((result.err, drop.uids(), len(list(self.world.home.glob("taken.*")))), ("", [], 5))

    def test_a_program_that_could_not_take_it_is_told_once_with_the_summary(self):
        _, screen = self.stopped_in_program("exit 75\n", lambda screen: screen.type(b"\x03"), 130)
        self.assertRegex(" ".join(screen.text().split()),
                         r"error: message uid-000001 stays on the server: .*home: stopped: nothing fetched; 5 wait \(1: failed\)$")
        self.assertEqual(screen.text().count("error: "), 1)

    def test_a_password_command_and_a_hook_do_not_hold_it_up(self):
        for keys, words in (({"password_command": ["sh", "-c", ": > ~/begun; exec sleep 9999"], "password": None},
                             "home: stopped: nothing fetched"),
                            ({"after_fetch": ["sh", "-c", ": > ~/begun; exec sleep 9999"]},
                             "warning: after_fetch: sh: stopped together with mailhaul")):
            with self.subTest(words):
                self.begin_anew()
                os.mkfifo(self.world.path("begun"))
                drop, server = self.maildrop(*mail.small(1))
                account = {**self.account(server), **keys}
                self.world.configure({"home": {key: value for key, value in account.items() if value is not None}})
                screen = Screen(self)
                self.world.path("begun").read_bytes()
                screen.type(b"\x03")
                self.assertEqual(screen.end(), 130)
                self.assertIn(words, screen.text())
                self.assertNotIn("hint", screen.text())

    def test_other_commands_too(self):
        self.held(self.prepared(*mail.small(1)), b"UIDL")
        screen = Screen(self, "list")
        screen.wait_for("listing")
        screen.type(b"\x03")
        self.assertEqual(screen.end(), 130)
        self.assertRegex(screen.text(), r"^\$ mailhaul\nmailhaul: home: error: stopped while waiting for ")
        self.assertEqual(screen.screen.cursor.x, 0)

    @before_it_ends
    def test_list_ends_between_two_headers_too(self):
        drop = self.prepared(*mail.small(3))
        drop.capabilities.remove(b"PIPELINING")
        gate = Gate(self)
        drop.answers[b"TOP"] = lambda session, argument: gate() if argument.startswith(b"2") else None
        screen = Screen(self, "list", size=(24, 100))
        screen.wait_for("#1")
        screen.type(b"\x03")
        screen.wait(lambda lines: lines[3] == "home  stopping: receiving what is on its way (Ctrl-C again: at once)")
        self.assertEqual(screen.end(), 130)
        self.assertTrue(screen.lines()[2].startswith("#1 "), screen.text())
        self.assertIn("mailhaul: home: error: stopped while waiting for ", screen.lines()[3])

    def test_while_connecting_too(self):
        self.held(self.prepared(*mail.small(1)), b"PASS")
        screen = Screen(self)
        screen.wait_for("logging in")
        screen.type(b"\x03")
        self.assertEqual(screen.end(), 130)
        self.assertEqual(screen.text(), "$ mailhaul\nhome: stopped: nothing fetched")

    def test_the_next_run_counts_only_what_is_transferred(self):
        drop = self.prepared(*mail.small(4), leave_on_server=True)
        gate = Gate(self)
        drop.answers[b"RETR"] = lambda session, number: gate() if number == b"4" else None
        screen = Screen(self)
        screen.wait_for("3/4 messages")
        screen.type(b"\x03")
        self.assertEqual(screen.end(), 130)
        gate.event.set()
        drop.behave()
        held = self.held(drop, b"RETR")
        again = Screen(self)
        again.wait_for("home  0/1 messages  0 B of %d B" % len(drop.messages[3].wire))
        held.event.set()
        self.assertEqual(again.end(), 0)
        self.assertEqual(drop.retrieved.count(b"uid-000001"), 1)


if __name__ == "__main__":
    unittest.main()
