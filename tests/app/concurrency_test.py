# SPDX-License-Identifier: MIT
"""Others use the same places: a second run, two accounts into one mbox, mail readers between a crash and the
next run."""
import fcntl
import os
import threading
import unittest

from crash import strace
from support.py import mail
from support.py.world import LIMIT, Case

RENAME = "?rename,?renameat,renameat2"


class AtOnce(Case):
    def holding(self, drop):
        """Makes the server hold its answer to RETR until `release` is set; `reached` is set when RETR has arrived."""
        reached, release = threading.Event(), threading.Event()

        def hold(session, argument):
            reached.set()
            release.wait(LIMIT)
        drop.answers[b"RETR"] = hold
        self.addCleanup(release.set)
        return reached, release

    def test_a_second_run_says_so_and_the_first_goes_on(self):
        messages = mail.small(3)
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server)})
        reached, release = self.holding(drop)
        first = self.world.start("fetch")
        self.assertTrue(reached.wait(LIMIT))
        asked = len(server.connections)
        second = self.world.run()
        self.assertStatus(second, 75)
        self.assertSays(second.err, "home", "another mailhaul (process %d, started " % first.pid)
        self.assertEqual(len(server.connections), asked, "the second one does not even connect")
        quiet = self.world.run("-q")
        self.assertEqual((quiet.status, quiet.err), (75, ""))
        release.set()
        self.assertStatus(self.world.ended(first), 0)
        self.assertSameMail(self.world.maildir(), messages)
        self.assertEqual(drop.uids(), [])

    def test_another_mailbox_is_not_held_up(self):
        drop, server = self.maildrop(*mail.small(1))
        other, other_server = self.maildrop(*mail.small(1, seed=2))
        self.world.configure({"one": self.account(server), "two": self.account(other_server)})
        reached, release = self.holding(drop)
        first = self.world.start("fetch", "one")
        self.assertTrue(reached.wait(LIMIT))
        self.assertStatus(self.world.run("fetch", "two"), 0)
        self.assertEqual(other.uids(), [])
        release.set()
        self.assertStatus(self.world.ended(first), 0)

    def test_two_accounts_into_one_mbox(self):
        wires = [mail.corpus(80, seed=71, raw=True), mail.corpus(80, seed=72, raw=True)]
        accounts = {}
        for name, messages in zip(("one", "two"), wires):
            _, server = self.maildrop(*messages)
            accounts[name] = self.account(server, deliver="mbox:~/mbox")
        self.world.configure(accounts, jobs=2, host_jobs=2)
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(map(alike, self.world.mbox()), wires[0] + wires[1], lambda wire: alike(mail.local(wire)))
        self.assertClean()

    def test_two_processes_into_one_mbox(self):
        wires = [mail.small(60, seed=73), mail.small(60, seed=74)]
        accounts = {}
        for name, messages in zip(("one", "two"), wires):
            _, server = self.maildrop(*messages)
            accounts[name] = self.account(server, deliver="mbox:~/mbox")
        self.world.configure(accounts)
        runs = [self.world.start("fetch", name) for name in accounts]
        for run in runs:
            self.assertStatus(self.world.ended(run), 0)
        self.assertSameMail(self.world.mbox(), wires[0] + wires[1])
        self.assertClean()

    def test_a_reader_with_a_lock_is_waited_for(self):
        messages = mail.small(2)
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server, deliver="mbox:~/mbox")})
        self.world.path("mbox").touch(mode=0o600)
        last = threading.Event()
        drop.answers[b"RETR"] = lambda session, number: last.set() if number == b"2" else None
        with open(self.world.path("mbox"), "r+b") as box:
            fcntl.lockf(box, fcntl.LOCK_EX)
            run = self.world.start("fetch")
            self.assertTrue(last.wait(LIMIT))
            self.assertEqual(os.path.getsize(self.world.path("mbox")), 0)
        self.assertStatus(self.world.ended(run), 0)
        self.assertSameMail(self.world.mbox(), messages)

    def test_stopped_by_a_signal_it_leaves_in_order(self):
        import signal
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
            with self.subTest(status):
                messages = mail.small(4, seed=int(number))
                drop, server = self.maildrop(*messages)
                drop.capabilities.remove(b"PIPELINING")
                self.world.configure({"home": self.account(server, deliver="maildir:~/Mail%d" % status)})
                reached, release = self.holding(drop)
                run = self.world.start("fetch", "--json")
                self.assertTrue(reached.wait(LIMIT))
                run.send_signal(number)
                release.set()
                result = self.world.ended(run)
                self.assertStatus(result, status)
                self.assertEqual(self.json_lines(result)[-1]["status"], status)
                del drop.answers[b"RETR"]
                self.assertStatus(self.world.run(), 0)
                self.assertSameMail(self.world.maildir("Mail%d" % status), messages)
                self.assertEqual(drop.uids(), [])


def alike(text):
    return text or b"\n"


