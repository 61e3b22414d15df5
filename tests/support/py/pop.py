# SPDX-License-Identifier: MIT
"""A POP3 client that returns the server's bytes untouched; poplib gives up on long lines."""
import socket

from support.py.world import LIMIT


class Pop:
    def __init__(self, port, user, password, tls=None):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=LIMIT)
        if tls:
            self.sock = tls.wrap_socket(self.sock, server_hostname="localhost")
        self.file = self.sock.makefile("rwb")
        self._status()
        self.command("USER " + user)
        self.command("PASS " + password)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.sock.close()

    def _status(self):
        line = self.file.readline()
        if not line.startswith(b"+OK"):
            raise RuntimeError("the server said %r" % line)
        return line

    def command(self, text):
        self.file.write(text.encode() + b"\r\n")
        self.file.flush()
        return self._status()

    def body(self, text):
        """The answer of several lines, dots removed. A line ends with LF, so that lone CRs stay where they are."""
        self.command(text)
        lines, ended = [], True
        while True:
            line = self.file.readline()
            if not line:
                raise RuntimeError("the server went away")
            if ended and line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if ended and line.startswith(b".") else line)
            ended = line.endswith(b"\r\n")

    def count(self):
        return int(self.command("STAT").split()[1])

    def everything(self):
        return [self.body("RETR %d" % n) for n in range(1, self.count() + 1)]
