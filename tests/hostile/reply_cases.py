# SPDX-License-Identifier: MIT
"""Answers out of step, broken pipelining, and a connection that ends, falls silent or never ends."""
import itertools

from hostile.case import ALL, LEAVE, MIB, NONE, QUICK, Case, Untouched
from hostile.spoilers import (HangsUp, OnlyFirst, Reversed, Skips, after_login, announces, both, drips, ends,
                              ends_greeting, fin, floods, greets, honest, late, lists, once, raw, rst,
                              says, serves, silence, sizes, without)

ONE_BY_ONE = without(b"PIPELINING")
LINE = b"x" * 65536  # sent again and again, it makes a line that never ends
QUIT = (b"QUIT",)


def doubled(verb, only=None):
    return says(verb, lambda s, a: 2 * honest(s, a, verb), only)


def with_more(verb, more, only=None):
    return says(verb, lambda s, a: honest(s, a, verb) + more, only)


OUT_OF_STEP = [
    Untouched("junk before the greeting", greets(b"220 hello\r\n+OK ready\r\n"), status=76),
    Untouched("a greeting of another protocol", greets(b"* OK IMAP4rev1\r\n"), status=76),
    Case("two greetings", greets(b"+OK one\r\n+OK two\r\n")),
    Untouched("something behind the answer to PASS", says(b"PASS", lambda s, a: s.log_in() + b"+OK 1 5\r\n"),
              status=76),
    Untouched("neither +OK nor -ERR to PASS", says(b"PASS", b"+ maybe\r\n"), status=76),
    Case("something behind the answer to STAT", with_more(b"STAT", b"+OK 4 400\r\n"), says=("malformed",)),
    Untouched("STAT answered twice, one by one", both(ONE_BY_ONE, doubled(b"STAT")), status=76),
    Untouched("LIST answered twice", doubled(b"LIST"), status=76),
    Untouched("UIDL answered twice", doubled(b"UIDL"), status=76, never=QUIT),
    Untouched("UIDL answered twice, one by one", both(ONE_BY_ONE, doubled(b"UIDL")), status=76),
    Case("RETR answered twice", doubled(b"RETR", b"2"), status=76, arrives=(1,), stays=ALL, never=QUIT),
    Case("RETR answered twice, one by one", both(ONE_BY_ONE, doubled(b"RETR", b"2")), status=76, arrives=(1,),
         stays=ALL, never=QUIT),
    Case("every RETR answered twice", doubled(b"RETR"), status=76, arrives=(), stays=ALL, never=QUIT),
    Case("a stray +OK behind a body", with_more(b"RETR", b"+OK\r\n", b"3"), status=76, arrives=(1, 2), stays=ALL,
         never=QUIT),
    Case("a stray +OK behind a body, one by one", both(ONE_BY_ONE, with_more(b"RETR", b"+OK\r\n", b"3")), status=76,
         arrives=(1, 2), stays=ALL, never=QUIT),
    Case("a stray -ERR behind a body", with_more(b"RETR", b"-ERR\r\n", b"3"), status=75, says=("PIPELINING",)),
    Case("a second dot behind a body", with_more(b"RETR", b".\r\n", b"3"), status=76, arrives=(1, 2), stays=ALL),
    Case("a second dot behind a body, one by one", both(ONE_BY_ONE, with_more(b"RETR", b".\r\n", b"3")), status=76,
         arrives=(1, 2), stays=ALL, never=QUIT),
    Case("a body without its status", says(b"RETR", lambda s, a: honest(s, a, b"RETR").split(b"\r\n", 1)[1], b"2"),
         status=76, arrives=(), stays=ALL),
    Case("a body without its status, one by one",
         both(ONE_BY_ONE, says(b"RETR", lambda s, a: honest(s, a, b"RETR").split(b"\r\n", 1)[1], b"2")), status=76,
         arrives=(), stays=ALL, never=QUIT),
    Case("+OKAY to RETR", says(b"RETR", lambda s, a: b"+OKAY\r\n" + honest(s, a, b"RETR").split(b"\r\n", 1)[1], b"2"),
         status=76, arrives=(), stays=ALL),
    Case("a status of nothing", says(b"RETR", b"\r\n", b"2"), status=76, arrives=(), stays=ALL),
    Case("a status of NULs", says(b"RETR", b"\0\0\0\0\r\n", b"2"), status=76, arrives=(), stays=ALL),
    Case("-ERR and a body all the same",
         says(b"RETR", lambda s, a: b"-ERR no\r\n" + honest(s, a, b"RETR").split(b"\r\n", 1)[1], b"2"), status=75),
    Case("+OK and no body", says(b"RETR", b"+OK\r\n", b"4"), status=75, arrives=(1, 2, 3), stays=ALL, never=QUIT,
         keys=QUICK),
    Untouched("an answer before the question",
              says(b"UIDL", lambda s, a: honest(s, a, b"UIDL") + b"+OK 120 octets\r\nSubject: no\r\n.\r\n"), status=76,
              never=QUIT),
    Case("one unsolicited body before all",
         once(b"RETR", lambda s, a: b"+OK\r\nSubject: x\r\n\r\nx\r\n.\r\n" + honest(s, a, b"RETR"))),
    Case("an unsolicited alert in a listing", lists(b"UIDL", [b"1 a", b"* ALERT maintenance", b"2 b", b"3 c", b"4 d"])),
    Untouched("a lone CR ends the status", says(b"STAT", b"+OK 4 400\r"), status=75, keys=QUICK),
]

