# SPDX-License-Identifier: MIT
"""Refused logins, echoed passwords, strange capabilities, forged APOP timestamps, escapes in everything that is shown."""
import base64
import functools

from hostile.case import ALL, LEAVE, NONE, PASSWORD, SOME, Case, Untouched
from hostile.spoilers import adds, announces, both, ends, fin, greets, honest, nothing, says, uids

EVIL = b"\x1b]0;owned\x07\x1b[31mred\x9b1m\x08\x08\r\xc2\x9b\xff\0end"
SASL = (b"TOP", b"UIDL", b"USER", b"SASL PLAIN LOGIN CRAM-MD5")
PLAIN = {"auth": "plain"}
Refused = functools.partial(Case, arrives=NONE, stays=ALL, never=LEAVE, once=(b"PASS",))


def refuses(words):
    return says(b"PASS", b"-ERR " + words + b"\r\n")


def logs_in(session, argument):
    """AUTH PLAIN with its credentials on the same line or the next."""
    if b" " not in argument:
        session.connection.send(b"+ \r\n")
        session.connection.line()
    return session.log_in()


def encoded(*parts):
    return base64.b64encode(b"".join(parts))


REFUSALS = [
    Refused("[AUTH]", refuses(b"[AUTH] wrong"), status=77, says=("wrong",)),
    Refused("[IN-USE]", refuses(b"[IN-USE] locked"), status=75),
    Refused("[LOGIN-DELAY]", refuses(b"[LOGIN-DELAY] slowly"), status=75),
    Refused("[SYS/TEMP]", refuses(b"[SYS/TEMP] later"), status=75),
    Refused("[SYS/PERM]", refuses(b"[SYS/PERM] never"), status=69),
    Refused("an unknown code", refuses(b"[X-MOON] full"), status=77),
    Refused("no code", refuses(b"go away"), status=77),
    Refused("no words", says(b"PASS", b"-ERR\r\n"), status=77),
    Refused("codes in lower case", refuses(b"[in-use] locked"), status=75),
    Refused("a code that is not closed", refuses(b"[IN-USE locked"), status=75),
    Refused("two codes", refuses(b"[AUTH] [IN-USE] which"), status=77),
    Refused("a code of 400 bytes", refuses(b"[" + b"X" * 400 + b"] long"), status=77),
    Refused("the user is refused", says(b"USER", b"-ERR [AUTH] nobody\r\n"), status=77, never=(b"PASS",)),
    Refused("the user is refused without a code", says(b"USER", b"-ERR nobody\r\n"), status=77, never=(b"PASS",)),
    Refused("[SYS/TEMP] as greeting", greets(b"-ERR [SYS/TEMP] later\r\n"), status=75, never=(b"USER", b"PASS")),
    Refused("[IN-USE] as greeting", greets(b"-ERR [IN-USE] later\r\n"), status=75, never=(b"USER", b"PASS")),
    Refused("[SYS/PERM] as greeting", greets(b"-ERR [SYS/PERM] never\r\n"), status=69, never=(b"USER", b"PASS")),
    Refused("-ERR as greeting", greets(b"-ERR no\r\n"), status=75, never=(b"USER", b"PASS")),
    Refused("-ERR without words as greeting", greets(b"-ERR\r\n"), status=75, never=(b"USER", b"PASS")),
    Refused("[IN-USE] after the login, to STAT, LIST and UIDL",
            both(*[says(verb, b"-ERR [IN-USE] locked\r\n") for verb in (b"STAT", b"LIST", b"UIDL")]), status=75),
    Refused("AUTH is refused, with words about credentials",
            both(announces(*SASL), says(b"AUTH", b"-ERR [AUTH] wrong password\r\n")), status=77, keys=PLAIN,
            once=(b"AUTH",)),
    Refused("no mechanism in common is a downgrade for nobody", announces(b"UIDL", b"TOP", b"SASL EVIL"), status=69,
            keys=PLAIN, once=(b"AUTH",), never=(b"USER", b"PASS")),
    Refused("CRAM-MD5 by name, and only PLAIN is offered", announces(b"UIDL", b"TOP", b"SASL PLAIN"), status=69,
            keys={"auth": "cram-md5"}, once=(b"AUTH",), never=(b"USER", b"PASS")),
    Refused("CRAM-MD5 with a challenge of nonsense", both(announces(*SASL), says(b"AUTH", b"+ !!!!\r\n")),
            status=76, keys={"auth": "cram-md5"}, says=("!!!!",)),
    Refused("PASS is refused by +ERR", says(b"PASS", b"+ERR wrong\r\n"), status=77, says=("wrong",)),
    Refused("a refusal that may be about anything, auto",
            both(announces(b"SASL PLAIN"), says(b"AUTH", b"-ERR sorry\r\n")), status=77, keys={"auth": "auto"},
            once=(b"AUTH",), never=(b"USER", b"PASS")),
    Refused("the end of the connection at the credentials, auto",
            both(announces(b"SASL PLAIN"), ends(b"AUTH", 0, fin)), status=75,
            keys={"auth": "auto"}, once=(b"AUTH",), never=(b"USER", b"PASS"), says=("credentials", "switched off")),
    Refused("the end of the connection at the user's name", ends(b"USER", 0, fin), status=75, once=(b"USER",),
            never=(b"PASS",), says=("the user name", "an unknown user", "switched off")),
]

