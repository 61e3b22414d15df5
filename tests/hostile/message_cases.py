# SPDX-License-Identifier: MIT
"""What a message may contain, and bodies that imitate the server's next answers."""
import random

from hostile.case import MESSAGES, MIB, Case
from hostile.spoilers import both, nothing, says, without
from support.py import mail
from support.py.maildrop import stuffed

ONE_BY_ONE = without(b"PIPELINING")
HEAD = b"Subject: x\r\n\r\n"
GOOD = mail.small(1, seed=78)[0]
FORGED = b"\n.\n+OK\n+OK 120 octets\nSubject: forged\n\nnot from anybody\n.\n+OK\n-ERR\n"
BUFFER = 256 << 10  # how much is read from the socket at a time, by libcurl as well


def content(name, *wires, **more):
    """These messages, with a good one before and after."""
    return Case(name, more.pop("spoil", nothing), messages=(MESSAGES[0], *wires, GOOD), **more)


def around(border):
    """Dot lines whose dot is just before, on and after a border of this many bytes on the wire."""
    return [HEAD + b"x" * (border + shift - len(HEAD) - len(b"+OK 262144 octets\r\n")) + b"\r\n.\r\n..\r\n.x\r\nend\r\n"
            for shift in range(-6, 3)]


def in_mbox(name, *wires):
    return content(name, *wires, form="mbox")


def bare_lf(wire):
    """A server that sends its messages with LF, and does not stuff dots."""
    return says(b"RETR", lambda s, a: b"+OK\r\n" + wire + b"\r\n.\r\n", b"2")


CASES = [
    content("every awkward shape", *mail.corpus(60, seed=79, raw=True)),
    content("no header", b"\r\njust a body\r\n", b"no header at all\r\n"),
    content("nothing at all", b"", b""),
    content("an empty line, a dot, a CR", b"\r\n", b".\r\n", b"..\r\n", b"\r\r\n"),
    content("NULs", HEAD + b"\0\0\r\n\0\r\n", b"\0\r\n", b"Subject: a\0b\r\n\r\n\0\r\n"),
    content("lone CR", HEAD + b"a\rb\r\r\nc\r\r\n", b"\r.\r\r\n", spoil=ONE_BY_ONE),
    content("lone LF", HEAD + b"a\nb\n\r\nc\n\r\n", HEAD.replace(b"\r\n", b"\n") + b"all of it\r\n"),
    content("LF dot LF", HEAD + b"a\n.\nb\r\n", HEAD + b"\n.\n\r\n"),
    content("LF dot LF and forged answers", HEAD + FORGED + b"\r\n"),
    content("LF dot LF and forged answers, one by one", HEAD + FORGED + b"\r\n", spoil=ONE_BY_ONE),
    content("LF dot CR, CR dot CR, CR dot LF", HEAD + b"a\n.\rb\r.\rc\r.\nd\r\n"),
    content("a body that ends its own reply, sent unstuffed", HEAD + FORGED + b"\r\n", spoil=bare_lf(HEAD + FORGED)),
    content("forged answers behind a stuffed dot", HEAD + b".\r\n+OK\r\n-ERR\r\n.\r\n"),
    content("dots on the borders of a buffer", *around(BUFFER)),
    content("dots on the borders of 16 KiB", *around(16384)),
    content("dots at every border of a 64-byte block", *[HEAD + b"x" * n + b"\r\n.\r\n" for n in range(64)]),
    content("From lines", HEAD + b"From \r\n>From x\r\nFrom anna Mon Jan  1 00:00:00 2024\r\n", b"From x\r\n" + HEAD),
    in_mbox("From lines into an mbox", HEAD + b"From \r\n>From x\r\n>>>From y\r\n\r\nFrom z\r\n", b"From x\r\n" + HEAD,
            b"\r\n\r\nFrom \r\n"),
    in_mbox("awkward shapes into an mbox", *mail.corpus(60, seed=80)),
    content("a line of 10 MB", HEAD + b"x" * (10 * MIB) + b"\r\n"),
    content("a line of 10 MB in the header", b"Subject: " + b"x" * (10 * MIB) + b"\r\n\r\nx\r\n"),
    content("a header of 1 MB", b"".join(b"X-%d: more\r\n" % n for n in range(70000)) + b"\r\nx\r\n"),
    content("a header of 1 MB without UIDL", b"".join(b"X-%d: more\r\n" % n for n in range(70000)) + b"\r\nx\r\n",
            spoil=without(b"UIDL")),
    content("a million empty lines", HEAD + b"\r\n" * 1000000),
    content("a million dots", HEAD + b".\r\n" * 1000000),
    content("random bytes", *[random.Random(seed).randbytes(20000) + b"\r\n" for seed in range(8)]),
    content("no final line end", HEAD + b"no end\r\n",
            spoil=says(b"RETR", lambda s, a: b"+OK\r\n" + HEAD + b"no end\r\n.\r\n", b"2")),
    content("a dot without CRLF is no end", HEAD + b".\n.\r\n", HEAD + b"x\n.\n\r\n", spoil=ONE_BY_ONE),
    content("+OK with the body's first line behind LF only", HEAD + b"x\r\n",
            spoil=both(ONE_BY_ONE, says(b"RETR", lambda s, a: b"+OK\n" + stuffed(HEAD + b"x\r\n"), b"2"))),
    content("a message that holds the header fields of servers",
            b"Status: RO\r\nX-UIDL: 1\r\nX-WAIT: " + b"x" * 200 + b"\r\n" + HEAD),
    content("a hundred copies of one message", *[GOOD] * 99, stays="none"),
]