PIPELINING = [
    Case("only the first of several commands is read", serves(OnlyFirst), keys=QUICK, says=("PIPELINING",)),
    Case("a hang-up after one RETR", serves(HangsUp), status=75, arrives=(1,), stays=ALL, never=QUIT),
    Case("a hang-up after one RETR, one by one", both(ONE_BY_ONE, serves(HangsUp)), status=75, arrives=(1,), stays=ALL,
         never=QUIT),
    Case("bodies in the wrong order", serves(Reversed), says=("PIPELINING",)),
    Case("bodies in the wrong order, all of one size", both(serves(Reversed), sizes(*[b"500"] * 4)),
         says=("PIPELINING",)),
    Case("one RETR of several is not answered", serves(Skips), keys=QUICK),
    Case("pipelining is announced before the login only",
         after_login(b"CAPA", lambda s, a: b"+OK\r\nTOP\r\nUIDL\r\n.\r\n")),
    Case("pipelining is announced, no UIDL, no TOP", announces(b"PIPELINING", b"USER")),
]

# Each answer is cut at its border, inside its first line, in the middle, or before its last byte, in three ways.
PLACES = [
    ("USER", b"USER", None, (0, 2, -1), NONE),
    ("PASS", b"PASS", None, (0, 2, -1), NONE),
    ("STAT", b"STAT", None, (0, 2, -1), NONE),
    ("LIST", b"LIST", b"", (0, 3, 0.5, -1), NONE),
    ("UIDL", b"UIDL", b"", (0, 3, 0.5, -1), NONE),
    ("the first RETR", b"RETR", b"1", (2, 0.5, -3, -1), NONE),
    ("the third RETR", b"RETR", b"3", (2, 0.5, -3, -1), (1, 2)),
]
WAYS = [("FIN", fin), ("RST", rst), ("silence", silence)]


def ending_cases():
    for part in (0, 2, -1):
        for name, how in WAYS:
            yield Untouched("%s in the greeting at %s" % (name, part), ends_greeting(part, how), status=75, keys=QUICK)
    for place, verb, only, parts, arrives in PLACES:
        for part in parts:
            for name, how in WAYS:
                keys = QUICK if how is silence else {}
                yield Case("%s in %s at %s" % (name, place, part), ends(verb, part, how, only), status=75,
                           arrives=arrives, stays=ALL, never=LEAVE, keys=keys)


def border_cases():
    """The connection ends between two answers. Answers may be lost, so everything is requested again. The message at
    which the connection ended comes last, in a session of its own. By then QUIT has given it another number; if the
    answer for that number is not cut, the message arrives as well."""
    for name, how in WAYS:
        keys = QUICK if how is silence else {}
        yield Case("%s in the border before the first RETR" % name, ends(b"RETR", 0, how, b"1"), status=75,
                   arrives=(2, 3, 4), stays=(1,), keys=keys)
        yield Case("%s in the border before the third RETR" % name, ends(b"RETR", 0, how, b"3"), keys=keys)


def without_capa_cases():
    """A server that does not survive CAPA is logged in to without it, unless TLS has to be negotiated."""
    for part in (0, 0.5, 2, -1):
        for name, how in WAYS:
            yield Case("%s in CAPA at %s" % (name, part), ends(b"CAPA", part, how),
                       keys={"connect_timeout": "8s"} if how is silence else {})
    yield Case("FIN in CAPA, under TLS", ends(b"CAPA", 0, fin), tls="pop3s")
    yield Case("FIN in CAPA, auto", ends(b"CAPA", 0, fin), keys={"auth": "auto"})
    for tls, keys in (("stls", {}), ("", {"auth": "plain"})):
        for name, how in WAYS[::2]:
            yield Untouched("%s in CAPA, %s" % (name, tls or "plain"), ends(b"CAPA", 0, how), status=75, tls=tls,
                            keys={**keys, **(QUICK if how is silence else {})}, says=("CAPA",))


def counting(connection, line, together=1000):
    """A list that never ends."""
    connection.send(b"+OK\r\n")
    for begin in itertools.count(1, together):
        connection.send(b"".join(line % number for number in range(begin, begin + together)))


