# SPDX-License-Identifier: MIT
"""A terminal for a test."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from support.py.world import LIMIT, MAILHAUL


def opened(size=(24, 80)):
    """Both ends (master, slave) of a pty with a size: newer curses refuse a terminal without one."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    return master, slave


def read_to_the_end(master, process, typed=b"", when=None):
    """Everything that a process writes to its terminal until it ends; types `typed` once the text `when` is there."""
    screen, deadline = b"", time.monotonic() + LIMIT
    while True:
        if not select.select([master], [], [], max(0, deadline - time.monotonic()))[0]:
            process.kill()
        try:
            piece = os.read(master, 65536)
        except OSError:  # the terminal's other end is closed
            break
        screen += piece
        if typed and (when is None or when in screen):
            os.write(master, typed)
            typed = b""
    os.close(master)
    process.wait()
    return screen


class AtTerminal:
    """A run under a pty whose output can be waited for, of mailhaul or of another program."""

    def __init__(self, world, *words, program=MAILHAUL):
        self.master, slave = opened()
        self.process = subprocess.Popen([program, *words], stdin=slave, stdout=slave, stderr=slave, env=world.env,
                                        cwd=world.root, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.world, self.screen = world, b""

    def expect(self, pattern):
        end = time.monotonic() + LIMIT
        while not (found := re.search(pattern, self.screen)):
            if not select.select([self.master], [], [], max(0, end - time.monotonic()))[0]:
                self.process.kill()
            try:
                self.screen += os.read(self.master, 65536)
                self.world.must_not_tell(self.screen)
            except OSError:
                raise AssertionError("%r is not in %r" % (pattern, self.screen)) from None
        return found[1].decode() if found.groups() else found[0].decode()

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """The exit status; the rest of the output is on the screen."""
        self.screen += read_to_the_end(self.master, self.process)
        self.world.must_not_tell(self.screen)
        return self.process.returncode
