# SPDX-License-Identifier: MIT
"""SIGKILL at every system call that touches a file, the socket or the database: nothing lost, doubled, torn or stuck.

A sample here; MAILHAUL_KILL_POINTS=all for the whole matrix, MAILHAUL_KILL_TWICE=1 to kill the recovering run as well
(tests/slow/README.md).
"""
import concurrent.futures
import os
import random
import unittest

from support import mail, strace
from support.rows import ROWS, Broken, Row
from support.world import Case

POINTS = os.environ.get("MAILHAUL_KILL_POINTS", "60")
TWICE = bool(os.environ.get("MAILHAUL_KILL_TWICE"))
WORKERS = int(os.environ.get("MAILHAUL_TEST_WORKERS", "2"))
# LeakSanitizer cannot work in a traced process.
SANITIZER = {"ASAN_OPTIONS": "detect_leaks=0"}


def killed_at(row, point):
    row.world.env.update(SANITIZER)
    result = row.run(*strace.injecting(point.call, "signal=KILL:when=%d" % point.number))
    row.world.env.pop("ASAN_OPTIONS")
    return result.status in (-9, 137)


def one(place, keep, point, again):
    """Kills one run there, perhaps the next one too, then lets one finish. Returns (was it killed, complaint)."""
    with Row(place, keep) as row:
        try:
            died = killed_at(row, point)
            row.check_interrupted()
            if again:
                killed_at(row, again)
                row.check_interrupted()
            row.check_completed(row.run())
        except (Broken, ValueError) as error:
            return died, "killed at %s number %d [%s]%s: %s" % (
                point.call, point.number, point.line, " and then at %s number %d" % again[:2] if again else "", error)
    return died, None


@unittest.skipUnless(strace.usable(), "strace is not here or may not trace")
class Kills(Case):
    def points(self, place, keep):
        log = self.world.root / "calls"
        with Row(place, keep) as row:
            row.world.env.update(SANITIZER)
            result = row.run(*strace.recording(log))
            row.world.env.pop("ASAN_OPTIONS")
            self.assertStatus(result, 0)
            row.check_completed(row.run() if keep == "leave" else result)
        found = strace.points(log)
        self.assertGreater(len(found), 40, "a run makes more calls than that")
        return found

    def matrix(self, place, keep):
        every = self.points(place, keep)
        chosen = every if POINTS == "all" else strace.sample(every, int(POINTS))
        rng = random.Random(7)
        second = [rng.choice(every) if TWICE else None for _ in chosen]
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            done = list(pool.map(lambda pair: one(place, keep, *pair), zip(chosen, second)))
        complaints = [complaint for _, complaint in done if complaint]
        if complaints:
            self.fail("%d of %d points:\n%s" % (len(complaints), len(done), "\n".join(complaints[:8])))
        self.assertGreater(sum(died for died, _ in done), len(done) * 0.8, "most of the points were really met")

    def test_maildir_leave(self):
        self.matrix("maildir", "leave")

    def test_maildir_remove(self):
        self.matrix("maildir", "remove")

    def test_mbox_leave(self):
        self.matrix("mbox", "leave")

    def test_mbox_remove(self):
        self.matrix("mbox", "remove")

    def test_every_row_is_here(self):
        for place, keep in ROWS:
            self.assertTrue(hasattr(self, "test_%s_%s" % (place, keep)))


@unittest.skipUnless(strace.usable(), "strace is not here or may not trace")
class Program(Case):
    """A pipe is at least once: nothing lost, and one kill puts one message at most in doubt."""

    MESSAGES = mail.small(4)

    def once(self, *prefix):
        """A first run behind `prefix`, then runs until one ends well; complains when mail was lost or came too often.

        A world of its own each time: a port that comes again would be the same mailbox.
        """
        case = Case()
        case.setUp()
        try:
            out = case.world.path("out")
            out.mkdir()
            case.world.path("program").write_text("f=$(mktemp %s/.XXXXXX); cat > $f; mv $f %s/m.$$.$MAILHAUL_ID\n" % (out, out))
            drop, server = case.maildrop(*self.MESSAGES)
            case.world.configure({"home": self.account(server, auth="user", deliver={
                "kind": "mda", "command": ["/bin/sh", str(case.world.path("program"))], "allow_root": True})})
            case.world.env.update(SANITIZER)
            case.world.prefix = list(prefix)
            case.world.run()
            case.world.prefix = []
            # When the program was killed instead, its message stayed on the server: for one more run.
            if case.world.run().status:
                case.assertStatus(case.world.run(), 0)
            texts = [file.read_bytes() for file in out.glob("m.*")]
            self.assertEqual(set(texts), set(map(mail.local, self.MESSAGES)), prefix)
            self.assertLessEqual(len(texts), len(self.MESSAGES) + 1, prefix)
            self.assertEqual(drop.uids(), [])
        finally:
            case.doCleanups()

    def test_mda(self):
        log = self.world.root / "calls"
        self.once(*strace.recording(log))
        every = strace.points(log)
        for point in every if POINTS == "all" else strace.sample(every, int(POINTS) // 4):
            self.once(*strace.injecting(point.call, "signal=KILL:when=%d" % point.number))


if __name__ == "__main__":
    unittest.main()
