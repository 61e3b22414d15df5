# SPDX-License-Identifier: MIT
"""SIGKILL at every system call on a file, the socket or the database, and at any time: nothing is lost, doubled, torn
or stuck, whatever happens to the mail before the next run. This is a sample; tests/slow/run kills tries everything.
"""
import os
import unittest

from crash import kill_matrix, strace
from crash.matrix import tried
from crash.rows import ALL_ROWS

# How many cases are tried of each group. The trees with sanitizers are for mistakes other than a wrong order of calls.
COUNTS = [int(word) for word in os.environ.get("MAILHAUL_KILL_SAMPLE", "10,4,3").split(",")]


@unittest.skipUnless(strace.usable(), "strace is not here or may not trace")
class Kills(unittest.TestCase):
    def matrix(self, place, keep):
        cases = kill_matrix.sample(place, keep, COUNTS)
        findings = tried(kill_matrix.one, cases)
        complaints = [finding.complaint for finding in findings if finding.complaint]
        if complaints:
            self.fail("%d of %d cases:\n%s" % (len(complaints), len(findings), "\n".join(complaints[:8])))
        met = [finding.hits > 0 for case, finding in zip(cases, findings) if case.kill.point]  # a random time may miss
        self.assertGreater(sum(met), len(met) * 0.5, "most of the points were really met")


def add(place, keep):
    setattr(Kills, "test_%s_%s" % (place.replace("+", "_and_"), keep), lambda self: self.matrix(place, keep))


for row in ALL_ROWS:
    add(*row)

if __name__ == "__main__":
    unittest.main()
