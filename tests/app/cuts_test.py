# SPDX-License-Identifier: MIT
"""The connection is cut after every byte that the server sends: nothing is lost, doubled or torn, whatever arrived last.

This tries a sample; MAILHAUL_CUT_POINTS=all tries every byte (tests/slow/README.md).
"""
import concurrent.futures
import os
import unittest

from crash import strace
from crash.rows import Broken, Row
from support.py import mail
from support.py.world import Case

POINTS = os.environ.get("MAILHAUL_CUT_POINTS", "60")
WORKERS = int(os.environ.get("MAILHAUL_TEST_WORKERS", "2"))
MESSAGES = [b"Subject: one\r\n\r\n.dot\r\nFrom x\r\n", b"", b"\r\nno header\r\n", mail.small(1)[0], b"Subject: last\r\n\r\nx\r\n"]
FAREWELL = len(b"+OK bye\r\n")


def one(place, keep, cut, total, pipelining):
    with Row(place, keep, MESSAGES, budgets=[cut]) as row:
        if not pipelining:
            row.drop.capabilities.remove(b"PIPELINING")
        try:
            result = row.run()
            row.check_interrupted()
            # The run may succeed if only the end of the session is missing, or if a second connection does the work.
            excused = cut >= total - FAREWELL or len(row.server.connections) > 1
            if result.status != 75 and not (result.status == 0 and excused):
                row.fail("status %d" % result.status, result)
            row.check_completed(row.run() if result.status else result)
        except (Broken, ValueError) as error:
            return "cut after %d of %d bytes: %s" % (cut, total, error)
    return None


class Cuts(Case):
    def matrix(self, place, keep, pipelining=True):
        with Row(place, keep, MESSAGES) as row:
            if not pipelining:
                row.drop.capabilities.remove(b"PIPELINING")
            self.assertStatus(row.run(), 0)
            connection, = row.server.connections
            total = connection.sent
            self.assertGreater(total, sum(map(len, MESSAGES)), "the messages came over this one")
        every = list(range(total))
        chosen = every if POINTS == "all" else sorted(set(strace.sample(every, int(POINTS)) + every[-12:]))
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            done = list(pool.map(lambda cut: one(place, keep, cut, total, pipelining), chosen))
        complaints = [complaint for complaint in done if complaint]
        if complaints:
            self.fail("%d of %d cuts:\n%s" % (len(complaints), len(done), "\n".join(complaints[:8])))

    def test_maildir_leave(self):
        self.matrix("maildir", "leave")

    def test_maildir_remove(self):
        self.matrix("maildir", "remove")

    def test_mbox_leave(self):
        self.matrix("mbox", "leave")

    def test_mbox_remove(self):
        self.matrix("mbox", "remove")

    def test_one_command_at_a_time(self):
        self.matrix("maildir", "remove", pipelining=False)


if __name__ == "__main__":
    unittest.main()
