# SPDX-License-Identifier: MIT
"""Very large messages, whole and in little memory. MAILHAUL_LARGE_BYTES=1073741824 for a gigabyte (tests/slow/README.md)."""
import hashlib
import os
import random
import subprocess
import sys
import unittest

from support.py import mail
from support.py.world import MAILHAUL, MEASURED, Case, sanitized

BYTES = int(os.environ.get("MAILHAUL_LARGE_BYTES", str(64 << 20)))
PEAK = 32 << 20  # bytes of memory, whatever the size of a message
HEAD = mail.header(1, random.Random(1)) + b"\r\n"


class Large(Case):
    PIECES = {
        "lines": b"".join(b"%06d From the long letter\r\n.\r\n..\r\nFrom here\r\n" % n for n in range(1300)),
        "one line": b"x" * 65536,
    }

    def pieces(self, kind):
        """The message on the server, in pieces that begin at the start of a line or inside the one long line."""
        yield HEAD
        piece = self.PIECES[kind]
        for _ in range(BYTES // len(piece)):
            yield piece
        if kind == "one line":
            yield b"\r\n"

    def fetch(self, kind, **keys):
        """Fetches the large message between two small ones; returns the SHA-256 of the expected content."""
        small = mail.small(2)
        drop, server = self.maildrop(small[0], b"large", small[1])
        size = sum(len(piece) for piece in self.pieces(kind))

        def listing(session, argument):
            sizes = (len(small[0]), size, len(small[1]))
            return None if argument else b"+OK\r\n" + b"".join(b"%d %d\r\n" % pair for pair in enumerate(sizes, 1)) + b".\r\n"

        def retrieve(session, argument):
            if argument != b"2":
                return None
            session.connection.send(b"+OK\r\n")
            stuffed = self.PIECES[kind].replace(b"\r\n.", b"\r\n..")
            for piece in self.pieces(kind):
                session.connection.send(stuffed if piece is self.PIECES[kind] else piece)
            return b".\r\n"
        drop.answers.update({b"LIST": listing, b"RETR": retrieve})
        self.world.configure({"home": self.account(server, **keys)})
        report = self.world.path("peak")
        subprocess.run([sys.executable, "-S", "-E", MEASURED, report, MAILHAUL], env=self.world.env, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.assertEqual(drop.uids(), [])
        if not sanitized():
            self.assertLess(int(report.read_text()), PEAK)
        digest = hashlib.sha256()
        for piece in self.pieces(kind):
            digest.update(mail.local(piece))
        return digest.hexdigest()

    def test_into_a_maildir(self):
        for kind in self.PIECES:
            with self.subTest(kind):
                expected = self.fetch(kind)
                self.assertEqual(len(self.world.maildir_files()), 3)
                largest = max(self.world.maildir_files(), key=lambda file: file.stat().st_size)
                with open(largest, "rb") as file:
                    self.assertEqual(hashlib.file_digest(file, "sha256").hexdigest(), expected)
                for file in self.world.maildir_files():
                    file.unlink()

    def test_into_an_mbox(self):
        expected = self.fetch("lines", deliver="mbox:~/mbox")
        digest, number = hashlib.sha256(), 0
        blank = False  # an empty line is held back: it ends the entry if a From_ line follows
        with open(self.world.path("mbox"), "rb") as box:
            for line in box:
                if line.startswith(b"From "):
                    number, blank = number + 1, False
                    continue
                if number == 2:
                    digest.update(b"\n" if blank else b"")
                    blank = line == b"\n"
                    unquoted = line[1:] if line.startswith(b">") and line.lstrip(b">").startswith(b"From ") else line
                    digest.update(b"" if blank else unquoted)
        self.assertEqual(number, 3)
        self.assertEqual(digest.hexdigest(), expected)

    def test_to_a_program(self):
        out = self.world.path("sums")
        script = "sha256sum >> %s" % out
        expected = self.fetch("lines", deliver={"kind": "mda", "command": ["/bin/sh", "-c", script], "allow_root": True})
        self.assertIn(expected, out.read_text())


if __name__ == "__main__":
    unittest.main()
