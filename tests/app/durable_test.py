# SPDX-License-Identifier: MIT
"""What a killed run wrote but did not flush is made durable before anything else relies on it (tests/model)."""
import re
import subprocess
import unittest

from crash import strace
from support.py import mail
from support.py.world import Case

CALLS = "write pwrite64 ?rename ?renameat renameat2 linkat ?unlink unlinkat fsync fdatasync sendto sendmsg".split()


class Durable(Case):
    """Two messages are being delivered when a run is killed. Then the calls of a second run are recorded."""

    def setUp(self):
        super().setUp()
        self.assertTrue(strace.usable(), "strace is there and may trace")
        self.messages = mail.small(2)
        self.drop, server = self.maildrop(*self.messages)
        self.server = server
        self.log = self.world.root / "log"
        self.wal = self.world.state_dir / "state.db-wal"

    def prepare(self, deliver):
        """Creates the database and the mbox first, because strace must know their files."""
        self.world.configure({"home": self.account(self.server, deliver=deliver)})
        kept, self.drop.messages = self.drop.messages, []
        self.assertStatus(self.world.run(), 0)
        self.drop.messages = kept

    def killed_with_one_batch(self, deliver, call, path=None):
        """Kills a run at the first such call, with both messages intended."""
        def attempt():
            self.prepare(deliver)
            self.killed(call, 1, path and self.world.path(path))
        self.in_one_batch(2, attempt)

    def killed(self, call, when, path):
        self.world.prefix = strace.injecting(call, "signal=KILL:when=%d" % when, path)
        status = self.world.run().status
        self.world.prefix = []
        return status < 0 or status == 137

    def calls(self):
        """The calls of one more successful run."""
        self.world.prefix = [*strace.recording(self.log, CALLS), "-s", "256"]
        self.assertStatus(self.world.run(), 0)
        self.world.prefix = []
        return [re.sub(r"^\d+ +", "", line) for line in self.log.read_text("utf-8", "replace").splitlines()]

    def assertBefore(self, calls, first, then):
        """Asserts that a call like `first` comes before all calls like `then`, and that there is such a call."""
        later = [n for n, line in enumerate(calls) if re.search(then, line)]
        self.assertTrue(later, then)
        self.assertTrue([line for line in calls[:later[0]] if re.search(first, line)],
                        "%s before %s\n%s" % (first, then, "\n".join(calls)))

    def test_the_database_before_publishing_and_before_quit(self):
        flush_of_database = r"^(fsync|fdatasync)\(.*state\.db-wal"
        kills = 0
        for when in range(1, 20):
            with self.subTest(when=when):
                self.setUp()
                self.prepare("maildir:~/Mail")
                if not self.killed("fdatasync,fsync", when, self.wal):
                    break
                kills += 1
                removed = not self.drop.uids()
                calls = self.calls()
                if not removed:
                    self.assertBefore(calls, flush_of_database,
                                      r"^rename.*Mail/tmp.*Mail/new|^(sendto|sendmsg|write)\(.*QUIT")
                self.assertSameMail(self.world.maildir(), self.messages)
                self.assertEqual(self.drop.uids(), [])
        self.assertGreaterEqual(kills, 2, "INTENT and DELIVERED at least")

    def test_an_mbox_before_it_is_believed(self):
        self.killed_with_one_batch("mbox:~/mbox", "fdatasync", "mbox")
        box, other = self.world.path("mbox"), b"From a@b Mon Jan  1 00:00:00 2024\nSubject: other\n\nother\n\n"
        whole = box.read_bytes()
        with box.open("ab") as file:  # like a delivery agent that flushes nothing
            file.write(other)
        calls = self.calls()
        self.assertBefore(calls, r"^(fsync|fdatasync)\(.*%s" % re.escape(str(box)),
                          r"^(sendto|sendmsg|write)\(.*(DELE|QUIT)")
        self.assertEqual(box.read_bytes(), whole + other)
        self.assertEqual(self.drop.uids(), [])

    def test_the_answers_of_a_program_even_if_the_last_message_of_a_batch_gets_none(self):
        self.messages = mail.small(70)
        self.drop, self.server = self.maildrop(*self.messages)
        program, count = self.world.path("program"), self.world.path("count")
        program.write_text("cat >/dev/null\necho >>%s\n[ $(wc -l <%s) -ne 64 ] || kill -9 $$\n" % (count, count))  # a batch has 64
        self.prepare({"kind": "mda", "command": ["/bin/sh", str(program)], "allow_root": True})
        self.world.prefix = [*strace.recording(self.log, CALLS), "-s", "256"]
        self.assertStatus(self.world.run(), 74)
        self.world.prefix = []
        calls = [re.sub(r"^\d+ +", "", line) for line in self.log.read_text("utf-8", "replace").splitlines()]
        dele = r"^(sendto|sendmsg|write)\(.*DELE"
        first = min(n for n, line in enumerate(calls) if re.search(dele, line))
        tried = max(n for n, line in enumerate(calls[:first]) if re.search(r"^pwrite64\(.*state\.db-wal", line))
        self.assertBefore(calls[tried:], r"^(fsync|fdatasync)\(.*state\.db-wal", dele)

    def test_what_was_left_is_swept_before_the_first_commit(self):
        self.killed_with_one_batch("maildir:~/Mail", "renameat2")
        staged = sorted((self.world.path("Mail") / "tmp").iterdir())
        self.assertEqual(len(staged), 2)
        # Another file of ours without a row, such as a kill in the middle of the next batch leaves.
        orphan = staged[0].with_name(re.sub(r"m(\d+)\.", "m1.", staged[0].name, count=1))
        self.assertNotIn(orphan, staged)
        orphan.write_bytes(b"part")
        calls = self.calls()
        self.assertBefore(calls, r"^unlinkat\(.*%s" % re.escape(orphan.name), r"^pwrite64\(.*state\.db-wal")
        self.assertSameMail(self.world.maildir(), self.messages)
        self.assertClean("Mail")

    def test_a_kill_while_a_dotlock_is_taken_over_leaves_one_that_the_next_run_takes(self):
        for call in ("pwrite64", "ftruncate"):
            with self.subTest(call):
                self.setUp()
                self.prepare("mbox:~/mbox")
                with subprocess.Popen(["true"]) as gone:
                    gone.wait()
                lock = self.world.path("mbox.lock")
                lock.write_text("%d\n" % gone.pid)
                self.assertTrue(self.killed(call, 1, lock), "no call to kill at")
                self.assertTrue(lock.exists())
                self.assertStatus(self.world.run(), 0)
                self.assertFalse(lock.exists())
                self.assertEqual(self.drop.uids(), [])


if __name__ == "__main__":
    unittest.main()