ECHOES = [
    Refused("the password comes back", refuses(b"no such password: " + PASSWORD), status=77),
    Refused("the password comes back in capitals", refuses(PASSWORD.upper()), status=77),
    Refused("the password comes back, -vv", refuses(b"not " + PASSWORD), status=77, words=("-vv",)),
    Refused("the password comes back, --json", refuses(b"not " + PASSWORD), status=77, words=("--json",)),
    Refused("the password comes back in base64", refuses(encoded(PASSWORD)), status=77, words=("-vv",)),
    Refused("the password comes back in base64 behind one byte", refuses(encoded(b"x", PASSWORD)), status=77),
    Refused("the password comes back in base64 behind two bytes", refuses(encoded(b"xx", PASSWORD, b"tail")),
            status=77),
    Refused("the login comes back as PLAIN had it",
            both(announces(*SASL), says(b"AUTH", lambda s, a: b"-ERR bad blob " + a + b"\r\n")), status=77, keys=PLAIN,
            words=("-vv",)),
    Refused("the login comes back as a challenge",
            both(announces(*SASL), says(b"AUTH", lambda s, a: b"+ " + encoded(b"\0anna\0", PASSWORD) + b"\r\n")),
            status=76, keys=PLAIN, words=("-vv",)),
    Refused("the password comes back in neither +OK nor -ERR", says(b"PASS", b"? " + PASSWORD + b"\r\n"), status=76,
            words=("-vv",)),
    Refused("the password in CAPA", announces(b"SASL " + PASSWORD), status=69, keys=PLAIN, once=(), words=("-vv",)),
    Case("the password in +OK", says(b"PASS", lambda s, a: s.log_in() and b"+OK " + PASSWORD + b"\r\n"),
         words=("-vv",)),
    Case("the password in the answers after the login",
         both(says(b"STAT", b"+OK 4 400 " + PASSWORD + b"\r\n"),
             says(b"RETR", b"-ERR for " + encoded(b"x", PASSWORD) + b"\r\n", b"2"),
             says(b"QUIT", lambda s, a: honest(s, a, b"QUIT") and b"+OK " + PASSWORD + b"\r\n")),
         status=75, arrives=(1, 3, 4), stays=(2,), words=("-vv",)),
    Case("the password in the answer that proves a message",
         both(says(b"RETR", lambda s, a: setattr(s, "asked", True)),
              says(b"STAT", lambda s, a: b"+OK hello anna, " + PASSWORD + b"\r\n" if hasattr(s, "asked") else None)),
         status=76, arrives=(1, 2, 3), stays=ALL, says=("is not understood: \"hello anna, ***\"",)),
    Case("the password in a status that is neither", says(b"RETR", b"* " + PASSWORD + b"\r\n", b"1"), status=76,
         arrives=SOME, stays=SOME),
    Refused("the password in the answer to LIST",
            says(b"LIST", b"-ERR " + PASSWORD + b" and " + encoded(PASSWORD) + b"\r\n"), status=75),
]

