# SPDX-License-Identifier: MIT
"""The servers: ours in memory, or Dovecot; local or behind a delayed line."""
import os
import pathlib
import signal
import statistics
import subprocess
import sys

from support.py import dovecot
from support.py.certificates import Certificates

PASSWORD = "secret"

ROUND_TRIPS = """
import socket, sys, time
def connect():
    begin = time.monotonic()
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=30).close()
    return time.monotonic() - begin
print(*(connect() for _ in range(7)))
"""


def tool(name):
    return str(pathlib.Path(os.environ["MAILHAUL_BENCH_TOOLS"]) / ("mailhaul-bench-" + name))


class Unavailable(RuntimeError):
    """Not available on this machine or to this user."""


class Link:
    """Two network namespaces and a delayed line between them; a context manager. They end with the process of the line."""

    def __init__(self, round_trip_ms):
        self.process = subprocess.Popen([tool("link"), str(round_trip_ms / 2)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        start_new_session=True)
        line = self.process.stdout.readline().split()
        if len(line) != 3:
            _, err = self.process.communicate()
            raise Unavailable("no delayed line: " + err.strip())
        self.client_side, self.server_side, self.address = line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def round_trip(self, port):
        """The measured round trip in seconds: the time of a TCP connection."""
        out = subprocess.run(["nsenter", "--net=" + self.client_side, sys.executable, "-c", ROUND_TRIPS, self.address,
                              str(port)], check=True, stdout=subprocess.PIPE).stdout
        return statistics.median(map(float, out.split()))


class Demo:
    """The demo server with this row's mailboxes; a context manager."""

    def __init__(self, row, directory, link=None):
        self.users = ["user%d" % n for n in range(1, row.accounts + 1)]
        self.address = link.address if link else "127.0.0.1"
        self.ca = directory / "ca.pem"
        digests = directory / "digests"
        words = ["nsenter", "--net=" + link.server_side] if link else []
        words += [os.environ["DEMO_SERVER"], "--exit-with-parent", "--address", self.address, "--password", PASSWORD,
                  "--digests", digests]
        if row.tls:
            words += ["--tls", "implicit", "--ca-out", self.ca]
        for seed, user in enumerate(self.users, 1):
            words += ["--user", "%s=gen:%s:%d" % (user, row.mailbox, seed)]
        self.process = subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        text=True, start_new_session=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the server did not start")
        self.port = int(line.rsplit(":", 1)[1])
        self.digests = {user: [] for user in self.users}
        for entry in digests.read_text().splitlines():
            user, _, digest = entry.split()
            self.digests[user].append(digest)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def uid(self, number):
        return "gen-1-%d" % number

    def restore(self):
        """Restores everything; returns how many messages the last run left."""
        self.process.send_signal(signal.SIGUSR1)
        return int(self.process.stdout.readline().split()[0])


class DovecotDemo:
    """Dovecot with the same messages as the demo server; a context manager."""

    def __init__(self, row, directory):
        dump = directory / "dump"
        with Demo(row, directory) as demo:
            self.digests = {"user1": demo.digests["user1"]}
        subprocess.run([os.environ["DEMO_SERVER"], "--help"], check=True, stdout=subprocess.DEVNULL)
        with subprocess.Popen([os.environ["DEMO_SERVER"], "--exit-with-parent", "--dump", str(dump), "--user",
                               "user1=gen:%s:1" % row.mailbox], stdout=subprocess.PIPE) as filler:
            filler.stdout.readline()
            filler.kill()
        self.server = dovecot.Dovecot(*Certificates(directory / "certificates").good)
        self.server.add_user("user1", (file.read_bytes() for file in sorted(dump.iterdir())))
        self.users, self.address, self.port = ["user1"], "127.0.0.1", self.server.plain

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()

    def restore(self):
        return self.server.count("user1")
