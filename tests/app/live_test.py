# SPDX-License-Identifier: MIT
"""The live lines, on an emulated screen: what they say, in windows of all sizes."""
import json
import os
import re
import select
import subprocess
import threading
import unittest

from support.py import mail, terminal
from support.py.maildrop import Session
from support.py.screen import EndedTooSoon, Screen, before_it_ends, needed
from support.py.world import LIMIT, MAILHAUL, Case


class Gate:
    """A place where a server waits until the test lets it continue."""

    def __init__(self, case):
        self.event = threading.Event()
        case.addCleanup(self.event.set)

    def __call__(self, _session=None, _argument=None):
        self.event.wait(LIMIT)


@needed
class Live(Case):
    def held(self, drop, verb):
        gate = drop.answers[verb] = Gate(self)
        return gate

    def half_a_message(self, drop):
        """Makes the server stop in the middle of the first message."""
        gate = Gate(self)

        def answer(session, argument):
            if argument == b"1":
                wire = session.messages[0].wire
                session.connection.send(b"+OK\r\n" + wire[:len(wire) // 2])
                gate()
                return wire[len(wire) // 2:] + b".\r\n"
            return None

        drop.answers[b"RETR"] = answer
        return gate

    def ends_at_once(self, screen):
        """Types a second Ctrl-C, which must end a run that has not ended by itself."""
        screen.type(b"\x03")
        self.assertEqual(screen.end(), 130)
        if "stopped: " in screen.text():
            raise EndedTooSoon("the second Ctrl-C came too late; the screen was:\n" + screen.text())
        self.assertIn("mailhaul: stopped at once", screen.text())


class OneAccount(Live):
    def test_it_says_what_is_going_on(self):
        drop = self.prepared(*mail.small(3))
        greeting = Gate(self)

        class Late(Session):
            def run(self):
                greeting()
                super().run()

        drop.session = Late
        gates = [greeting, self.held(drop, b"PASS"), self.held(drop, b"UIDL"), self.held(drop, b"RETR")]
        screen = Screen(self)
        for gate, words in zip(gates, ("home  connecting", "home  logging in", "home  listing", "home  0/3 messages")):
            screen.wait_for(words)
            gate.event.set()
        self.assertEqual(screen.end(), 0)
        self.assertRegex(screen.text(), r"^\$ mailhaul\nhome: 3 new messages, \d.* kB, in \d.*; 3 removed from the server$")

    def test_received_messages_count_before_they_are_delivered(self):
        for _ in range(50):  # a batch is settled after two seconds at the latest, and this machine may take longer
            drop = self.prepared(*mail.small(4))
            gate = Gate(self)
            drop.answers[b"RETR"] = lambda session, number, gate=gate: gate() if number == b"4" else None
            screen = Screen(self)
            screen.wait_for("home  3/4 messages")
            delivered = len(self.world.maildir())
            gate.event.set()
            self.assertEqual(screen.end(), 0)
            if delivered == 0:
                return
            self.begin_anew()
        self.fail("messages were always delivered before they counted")

    def test_it_says_that_mail_is_being_removed(self):
        gate = self.held(self.prepared(*mail.small(3)), b"QUIT")
        screen = Screen(self)
        screen.wait_for("home  removing 3 messages from the server")
        gate.event.set()
        self.assertEqual(screen.end(), 0)
        self.assertRegex(screen.text(), r"^\$ mailhaul\nhome: 3 new messages, .*; 3 removed from the server$")

    def test_nothing_but_removals_has_no_count_of_messages(self):
        drop = self.prepared(*mail.small(3), leave_on_server=True)
        self.assertStatus(self.world.run(), 0)
        for verb in (b"TOP", b"QUIT"):
            self.held(drop, verb)
        screen = Screen(self, "-K")
        screen.wait_for("home  removing 3 messages from the server")
        drop.answers[b"TOP"].event.set()
        drop.answers[b"QUIT"].event.set()
        self.assertEqual(screen.end(), 0)
        self.assertEqual((drop.messages, len(self.world.maildir())), ([], 3))

    def test_nothing_new_has_no_count_either(self):
        drop = self.prepared(*mail.small(3), leave_on_server=True)
        self.assertStatus(self.world.run(), 0)
        gate = self.held(drop, b"QUIT")
        screen = Screen(self)
        screen.wait_for("home  listing")
        gate.event.set()
        screen.wait(lambda lines: not any("0/0" in line for line in lines) and "home: no new mail" in lines[1])
        self.assertEqual(screen.end(), 0)

    def test_a_window_of_one_row_is_not_scrolled(self):
        gate = self.half_a_message(self.prepared(mail.sized(300000), mail.sized(300000, 2)))
        screen = Screen(self, size=(1, 60))
        for _ in range(3):  # the line is drawn again and again
            screen.wait(lambda lines: re.fullmatch(r"home  0/2 messages  .*B/s  \d+:\d\d left", lines[0]))
            screen.read()
        self.assertEqual(screen.scrolled(), 1)  # the line that was there before
        screen.resize((24, 60))
        screen.wait(lambda lines: "0/2 messages" in lines[0] + lines[1] and not any(lines[2:]))
        gate.event.set()
        self.assertEqual(screen.end(), 0)
        self.assertIn("home: 2 new messages", screen.text())

    def test_it_fits_windows_of_any_width_and_keeps_the_time_left_longest(self):
        for columns, form in ((80, r"home  0/2 messages  \d.*B of \d.*B  \d.*B/s  \d+:\d\d left"),
                              (50, r"home  0/2 messages  \d.*B of \d.*B  \d+:\d\d left"), (40, r"home  0/2 messages  \d+:\d\d left"),
                              (22, r"home  0/2  \d+:\d\d left"), (18, r"home  0/2  \d+:\d\d"), (12, r"home  \d+:\d\d"),
                              (9, r"[h.]*  \d+:\d\d")):
            with self.subTest(columns):
                self.begin_anew()
                gate = self.half_a_message(self.prepared(mail.sized(300000), mail.sized(300000, 2)))
                screen = Screen(self, size=(12, columns), before="$")
                screen.wait(lambda lines, form=form: re.fullmatch(form, lines[1]))
                self.assertEqual((screen.lines()[0], screen.lines()[2:], screen.scrolled()), ("$", [""] * 10, 0))
                gate.event.set()
                self.assertEqual(screen.end(), 0)

    def test_hours_are_told(self):
        drop = self.prepared(mail.sized(300000), mail.sized(300000, 2))
        drop.answers[b"LIST"] = lambda *_: b"+OK\r\n1 300000\r\n2 999999999999999\r\n.\r\n"
        gate = self.half_a_message(drop)
        screen = Screen(self)
        screen.wait(lambda lines: re.search(r"/s  \d+:[0-5]\d:[0-5]\d left", lines[1]))
        gate.event.set()
        screen.end()

    def test_a_window_that_shrinks_and_grows_keeps_one_line(self):
        gate = self.half_a_message(self.prepared(mail.sized(300000), mail.sized(300000, 2)))
        screen = Screen(self)
        screen.wait_for("/s  ")
        for columns in (40, 20, 30, 100):
            screen.resize((24, columns))
            before = "$ mailhaul"
            screen.wait(lambda lines: lines[0] == before and "0/2" in lines[1] and not any(lines[2:]))
        gate.event.set()
        self.assertEqual(screen.end(), 0)
        self.assertRegex(screen.text(), r"^\$ mailhaul\nhome: 2 new messages[^\n]*$")


class OtherCommands(Live):
    """Each command waits at the login and at the listing, and its output is not mixed with its live line."""

    def waits(self, *words, typed=None, **size):
        gates = [self.held(self.drop, b"PASS"), self.held(self.drop, b"UIDL")]
        screen = Screen(self, *words, **size)
        for gate, doing in zip(gates, ("home  logging in", "home  listing")):
            screen.wait_for(doing)
            gate.event.set()
        if typed:
            screen.wait_for(typed[0])
            screen.type(typed[1])
        self.assertEqual(screen.end(), 0, screen.text())
        return screen.lines()[1:1 + len(screen.text().splitlines()) - 1]

    def setUp(self):
        super().setUp()
        self.drop = self.prepared(b"From: Anna <anna@example.org>\r\nSubject: first\r\n\r\ntext\r\n", leave_on_server=True)

    def test_check(self):
        line, = self.waits("check")
        self.assertRegex(line, r"^home: 1 new \(")

    def test_list(self):
        heading, row, total = self.waits("list")
        self.assertRegex(heading, "^ *NO ")
        self.assertRegex(row, "#1 .*Anna .*first .*fetch")
        self.assertRegex(total, "^1 message, ")

    def test_list_counts_below_its_rows(self):
        self.drop.add(*mail.small(3))
        self.drop.capabilities.remove(b"PIPELINING")
        gate = Gate(self)
        self.drop.answers[b"TOP"] = lambda _, argument: gate() if argument.startswith(b"3") else None
        screen = Screen(self, "list")
        screen.wait(lambda lines: lines[1].lstrip().startswith("NO ") and lines[2].startswith("#1") and lines[3].startswith("#2")
                    and lines[4] == "home  2/4 messages")
        gate.event.set()
        self.assertEqual(screen.end(), 0)
        self.assertEqual([line.split(" ")[0] for line in screen.lines()[2:7]], ["#1", "#2", "#3", "#4", "4"])

    def test_in_front_of_a_pager_nothing_is_drawn_once_it_has_something_to_show(self):
        for words, verb in ((("list",), b"QUIT"), (("get", "home", "#1"), b"QUIT"), (("doctor",), b"PASS")):
            with self.subTest(words):
                self.begin_anew()
                gate = self.held(self.drop, verb)
                master, slave = terminal.opened()
                process = subprocess.Popen([MAILHAUL, *words], stdin=slave, stdout=subprocess.PIPE, stderr=slave, cwd=self.world.root,
                                           start_new_session=True, env={**self.world.env, "TERM": "xterm"})
                os.close(slave)
                self.assertNotEqual(process.stdout.read(1), b"")
                shown = b""
                while words != ("doctor",) and not shown.endswith(b"A\r\x1b[J"):  # until the live line is removed
                    self.assertTrue(select.select([master], [], [], LIMIT)[0], shown)
                    shown += os.read(master, 65536)
                gate.event.set()
                process.stdout.read()
                process.stdout.close()
                self.assertEqual(terminal.read_to_the_end(master, process), b"")
                self.assertEqual(process.returncode, 0)

    def test_doctor(self):
        lines = self.waits("doctor")
        self.assertTrue(any("ok       home: listing: 1 message" in line for line in lines), lines)

    def test_get(self):
        self.assertEqual(self.waits("get", "home", "#1"), ["From: Anna <anna@example.org>", "Subject: first", "", "text"])

    def test_a_dry_run(self):
        row, total = self.waits("fetch", "-n")
        self.assertRegex(row, "^home: fetch uid-000001 ")

    def test_delete(self):
        lines = self.waits("delete", "--unfetched", "#1", typed=("[y/N]", b"y\n"))
        self.assertRegex(lines[-1], "^home: 1 message removed from the server$")
        self.assertEqual(len(lines), 4)

    def test_delete_says_that_it_removes(self):
        gate = self.held(self.drop, b"QUIT")
        screen = Screen(self, "delete", "--unfetched", "#1")
        screen.wait_for("[y/N]")
        screen.type(b"y\n")
        screen.wait_for("home  removing 1 message from the server")
        gate.event.set()
        self.assertEqual(screen.end(), 0)
        self.assertEqual(screen.lines()[4], "home: 1 message removed from the server")

    def test_marking(self):
        for standing in ("seen", "delivered"):
            with self.subTest(standing):
                self.begin_anew()
                line, = self.waits("state", "mark-" + standing, "--all")
                self.assertTrue(line.startswith("home: 1 message marked as " + standing), line)

    def test_an_error_comes_on_a_line_of_its_own(self):
        self.drop.answers[b"PASS"] = lambda session, _: b"-ERR [SYS/TEMP] later\r\n"
        screen = Screen(self, "list", size=(24, 200))
        self.assertEqual(screen.end(), 75)
        self.assertRegex(screen.text(), r"^\$ mailhaul\nmailhaul: home: error: ")


class Watching(Live):
    def watch(self, interval="1s"):
        return Screen(self, "watch", "--interval", interval)

    def stopped(self, screen):
        screen.type(b"\x03")
        self.assertEqual(screen.end(), 130)

    def test_it_counts_what_comes_at_each_round(self):
        drop = self.prepared(*mail.small(4))
        last = {4: Gate(self), 2: Gate(self)}  # by the number of messages in the maildrop
        gates = [self.held(drop, b"PASS"), self.held(drop, b"UIDL"), last[4]]
        drop.answers[b"RETR"] = lambda session, number: int(number) == len(session.messages) and last[int(number)]() or None
        screen = self.watch()
        for gate, words in zip(gates, ("home  logging in", "home  listing", "home  3/4 messages")):
            screen.wait_for(words)
            gate.event.set()
        screen.wait_for("home: 4 new messages")
        drop.add(*mail.small(2, seed=3))
        screen.wait_for("home  1/2 messages")
        last[2].event.set()
        screen.wait_for("home: 2 new messages")
        self.stopped(screen)

    def test_several_accounts_have_a_total(self):
        gates, accounts = [], {}
        for number in range(2):
            drop, server = self.maildrop(*mail.small(2, seed=number + 1), user=b"user-%d" % number)
            gates.append(self.held(drop, b"RETR"))
            accounts["account-%d" % number] = self.account(server, user="user-%d" % number, deliver="maildir:~/Mail%d" % number)
        self.world.configure(accounts)
        screen = self.watch("1h")
        screen.wait_for("total, 0 of 2 accounts done  0/4 messages")
        gates[1].event.set()
        screen.wait_for("total, 1 of 2 accounts done  2/4 messages")
        gates[0].event.set()
        screen.wait_for("account-0: 2 new messages")
        self.stopped(screen)

    def test_a_hint_comes_again_once_the_account_has_worked(self):
        drop = self.prepared()
        hint = "hint: nothing is lost"
        for times in (1, 2):
            drop.answers[b"UIDL"] = lambda *_: b"-ERR [SYS/TEMP] later\r\n"
            if times == 1:
                screen = self.watch()
            screen.wait(lambda lines, times=times: sum(hint in line for line in lines) == times)
            del drop.answers[b"UIDL"]
            screen.wait(lambda lines, times=times: sum("works again" in line for line in lines) == times)
        self.stopped(screen)


class ManyAccounts(Live):
    def prepared_many(self, count, verb=b"RETR"):
        drops, accounts = [], {}
        for number in range(count):
            user = "user-%d" % number
            drop, server = self.maildrop(*mail.small(2, seed=number + 1), user=user.encode())
            drops.append(self.held(drop, verb))
            accounts["account-%02d" % number] = self.account(server, user=user, deliver="maildir:~/Mail%d" % number)
        self.world.configure(accounts, jobs=count, host_jobs=count)
        return drops

    def test_a_total_and_names_in_one_column(self):
        gates = self.prepared_many(3)
        screen = Screen(self)
        screen.wait(lambda lines: lines[1:5] == ["account-%02d  0/2 messages  0 B of %s" % (n, lines[1 + n].split(" of ")[-1])
                                                 for n in range(3)] + [lines[4]] and "total, 0 of 3 accounts done  0/6 messages" in lines[4])
        gates[1].event.set()
        screen.wait(lambda lines: any("total, 1 of 3 accounts done  2/6 messages" in line for line in lines))
        for gate in gates:
            gate.event.set()
        self.assertEqual(screen.end(), 0)
        self.assertEqual(len(screen.lines()) - screen.lines().count(""), 4)

    def test_the_total_has_no_count_before_there_is_one(self):
        gates = self.prepared_many(2, verb=b"PASS")
        screen = Screen(self)
        screen.wait(lambda lines: lines[1:4] == ["account-00  logging in", "account-01  logging in", "total, 0 of 2 accounts done"])
        for gate in gates:
            gate.event.set()
        self.assertEqual(screen.end(), 0)

    @before_it_ends
    def test_ctrl_c_is_answered_in_the_total(self):
        self.prepared_many(2)
        screen = Screen(self)
        screen.wait(lambda lines: "total, 0 of 2 accounts done  0/4 messages" in lines[3])
        screen.type(b"\x03")
        screen.wait_for("total, 0 of 2 accounts done  stopping (Ctrl-C again: at once)")
        self.ends_at_once(screen)

    def test_accounts_stay_in_the_order_of_the_profile(self):
        gates = self.prepared_many(3)
        profile = json.loads(self.world.config.read_text())
        last = profile["accounts"]["account-02"]
        last["server"] = last["server"].replace("127.0.0.1", "localhost")  # the other two share a host
        self.world.configure(**{**profile, "host_jobs": 1})
        screen = Screen(self)
        screen.wait(lambda lines: [line[:10] for line in lines[1:4]] == ["account-00", "account-02", "total, 0 o"])
        gates[0].event.set()
        screen.wait(lambda lines: [line[:10] for line in lines[2:5]] == ["account-01", "account-02", "total, 1 o"])
        for gate in gates:
            gate.event.set()
        self.assertEqual(screen.end(), 0)

    def test_never_more_lines_than_the_window_has(self):
        for rows, columns in ((24, 80), (10, 40), (4, 20)):
            with self.subTest(rows):
                self.begin_anew()
                gates = self.prepared_many(30)
                screen = Screen(self, size=(rows, columns))
                screen.wait(lambda lines: sum("0/2" in line for line in lines) == max(rows - 4, 1)
                            or any("0/60" in line for line in lines))
                screen.wait(lambda lines: any(line.startswith("total") for line in lines) and
                            any("... and " in line for line in lines))
                self.assertLessEqual(screen.scrolled(), 1)
                for gate in gates:
                    gate.event.set()
                self.assertEqual(screen.end(), 0)


if __name__ == "__main__":
    unittest.main()