def endless_message(piece):
    """Makes the second message endless."""
    return floods(b"RETR", b"+OK\r\nSubject: x\r\n\r\n", piece, b"2")


ENDLESS = [
    Untouched("a byte at a time in the greeting", raw(lambda c: c.drip(b"+OK " + b"x" * 9999, 0.1)), status=75,
              keys=QUICK),
    Untouched("each answer of the login in time, all of them too late",
              both(late(b"CAPA", 0.7), late(b"USER", 0.7), late(b"PASS", 0.7)), status=75, never=LEAVE + (b"PASS",),
              keys=QUICK),
    Case("a byte at a time in CAPA", drips(b"CAPA", 2), keys=QUICK, says=("CAPA",)),  # longer than any time-out
    Untouched("a byte at a time after PASS", says(b"PASS", lambda s, a: s.connection.drip(b"+OK" + b" " * 9999, 0.1)),
              status=75, keys=QUICK),
    Untouched("a byte at a time in LIST", drips(b"LIST", 0.2, b""), status=75, keys=QUICK),
    Case("a byte at a time in a body", drips(b"RETR", 0.1, b"3"), status=75, arrives=(1, 2), stays=ALL, never=QUIT,
         keys=QUICK),
    Untouched("an endless greeting", raw(lambda c: c.flood(LINE)), status=76, keys=QUICK),
    Case("an endless line of CAPA", floods(b"CAPA", b"+OK\r\n", LINE)),
    Untouched("an endless CAPA", floods(b"CAPA", b"+OK\r\n", b"X-CAPABILITY more\r\n" * 999), status=76,
              keys=QUICK),
    Untouched("empty lines without end in place of an answer to CAPA", floods(b"CAPA", b"", b"\r\n" * 9999),
              status=76),
    Untouched("an endless CAPA after the login",
              after_login(b"CAPA", lambda s, a: counting(s.connection, b"X-CAPABILITY %d\r\n")), status=76),
    Untouched("an endless answer to PASS", floods(b"PASS", b"+OK ", LINE, b"sword-of-77-fish"), status=76),
    Untouched("an endless status", floods(b"STAT", b"+OK ", LINE), status=76),
    Untouched("an endless line of LIST", floods(b"LIST", b"+OK\r\n1 ", LINE), status=76),
    Untouched("an endless line of UIDL", floods(b"UIDL", b"+OK\r\n1 ", LINE), status=76),
    Untouched("an endless LIST, always the same line", floods(b"LIST", b"+OK\r\n", b"1 100\r\n" * 9999), status=76),
    Untouched("an endless LIST of new numbers", says(b"LIST", lambda s, a: counting(s.connection, b"%d 100\r\n")),
              status=76),
    Untouched("an endless LIST of nonsense", floods(b"LIST", b"+OK\r\n", b"nonsense\r\n" * 9999), status=76),
    Untouched("an endless UIDL", says(b"UIDL", lambda s, a: counting(s.connection, b"%d uid\r\n")), status=76),
    Untouched("UIDLs of 60 KB without end",
              says(b"UIDL", lambda s, a: counting(s.connection, b"%d " + LINE[:60000] + b"\r\n", 1)), status=76),
    Untouched("an endless header to TOP",
              both(without(b"UIDL"), floods(b"TOP", b"+OK\r\n", b"X-Header: more\r\n" * 9999, b"2 0")), status=76),
    Untouched("an endless line in a header to TOP",
              both(without(b"UIDL"), floods(b"TOP", b"+OK\r\nSubject: ", LINE, b"2 0")), status=76),
    Untouched("an endless header for list", floods(b"TOP", b"+OK\r\n", b"Subject: more\r\n" * 9999, b"2 0"), status=76,
              words=("list", "home")),
    Case("an endless message where max_size is set", endless_message(b"more\r\n" * 9999), status=75, arrives=(1,),
         stays=ALL, never=QUIT, keys={"max_size": "1M"}),
    Case("an endless message on a disk that fills", endless_message(b"more\r\n" * 9999), status=74, arrives=(1,),
         stays=ALL, never=QUIT, disk=4 * MIB),
    # The second run fetches the others first. Then QUIT gives the message another number, under which it has an end.
    Case("an endless message on a disk that fills, twice", endless_message(b"more\r\n" * 9999), disk=4 * MIB, runs=2),
    Case("an endless line in a message on a disk that fills", endless_message(LINE), status=74, arrives=(1,),
         stays=ALL, never=QUIT, disk=4 * MIB),
    Case("an endless message into an mbox on a disk that fills", endless_message(b"more\r\n" * 9999), status=74,
         arrives=(1,), stays=ALL, never=QUIT, disk=4 * MIB, form="mbox"),
]

CASES = [*OUT_OF_STEP, *PIPELINING, *ending_cases(), *border_cases(), *without_capa_cases(), *ENDLESS]
