# SPDX-License-Identifier: MIT
"""import is killed at any call, or finds the disk full at any call: existing files stay whole, and a second import
completes the work."""
import os
import unittest

from crash import strace
from support.py.world import Case

RC = "account box\nhost pop.example.org\ntls on\nuser anna\npassword secret two\ndelivery maildir ~/Mail\nkeep on\n"
LIST = " 2 pop.example.org anna\na\nb 1700000000\n"
BEFORE = """// mine
{"accounts": {
  "old": {"server": "pop3s://other.example", "user": "u", "deliver": "maildir:~/Old"} // first
}}
"""


@unittest.skipUnless(strace.usable(), "strace is not here or may not trace")
class Writing(Case):
    def setUp(self):
        super().setUp()
        for name, text in ((".mpoprc", RC), (".mpop_uidls/anna_at_pop.example.org", LIST)):
            path = self.world.home / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            path.chmod(0o600)
        self.world.write_config(BEFORE)

    def points(self, calls=strace.CALLS):
        """Calls of a run that ends well, from the first one on its files."""
        log = self.world.path("log")
        self.world.prefix = strace.recording(log, calls)
        self.assertStatus(self.world.run("import", "mpop"), 0)
        found = strace.points(log, after=".mpoprc" if "openat" in calls else "")
        return strace.sample(found, int(os.environ.get("MAILHAUL_IMPORT_KILLS", "30")))

    def assertWhole(self):
        """Asserts that the configuration is the old one or has the account, is private, and has only
        passwords beside it."""
        text = self.world.config.read_text()
        if text != BEFORE:
            self.assertTrue(text.startswith("// mine\n") and "// first\n" in text and '"box": {' in text, text)
            self.assertEqual((self.world.config.parent / "passwords/box").read_text(), "secret two\n")
        self.assertEqual(self.world.config.stat().st_mode & 0o777, 0o600)
        self.assertStatus(self.world.run("config", "check"), 0)
        return text != BEFORE

    def assertCompleted(self, has_account):
        if not has_account:
            self.assertStatus(self.world.run("import", "mpop"), 0)
            self.assertTrue(self.assertWhole())
            beside = {path.name for path in self.world.config.parent.iterdir()}
            self.assertEqual(beside, {"config.json", "passwords"}, "what the first run left is gone")
        rows = self.json_lines(self.world.run("--json", "state", "show", "box"))
        self.assertEqual(sorted((row["uid"], row["standing"]) for row in rows), [("a", "delivered"), ("b", "delivered")])

    def test_a_kill(self):
        killed = 0
        points = self.points()
        for point in points:
            with self.subTest(point.line):
                self.begin_anew()
                self.world.prefix = strace.injecting(point.call, "signal=KILL:when=%d" % point.number)
                killed += self.world.run("import", "mpop").status in (-9, 137)
                self.world.prefix = []
                self.assertCompleted(self.assertWhole())
        self.assertGreater(killed, len(points) / 2)

    def test_a_full_disk(self):
        refused = 0
        points = self.points("write pwrite64 fsync fdatasync ?rename ?renameat renameat2 ftruncate fallocate mkdirat ?mkdir".split())
        for point in points:
            with self.subTest(point.line):
                self.begin_anew()
                self.world.prefix = strace.injecting(point.call, "error=ENOSPC:when=%d" % point.number)
                result = self.world.run("import", "mpop")
                self.world.prefix = []
                refused += result.status != 0
                if result.status != 0 and result.err:  # if err is empty, not even that could be written
                    self.assertSays(result.err, ("No space left", "disk is full", "disk I/O error"))
                self.assertCompleted(self.assertWhole())
        self.assertGreater(refused, len(points) / 2)


if __name__ == "__main__":
    unittest.main()
