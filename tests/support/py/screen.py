# SPDX-License-Identifier: MIT
"""What a person sees: the program at a terminal whose screen is emulated by pyte (Debian: python3-pyte)."""
import fcntl
import functools
import os
import re
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

# What the program writes in one go to draw or remove the live lines ends like this.
FRAME = re.compile(rb".*?\x1b\[J|.+", re.DOTALL)


class EndedTooSoon(AssertionError):
    """A run ended by itself before the test had seen, or had done, what it wanted."""


def before_it_ends(test):
    """For a test of a run that goes on for a short time after Ctrl-C. If the machine is too slow for what the test
    does in that time, the test raises EndedTooSoon, and begins again in a new world."""
    @functools.wraps(test)
    def repeated(case, *words):
        for _ in range(19):
            try:
                return test(case, *words)
            except EndedTooSoon:
                case.begin_anew()
        return test(case, *words)
    return repeated


class Screen:
    """A run of the program. `before` is printed first, to show whether something above is overwritten."""

    def __init__(self, case, *words, size=(24, 80), before="$ mailhaul", term="xterm-256color"):
        self.case = case
        self.master, slave = terminal.opened(size)
        self.anew(size)
        self.feed(before.encode() + b"\r\n")
        self.process = subprocess.Popen([MAILHAUL, *words], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        env={**case.world.env, "TERM": term}, cwd=case.world.root,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.name = os.ttyname(slave)
        os.close(slave)
        self.frames = []  # read from the program, and not yet on the screen
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
        """Takes in what the program writes next, one frame of it at most. Returns False if the program has ended."""
        if not self.frames:
            if not select.select([self.master], [], [], LIMIT)[0]:
                raise AssertionError("nothing was written any more; the screen was:\n" + self.text())
            try:
                self.frames = FRAME.findall(os.read(self.master, 65536))
            except OSError:
                return False
        self.feed(self.frames.pop(0))
        return True

    def wait(self, holds):
        """Waits until holds(lines), which gets each frame, also those that the program has replaced by now."""
        deadline = time.monotonic() + LIMIT
        while not holds(self.lines()):
            if time.monotonic() > deadline:
                raise AssertionError("never came; the screen was:\n" + self.text())
            if not self.read():
                raise EndedTooSoon("never came before the end; the screen was:\n" + self.text())

    def wait_for(self, words):
        self.wait(lambda lines: any(words in line for line in lines))

    def end(self):
        while self.read():
            pass
        self.process.wait()
        return self.process.returncode

    def type(self, data):
        os.write(self.master, data)

    def stop(self):
        """Stops the program and takes in everything that it has written by then; a NUL marks the end."""
        self.process.send_signal(signal.SIGSTOP)
        if self.process.returncode is None:
            os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        if self.process.poll() is not None:
            raise EndedTooSoon("ended before it could be stopped")
        slave = os.open(self.name, os.O_WRONLY | os.O_NOCTTY)
        os.write(slave, b"\0")
        os.close(slave)
        data = b"".join(self.frames)
        while not data.endswith(b"\0"):
            data += os.read(self.master, 65536)
        self.frames = []
        self.feed(data[:-1])

    def resize(self, size):
        """Resizes as most terminals do: lines that are wider than the window take several rows from then on."""
        self.stop()  # what the program draws later is for the new size
        above = self.lines()[:self.screen.cursor.y]
        self.anew(size)
        for line in above:
            self.feed(line.encode() + b"\r\n")
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGWINCH)
