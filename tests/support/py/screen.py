# SPDX-License-Identifier: MIT
"""What a person sees: the program at a terminal whose screen is emulated by pyte (Debian: python3-pyte)."""
import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from support.py import terminal
from support.py.world import LIMIT, MAILHAUL

try:
    import pyte
except ImportError:
    pyte = None

needed = unittest.skipUnless(pyte, "pyte is not installed (Debian: python3-pyte)")


class Screen:
    """A run of the program; `before` is printed first, to see that nothing above is overwritten."""

    def __init__(self, case, *words, size=(24, 80), before="$ mailhaul", term="xterm-256color"):
        self.case = case
        self.master, slave = terminal.opened(size)
        self.anew(size)
        self.feed(before.encode() + b"\r\n")
        self.process = subprocess.Popen([MAILHAUL, *words], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        env={**case.world.env, "TERM": term}, cwd=case.world.root,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.ended = False
        case.addCleanup(self.close)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def anew(self, size):
        self.screen = pyte.HistoryScreen(size[1], size[0], history=100000)
        self.stream = pyte.ByteStream(self.screen)

    def feed(self, data):
        self.case.world.must_not_tell(data)
        self.stream.feed(data)

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines()).rstrip()

    def scrolled(self):
        """How many lines have left the window at the top."""
        return len(self.screen.history.top)

    def read(self):
        """Takes in what the program writes next; False: it has ended."""
        if not select.select([self.master], [], [], LIMIT)[0]:
            raise AssertionError("nothing was written any more; the screen was:\n" + self.text())
        try:
            self.feed(os.read(self.master, 65536))
        except OSError:
            self.ended = True
        return not self.ended

    def wait(self, holds):
        """Until holds(lines)."""
        deadline = time.monotonic() + LIMIT
        while not holds(self.lines()):
            if time.monotonic() > deadline or not self.read():
                raise AssertionError("never came; the screen was:\n" + self.text())

    def wait_for(self, words):
        self.wait(lambda lines: any(words in line for line in lines))

    def end(self):
        while self.read():
            pass
        self.process.wait()
        return self.process.returncode

    def type(self, data):
        os.write(self.master, data)

    def resize(self, size):
        """As most terminals do it: lines that are wider than the window take several rows from then on."""
        above = self.lines()[:self.screen.cursor.y]
        self.anew(size)
        for line in above:
            self.feed(line.encode() + b"\r\n")
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        self.process.send_signal(signal.SIGWINCH)
