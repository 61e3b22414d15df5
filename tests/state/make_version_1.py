#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes tests/state/version_1.db: a state database as mailhaul wrote it before version 2 of its tables.

    git worktree add /tmp/old e9981d7 && build it there
    MAILHAUL=/tmp/old/build/mailhaul PYTHONPATH=tests tests/state/make_version_1.py tests/state/version_1.db

Every row in it comes from a run of that program: the servers below misbehave, the runs are killed, and nothing is
written into the file by hand. One account, and so one mailbox, for each thing that can be in it.
"""
import os
import shutil
import sys
import time

from crash import strace
from support.py.maildrop import Maildrop, Session
from support.py.scripted import Server
from support.py.world import World

KILLED_BEFORE_RENAME = strace.injecting("renameat2", "signal=KILL:when=1")


def message(number, size=300):
    head = b"From: bert@example.org\r\nSubject: message %d\r\n\r\n" % number
    return head + b"x" * (size - len(head) - 2) + b"\r\n"


def program(script):
    return {"kind": "mda", "command": ["sh", "-c", script], "allow_root": True}


class Making:
    def __init__(self):
        self.world = World()
        self.accounts = {}

    def account(self, name, drop, **keys):
        server = Server(drop)
        self.accounts[name] = {"server": "pop3://127.0.0.1:%d" % server.port, "tls": "none", "user": name,
                               "password": "secret", "leave_on_server": True, "deliver": "maildir:~/" + name, **keys}
        self.world.configure(self.accounts)
        return server

    def run(self, *words, prefix=()):
        self.world.prefix = list(prefix)
        result = self.world.run(*words)
        self.world.prefix = []
        print(*words, "->", result.status, result.err.replace("\n", " | "), file=sys.stderr)
        return result.status


def drop_of(name, count=3, **more):
    return Maildrop([message(n, 300 + n) for n in range(1, count + 1)], user=name.encode(), **more)


def refusing(which, words):
    return lambda session, argument: words if argument.split()[0] == which else None


def delivered_and_absent(making):
    drop = drop_of("delivered", 4)
    drop.messages[0].uid = b"a\xff'\x01 b"
    server = making.account("delivered", drop)
    assert making.run("fetch", "delivered") == 0
    del drop.messages[3]  # absent from the next listing
    assert making.run("fetch", "delivered") == 0
    server.stop()


def due(making):
    server = making.account("due", drop_of("due", 1), delete_after="1s")
    assert making.run("fetch", "due") == 0
    time.sleep(2)  # wall clock seconds
    assert making.run("fetch", "due") == 0
    server.stop()


def gone(making):
    drop = drop_of("gone")
    drop.answers[b"DELE"] = refusing(b"2", b"-ERR not this one\r\n")  # told once: a lasting warning
    server = making.account("gone", drop, leave_on_server=False)
    assert making.run("fetch", "gone") == 0
    server.stop()


def bare(making):
    """A server without UIDL and TOP that refuses a DELE: two lasting warnings."""
    drop = drop_of("bare", 1, capabilities=(b"USER",))
    drop.answers[b"DELE"] = refusing(b"1", b"-ERR not this one\r\n")
    server = making.account("bare", drop, leave_on_server=False)
    assert making.run("fetch", "bare") == 0
    server.stop()


def seen(making):
    server = making.account("seen", drop_of("seen"))
    assert making.run("state", "mark-seen", "seen", "--all") == 0
    server.stop()


def pending(making):
    """One message is too large, one cannot be retrieved, one is delivered."""
    drop = drop_of("pending")
    drop.messages[2].wire = message(3, 5000)
    drop.answers[b"RETR"] = refusing(b"2", b"-ERR it is broken\r\n")
    server = making.account("pending", drop, max_size="2K")
    assert making.run("fetch", "pending") != 0
    server.stop()


def suspect(making):
    """The first session ends in doubt, and no second one checks what it delivered."""
    drop = drop_of("suspect", 4)

    def retr(session, argument):
        if argument == b"3":
            time.sleep(3)  # a batch is settled after two seconds
        return b"what was that?\r\n" if argument == b"4" else None

    class Once(Session):
        def log_in(self):
            return b"-ERR [SYS/TEMP] later\r\n" if self.drop.retrieved else super().log_in()

    drop.answers[b"RETR"], drop.session = retr, Once
    server = making.account("suspect", drop)
    assert making.run("fetch", "suspect") != 0
    server.stop()


def intent(making):
    """Killed before the first rename: staged and intended, but not published."""
    server = making.account("intent", drop_of("intent"))
    assert making.run("fetch", "intent", prefix=KILLED_BEFORE_RENAME) != 0
    server.stop()


def tried(making):
    """The program kills mailhaul, so that its answer is not recorded."""
    server = making.account("tried", drop_of("tried", 1), deliver=program("cat >/dev/null; kill -9 $PPID"))
    assert making.run("fetch", "tried") != 0
    server.stop()


def doubt(making):
    """Like intent(), but the staged file is cut short, and the server is down when recovery finds this out."""
    server = making.account("doubt", drop_of("doubt", 1))
    assert making.run("fetch", "doubt", prefix=KILLED_BEFORE_RENAME) != 0
    server.stop()
    for file in (making.world.home / "doubt/tmp").iterdir():
        os.truncate(file, 10)
    assert making.run("fetch", "doubt") != 0


def part(making):
    """Delivered to one destination and refused by the other."""
    server = making.account("part", drop_of("part", 2), deliver=["maildir:~/part", program("exit 75")])
    assert making.run("fetch", "part") != 0
    server.stop()


def refused(making):
    drop = drop_of("refused")
    drop.password = b"another"
    server = making.account("refused", drop)
    assert making.run("fetch", "refused") != 0
    server.stop()


def main():
    making = Making()
    for step in (delivered_and_absent, due, gone, bare, seen, pending, suspect, intent, tried, doubt, part, refused):
        step(making)
    making.run("state", "show", "seen")  # closing the database moves the journal into the file
    shutil.copyfile(making.world.state_dir / "state.db", sys.argv[1])
    making.world.close()


main()
