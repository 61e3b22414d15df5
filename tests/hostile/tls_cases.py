# SPDX-License-Identifier: MIT
"""TLS refused, tampered with, from the wrong server, or cut short. No case gets as far as the login."""
import functools
import ssl

from hostile.case import ALL, LEAVE, LOGIN, NONE, QUICK, Case
from hostile.spoilers import (announces, both, ends, fin, greets, injects, no_tls, nothing, offers_and, raw, rst, says)

Refused = functools.partial(Case, status=69, arrives=NONE, stays=ALL, never=LOGIN + LEAVE)
NAMED = {"tls_server_name": "mail.example.org"}
GREETING = b"+OK you are logged in already\r\n"

CASES = [
    Refused("STLS is not offered", offers_and(b"-ERR\r\n"), tls="stls", says=("TLS",)),
    Refused("STLS is stripped from CAPA", no_tls, tls="stls", says=("STLS",)),
    Refused("CAPA is refused where TLS is required", says(b"CAPA", b"-ERR what\r\n"), tls="stls"),
    Refused("STLS is refused", offers_and(b"-ERR not today\r\n"), tls="stls", says=("not today",)),
    Refused("STLS is refused for now", offers_and(b"-ERR [SYS/TEMP] later\r\n"), tls="stls", status=75,
            says=("later",)),
    Refused("STLS is answered with neither", offers_and(b"* OK\r\n"), tls="stls", status=76, keys=QUICK),
    Refused("STLS is answered, and clear text follows", offers_and(b"+OK\r\n+OK\r\n+OK\r\n+OK\r\n"), tls="stls",
            status=76),
    Refused("an answer injected before TLS", injects(b"+OK injected\r\n"), tls="stls", status=76),
    Refused("a CAPA injected before TLS", injects(b"+OK\r\nUSER\r\n.\r\n"), tls="stls", status=76),
    Refused("answers to USER and PASS injected before TLS", injects(b"+OK\r\n.\r\n+OK\r\n+OK\r\n"), tls="stls",
            status=76),
    Refused("a greeting as if logged in, and no STLS", both(greets(GREETING), no_tls), tls="stls"),
    Refused("a greeting of two lines, the second a login",
            both(greets(b"+OK\r\n+OK logged in\r\n"), offers_and(b"-ERR\r\n")), tls="stls"),
    Refused("nothing after the answer to STLS",
            offers_and(lambda s, a: s.connection.send(b"+OK\r\n") or s.connection.discard()), tls="stls", status=75,
            keys=QUICK),
    Refused("the end after the answer to STLS",
            offers_and(lambda s, a: s.connection.send(b"+OK\r\n") or fin(s.connection)), tls="stls", status=75),
    Refused("a reset after the answer to STLS",
            offers_and(lambda s, a: s.connection.send(b"+OK\r\n") or rst(s.connection)), tls="stls", status=75),
    Case("what was announced before TLS is gone behind it",
         both(announces(b"TOP", b"UIDL", b"PIPELINING"),
             says(b"CAPA", lambda s, a: b"+OK\r\nSASL EVIL\r\nSTLS\r\n.\r\n" if s.connection.clear is None else None)),
         tls="stls"),
    Refused("pop3s: silence instead of a handshake", raw(lambda c: c.discard()), tls="pop3s", status=75, keys=QUICK),
    Refused("pop3s: plain text instead of a handshake", raw(lambda c: c.send(b"+OK ready\r\n") or c.discard()),
            tls="pop3s"),
    Refused("pop3s: the end instead of a handshake", raw(fin), tls="pop3s", status=75),
    Refused("pop3s: a reset instead of a handshake", raw(rst), tls="pop3s", status=75),
    Refused("pop3s: noise without end", raw(lambda c: c.flood(b"\x16\x03\x03\x40\x00" + b"x" * 16384)), tls="pop3s"),
    Refused("pop3s: a handshake byte by byte", raw(lambda c: c.drip(b"\x16\x03\x03\x40\x00" + b"x" * 9999, 0.1)),
            tls="pop3s", status=75, keys=QUICK),
    Case("good TLS", nothing, tls="pop3s"),
    Case("good STLS", nothing, tls="stls"),
]

for tls in ("pop3s", "stls"):
    CASES += [
        Refused(tls + ": expired", nothing, tls=tls, certificate="expired", says=("expired",)),
        Refused(tls + ": not yet valid", nothing, tls=tls, certificate="not_yet_valid", says=("not yet valid",)),
        Refused(tls + ": for another host", nothing, tls=tls, certificate="elsewhere", says=("127.0.0.1",)),
        Refused(tls + ": the common name right, the names wrong", nothing, tls=tls, certificate="only_common_name"),
        Refused(tls + ": an address as a DNS name", nothing, tls=tls, certificate="address_as_name"),
        Refused(tls + ": self-signed", nothing, tls=tls, certificate="selfsigned",
                says=(("self-signed", "self signed"),)),
        Refused(tls + ": another authority", nothing, tls=tls, certificate="other_authority"),
        Refused(tls + ": *", nothing, tls=tls, certificate="star", keys=NAMED),
        Refused(tls + ": *.org", nothing, tls=tls, certificate="star_org", keys=NAMED),
        Refused(tls + ": mail.*.org", nothing, tls=tls, certificate="star_inside", keys=NAMED),
        Refused(tls + ": *.mail.example.org", nothing, tls=tls, certificate="star_below", keys=NAMED),
        Refused(tls + ": the name with more behind it", nothing, tls=tls, certificate="longer_name", keys=NAMED),
        Refused(tls + ": the name with NUL and more behind it", nothing, tls=tls, certificate="name_with_nul",
                keys=NAMED),
        Refused(tls + ": a good certificate, the wrong key pinned", nothing, tls=tls,
                keys={"tls_pin": "sha256//" + "A" * 43 + "="}, says=("tls_pin",)),
        Refused(tls + ": TLS 1.0 only", nothing, tls=tls, newest_tls=ssl.TLSVersion.TLSv1),
        Refused(tls + ": TLS 1.1 only", nothing, tls=tls, newest_tls=ssl.TLSVersion.TLSv1_1),
        Refused(tls + ": TLS 1.2 where 1.3 is demanded", nothing, tls=tls, newest_tls=ssl.TLSVersion.TLSv1_2,
                keys={"tls_min_version": "1.3"}),
        Case(tls + ": TLS ends inside a body without saying so", ends(b"RETR", 0.5, fin, b"3"), tls=tls, status=75,
             arrives=(1, 2), stays=ALL, never=(b"QUIT",)),
        Case(tls + ": TLS ends before the dot without saying so", ends(b"RETR", -3, fin, b"4"), tls=tls, status=75,
             arrives=(1, 2, 3), stays=ALL, never=(b"QUIT",)),
        Case(tls + ": a reset inside a body", ends(b"RETR", 0.5, rst, b"3"), tls=tls, status=75, arrives=(1, 2),
             stays=ALL, never=(b"QUIT",)),
    ]