@unittest.skipUnless(strace.usable(), "strace is not here or may not trace")
class BetweenCrashAndRerun(Case):
    """A run was killed after the first of four messages became visible: three are intended and still hidden."""

    def crashed(self):
        """Fetches with such a kill, and returns the file of the first message."""
        def attempt():
            self.messages = mail.small(4, seed=81)
            self.drop, self.server = self.maildrop(*self.messages)
            self.profile = self.account(self.server)
            self.world.configure({"home": self.profile})
            self.world.prefix = strace.injecting(RENAME, "signal=KILL:when=2")
            self.world.run()
            self.world.prefix = []
        self.in_one_batch(4, attempt)
        self.assertEqual(len(self.world.maildir()), 1)
        self.assertEqual(self.drop.removed, [])
        return self.world.maildir_files()[0]

    def test_a_reader_moves_it_to_cur(self):
        file = self.crashed()
        file.rename(self.world.path("Mail/cur") / (file.name + ":2,S"))
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.world.maildir(), self.messages)
        self.assertEqual(self.drop.uids(), [])
        self.assertClean("Mail")

    def test_a_reader_deletes_it(self):
        file = self.crashed()
        text = file.read_bytes()
        file.unlink()
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.world.maildir() + [text], self.messages)
        self.assertEqual(self.drop.uids(), [])

    def test_a_reader_moves_it_to_another_folder(self):
        file = self.crashed()
        file.rename(self.world.path("kept"))
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.world.maildir() + [self.world.path("kept").read_bytes()], self.messages)

    def test_the_profile_names_another_place(self):
        self.crashed()
        self.world.configure({"home": {**self.profile, "deliver": "maildir:~/Other"}})
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.world.maildir() + self.world.maildir("Other"), self.messages)
        self.assertEqual(self.drop.uids(), [])
        self.assertClean("Mail", "Other")

    def test_the_place_has_gone(self):
        """The run stops, says so and creates nothing; once the place is back, everything continues."""
        self.crashed()
        self.world.path("Mail").rename(self.world.path("Away"))
        for _ in range(2):
            result = self.world.run()
            self.assertStatus(result, 74)
            self.assertHint(result, "home", "Mail")
            self.assertFalse(self.world.path("Mail").exists())
            self.assertEqual(len(self.drop.uids()), 4)
        self.world.path("Away").rename(self.world.path("Mail"))
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.world.maildir(), self.messages)

    def test_the_mail_on_the_server_has_gone_too(self):
        """Somebody else emptied the mailbox: intended messages are completed from the disk."""
        self.crashed()
        self.drop.messages.clear()
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.world.maildir(), self.messages)


@unittest.skipUnless(strace.usable(), "strace is not here or may not trace")
class MboxBetweenCrashAndRerun(Case):
    FOREIGN = b"From other@example.org Mon Jan  1 00:00:00 2024\nSubject: foreign\n\nforeign\n\n"

    def crashed(self, call, when):
        self.begin_anew()
        self.messages = mail.small(4, seed=82)
        self.drop, self.server = self.maildrop(*self.messages)
        self.box = self.world.path("mbox")
        self.box.write_bytes(self.FOREIGN)
        self.box.chmod(0o600)
        self.world.configure({"home": self.account(self.server, deliver="mbox:~/mbox")})
        self.world.prefix = strace.injecting(call, "signal=KILL:when=%d" % when, self.box)
        result = self.world.run()
        self.world.prefix = []
        self.assertIn(result.status, (-9, 137), result.err)
        self.assertEqual(self.drop.removed, [])

    def test_another_program_appends(self):
        for call in ("pwrite64", "fdatasync"):
            with self.subTest(call):
                self.crashed(call, 1)
                with open(self.box, "ab") as box:
                    box.write(self.FOREIGN)
                self.assertStatus(self.world.run(), 0)
                self.assertSameMail(self.world.mbox(), self.messages + [b"Subject: foreign\r\n\r\nforeign\r\n"] * 2)
                self.assertEqual(self.drop.uids(), [])
                self.assertClean()

    def test_nobody_touches_it(self):
        for call in ("pwrite64", "fdatasync"):
            with self.subTest(call):
                self.crashed(call, 1)
                self.assertStatus(self.world.run(), 0)
                self.assertSameMail(self.world.mbox(), self.messages + [b"Subject: foreign\r\n\r\nforeign\r\n"])
                self.assertEqual(self.drop.uids(), [])

    def test_the_mbox_has_gone(self):
        self.crashed("pwrite64", 1)
        self.box.rename(self.world.path("away"))
        result = self.world.run()
        self.assertStatus(result, 74)
        self.assertHint(result, "mbox")
        self.assertEqual(len(self.drop.uids()), 4)
        self.world.path("away").rename(self.box)
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.world.mbox(), self.messages + [b"Subject: foreign\r\n\r\nforeign\r\n"])


if __name__ == "__main__":
    unittest.main()
