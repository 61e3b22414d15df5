# SPDX-License-Identifier: MIT
"""Every hostile server of the tables, several in parallel. MAILHAUL_HOSTILE: only those whose name contains this text."""
import concurrent.futures
import os
import tempfile
import unittest

from hostile.cases import SECTIONS
from hostile.rig import play
from support.py.certificates import Certificates

WORKERS = int(os.environ.get("MAILHAUL_TEST_WORKERS", "8"))  # some of them wait most of the time
ONLY = os.environ.get("MAILHAUL_HOSTILE", "")
EVERY = int(os.environ.get("MAILHAUL_HOSTILE_EVERY", "1"))  # a sample: every n-th case


def chosen(cases):
    return [case for case in cases if ONLY in case.name][::EVERY]


class Hostile(unittest.TestCase):
    def test_the_tables(self):
        with tempfile.TemporaryDirectory(prefix="mailhaul-certificates-") as folder:
            certificates = Certificates(folder)
            with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
                cases = [case for section in SECTIONS.values() for case in chosen(section)]
                outcomes = list(pool.map(lambda case: play(case, certificates), cases))
        self.assertTrue(outcomes, "no case has such a name")
        bad = [outcome for outcome in outcomes if outcome.complaints]
        if bad:
            self.fail("%d of %d cases:\n%s" % (len(bad), len(outcomes), "\n".join(
                "%s:\n    %s" % (outcome.case.name, "\n    ".join(outcome.complaints)) for outcome in bad)))

    def test_names_stand_once(self):
        for title, cases in SECTIONS.items():
            names = [case.name for case in cases]
            self.assertEqual(sorted(set(names)), sorted(names), title)


if __name__ == "__main__":
    unittest.main()