ESCAPES = [
    Case("escapes in the greeting", greets(b"+OK " + EVIL.replace(b"\r", b"") + b"\r\n"), words=("-vv",)),
    Refused("escapes in a refused greeting", greets(b"-ERR " + EVIL.replace(b"\r", b"") + b"\r\n"), status=75,
            never=(b"USER",)),
    Refused("escapes in a refused login", refuses(EVIL), status=77),
    Refused("escapes in a response code", refuses(b"[" + EVIL + b"] x"), status=77),
    Case("escapes in CAPA", announces(b"USER", b"UIDL", b"TOP", EVIL), words=("-vv",)),
    Case("escapes in UIDLs", uids(EVIL, b"\x1b[2J", b"\xc2\x9b", b"\x85"), words=("-v",)),
    Case("escapes in UIDLs, in JSON", uids(EVIL, b"\x1b[2J", b"\xc2\x9b", b"\x85"), words=("--json",)),
    Case("escapes in a refused RETR", says(b"RETR", b"-ERR " + EVIL + b"\r\n", b"2"), status=75, arrives=(1, 3, 4),
         stays=(2,)),
    Case("escapes in a refused DELE", says(b"DELE", b"-ERR " + EVIL + b"\r\n"), stays=ALL),
    Case("escapes in a refused QUIT", says(b"QUIT", b"-ERR " + EVIL + b"\r\n"), status=75, stays=ALL),
    Untouched("escapes in headers, for list", nothing,
              messages=(b"From: " + EVIL + b"\r\nSubject: " + EVIL + b"\r\nDate: " + EVIL + b"\r\n\r\n",),
              words=("list", "home"), never=(b"DELE",)),
    Untouched("escapes in headers, for list --json", nothing,
              messages=(b"From: " + EVIL + b"\r\nSubject: " + EVIL + b"\r\n\r\n",), words=("list", "home", "--json"),
              never=(b"DELE",)),
    Untouched("subjects of 60 KB, for list --json", nothing,
              messages=tuple(b"Subject: %d" % n + b"x" * 60000 + b"\r\n\r\n" for n in range(50)),
              words=("list", "home", "--json"), never=(b"DELE",)),
    Untouched("an answer of 60,000 words", refuses(b"no " * 20000), status=77),
    Case("a greeting of 8,000 bytes", greets(b"+OK " + b"x" * 8000 + b"\r\n")),
]

CAPABILITIES = [
    Case("CAPA in lower case", announces(b"top", b"uidl", b"user", b"pipelining")),
    Case("CAPA without USER and SASL", announces(b"TOP", b"UIDL"), keys={"auth": "auto"}),
    Case("CAPA without anything", announces(), keys={"auth": "auto"}),
    Case("CAPA is refused", says(b"CAPA", b"-ERR what\r\n"), keys={"auth": "auto"}),
    Case("CAPA is refused with a code", says(b"CAPA", b"-ERR [SYS/TEMP] later\r\n"), keys={"auth": "auto"}),
    Case("CAPA of 200 lines", announces(*SASL[:3], *[b"X-%d" % n for n in range(200)])),
    Case("CAPA with a line of 20,000 bytes", announces(*SASL[:3], b"X " + b"x" * 20000)),
    Case("CAPA longer than any buffer", announces(*SASL[:3], *[b"X-%d " % n + b"x" * 400 for n in range(900)])),
    Case("CAPA with tabs, lines with dots, and a mechanism in lower case",
         both(announces(b"sasl\tplain", b"..", b".x", b"\ttop"), says(b"AUTH", logs_in)), keys={"auth": "auto"}),
    Case("a mechanism with a name of 300 bytes",
         both(announces(*SASL[:3], b"SASL " + b"X" * 300 + b" PLAIN"), says(b"AUTH", logs_in)), keys={"auth": "auto"}),
    Case("SASL PLAIN is announced and works", both(announces(*SASL), says(b"AUTH", logs_in)), keys={"auth": "auto"}),
    Case("EXPIRE 0", adds(b"EXPIRE 0")),
    Case("EXPIRE of nonsense", adds(b"EXPIRE -1 99999999999999999999")),
]

APOP = {"auth": "apop"}
STAMPS = [
    Refused("APOP: no stamp", nothing, status=69, keys=APOP, never=(b"APOP", b"USER", b"PASS")),
    Refused("APOP: a stamp that is no message-id", greets(b"+OK <1896.697170952@\x80\xff> ready\r\n"), status=76,
            keys=APOP, never=(b"APOP", b"USER", b"PASS")),
    Refused("APOP: a stamp of blocks for collisions", greets(b"+OK <" + bytes(range(128, 192)) + b"@a> ready\r\n"),
            status=76, keys=APOP, never=(b"APOP", b"USER", b"PASS")),
    Refused("APOP: two stamps", greets(b"+OK <a@b> <c@d> ready\r\n"), status=76, keys=APOP,
            never=(b"APOP", b"USER", b"PASS")),
    Refused("APOP: a stamp without its end", greets(b"+OK <a@b ready\r\n"), status=76, keys=APOP,
            never=(b"APOP", b"USER", b"PASS")),
    Refused("APOP: a stamp of 5,000 bytes", greets(b"+OK <" + b"a" * 5000 + b"@b>\r\n"), status=76,
            keys=APOP, never=(b"USER", b"PASS")),
    Case("a stamp, and auto does not take it", greets(b"+OK <1896.697170952@dbc.mtview.ca.us>\r\n"),
         keys={"auth": "auto"}, never=(b"APOP",)),
]

CASES = REFUSALS + ECHOES + ESCAPES + CAPABILITIES + STAMPS
