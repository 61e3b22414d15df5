# SPDX-License-Identifier: MIT
"""A terminal for a test."""
import fcntl
import pty
import struct
import termios


def opened(size=(24, 80)):
    """Both ends (master, slave) of a pty with a size: without one newer curses refuse it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    return master, slave
