# SPDX-License-Identifier: MIT
"""watch for a long time at a real Dovecot: the use of memory and descriptors does not grow."""
import os
import pathlib
import unittest

from support.py import mail
from support.py.certificates import of_module as certificates_of_module
from support.py.dovecot import PASSWORD
from support.py.dovecot import of_module as dovecot_of_module
from support.py.watching import UnderSystemd
from support.py.world import Case

ROUNDS = int(os.environ.get("MAILHAUL_WATCH_ROUNDS", "8"))
WARM = 4  # rounds after which everything has been loaded once
MOST_GROWTH = 2048  # KiB


def resident(pid):
    """The resident memory in KiB."""
    status = pathlib.Path("/proc/%d/status" % pid).read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def descriptors(pid):
    return len(list(pathlib.Path("/proc/%d/fd" % pid).iterdir()))


def setUpModule():
    global certificates, dovecot
    certificates = certificates_of_module()
    dovecot = dovecot_of_module(certificates)


class Long(UnderSystemd, Case):
    def test_it_fetches_what_comes_and_grows_in_nothing(self):
        dovecot.add_user("long")
        self.world.configure({"home": self.account(
            dovecot.tls, server="pop3s://localhost:%d" % dovecot.tls, tls="required", tls_ca_file=str(certificates.ca),
            user="long", password=PASSWORD)})
        process = self.begin()
        self.heard("READY=1")
        sizes = []
        for number in range(1, ROUNDS + 1):
            dovecot.deliver("long", mail.small(1, seed=number))
            while len(self.world.maildir_files()) < number:
                self.heard("WATCHDOG=1")
            sizes.append((resident(process.pid), descriptors(process.pid)))
        self.end(process)
        self.assertEqual(dovecot.count("long"), 0)
        self.assertLess(sizes[-1][0], sizes[WARM - 1][0] + MOST_GROWTH, sizes)
        # A session may be open when the descriptors are counted.
        self.assertLess(sizes[-1][1], sizes[WARM - 1][1] + 8, sizes)


if __name__ == "__main__":
    unittest.main()
