# SPDX-License-Identifier: MIT
"""A terminal for a test."""
import fcntl
import os
import pty
import select
import struct
import termios
import time

from support.py.world import LIMIT


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
