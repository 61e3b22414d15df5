# SPDX-License-Identifier: MIT
"""Runs each example of the manual that pipes JSON into jq, as it is printed there."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from support.py import mail
from support.py.world import Case

MAN = pathlib.Path(__file__).parents[2] / "man"
LETTER = (b"From: =?utf-8?Q?K=C3=BCche?= <kitchen@example.org>\r\n"
          b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= aus der Kueche\r\n\r\nhello\r\n")


def examples():
    """The commands of all pages that have jq in them, as a shell gets them."""
    for page in sorted(MAN.iterdir()):
        text = page.read_text(encoding="utf-8")
        displays = re.findall(r"^\.Bd [^\n]*\n(.*?)^\.Ed$", text, re.M | re.S) + re.findall(r"^\.Dl (.*\n)", text, re.M)
        yield from (display.replace("\\e", "\\") for display in displays if "jq " in display)


@unittest.skipUnless(shutil.which("jq"), "jq is not installed")
class Jq(Case):
    def setUp(self):
        super().setUp()
        tools = self.world.path("tools")
        tools.mkdir()
        os.symlink(os.path.abspath(os.environ["MAILHAUL"]), tools / "mailhaul")
        self.indexed = self.world.path("indexed")
        (tools / "notmuch").write_text('#!/bin/sh\necho "$@" >>"%s"\n' % self.indexed)
        (tools / "notmuch").chmod(0o755)
        self.world.env["PATH"] = "%s:%s" % (tools, self.world.env["PATH"])
        self.left = list(examples())

    def prints(self, *marks):
        """Runs the example that contains all of these words; returns what it prints."""
        example, = [example for example in self.left if all(mark in example for mark in marks)]
        self.left.remove(example)
        return self.again(example)

    def again(self, example):
        run = subprocess.run(["sh", "-c", example], env=self.world.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(run.stderr, b"", example)
        return run.stdout.decode()

    def test_each_example_does_what_the_manual_says(self):
        drop, server = self.maildrop(LETTER, mail.sized(20000))
        self.world.configure({"home": self.account(server, max_size="10k")})
        self.assertEqual(self.prints("list home", ".subject"), "Grüße aus der Kueche\n")
        self.assertEqual(self.prints("list home", ".uid"), "uid-000002\n")
        self.assertEqual(self.prints("mailhaul --json |", ".from"), "Küche <kitchen@example.org>: Grüße aus der Kueche\n")
        self.assertEqual(self.prints("status home", ".waiting"), "1\n")
        self.assertEqual(len(drop.uids()), 1)
        self.assertEqual([example for example in self.left if "notmuch" not in example], [])

    def test_a_program_runs_only_when_any_account_has_new_mail(self):
        example, = [example for example in self.left if "notmuch" in example]
        first, first_server = self.maildrop(LETTER)
        second, second_server = self.maildrop(user=b"b")
        self.world.configure({"a": self.account(first_server), "b": self.account(second_server, user="b")})
        for expected, drop in ((1, None), (1, None), (2, second), (3, first), (3, None)):
            if drop:
                drop.add(LETTER)
            self.assertEqual(self.again(example), "")
            self.assertEqual(self.indexed.read_text(), "new\n" * expected)


if __name__ == "__main__":
    unittest.main()
