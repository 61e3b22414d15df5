# SPDX-License-Identifier: MIT
"""One hostile server, and what must be true after a run with it."""
import dataclasses
import functools
from typing import Callable

from support.py import mail
from support.py.world import LIMIT

PASSWORD = b"sword-of-77-fish"
ALL, NONE, SOME = "all", "none", "some"  # SOME: whole messages, each once at most, no matter which
LOGIN = (b"USER", b"PASS", b"AUTH", b"APOP")
LEAVE = (b"DELE", b"QUIT")
# Time-outs that are too long for any slow machine to run into; QUICK is for cases that have to run into one.
PATIENT = {"connect_timeout": "%ds" % LIMIT, "timeout": "%ds" % LIMIT}
QUICK = {"connect_timeout": "1s", "timeout": "1s"}
MIB = 1 << 20
PEAK = 64 * MIB  # of the memory
MESSAGES = tuple(text + b"%d\r\n" % n * n for n, text in enumerate(mail.small(4, seed=77), 1))


@dataclasses.dataclass(frozen=True)
class Case:
    """One line of a table. `spoil` makes a good Maildrop hostile; if it returns a conversation, that serves instead.

    This must hold in every case: what arrived is whole and arrived once; what left the server arrived; nothing that
    identifies the user is sent before TLS; no password and no control character is shown; files are private; memory
    and time are bounded. Once the server behaves, one run makes every message arrive exactly once, and removes it.
    """
    name: str
    spoil: Callable
    status: int = 0
    arrives: object = ALL        # or NONE, SOME, or message numbers
    stays: object = NONE         # the same forms
    never: tuple = ()            # prefixes of lines that the client must not send
    once: tuple = ()             # prefixes that it may send once at most
    says: tuple = ()             # words in its error; a tuple inside means one of several
    keys: dict = dataclasses.field(default_factory=dict)  # of the profile
    tls: str = ""                # "", "stls" or "pop3s"
    certificate: str = "good"
    newest_tls: object = None    # ssl.TLSVersion: the server speaks only this one
    messages: tuple = MESSAGES
    known: bool = False          # an earlier run fetched everything from a good server, and left it there
    words: tuple = ("fetch",)    # the command line
    runs: int = 1                # how many times in a row; the last one counts
    form: str = "maildir"        # or "mbox": where the profile delivers
    disk: int = 0                # the maximum size of a file in bytes; 0: no limit
    twice: bool = False          # a message may be delivered again (the law prefers that to a loss)
    heals: bool = True           # False: later good behaviour of the server cannot undo its lie

    def profile(self, port, **keys):
        """The usual profile of an account at this server, with these keys."""
        scheme = "pop3s" if self.tls == "pop3s" else "pop3"
        return {"server": "%s://127.0.0.1:%d" % (scheme, port), "tls": "required" if self.tls else "none",
                "user": "anna", "auth": "user", "password": PASSWORD.decode(), "trace_header": False,
                "deliver": "mbox:~/mbox" if self.form == "mbox" else "maildir:~/Mail", **PATIENT, **keys}

    def time_out(self):
        """The seconds of silence that the program puts up with."""
        return int({**PATIENT, **self.keys}["timeout"].rstrip("s"))

    def slower(self):
        """The same case with time-outs ten times as long; None if the case is not meant to run into one."""
        limits = {key: value + "0s" for key, value in ((key, self.keys.get(key, "").rstrip("s")) for key in QUICK) if value}
        return dataclasses.replace(self, keys={**self.keys, **limits}) if limits else None


# Nothing arrives, and nothing is changed.
Untouched = functools.partial(Case, arrives=NONE, stays=ALL, never=LEAVE)
