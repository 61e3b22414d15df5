# SPDX-License-Identifier: MIT
"""One interrupted run after another: {maildir, mbox} x {leave, remove}, and what must hold afterwards."""
from support import mail
from support.maildrop import Maildrop
from support.scripted import Server
from support.world import World, hashes

ROWS = [(place, keep) for place in ("maildir", "mbox") for keep in ("leave", "remove")]
MESSAGES = [mail.small(1)[0], mail.corpus(11, seed=41)[10], b"", mail.sized(9000), mail.small(1, seed=42)[0]]


class Broken(AssertionError):
    """The promise of exactly-once does not hold."""


class Row:
    """A user's world, a server and the messages; a context manager. One for each interruption."""

    def __init__(self, place, keep, messages=None, budgets=()):
        self.place, self.keep = place, keep
        self.messages = list(MESSAGES if messages is None else messages)
        self.world = World()
        self.drop = Maildrop(self.messages)
        self.server = Server(self.drop, budgets=budgets)
        self.uids = self.drop.uids()
        deliver = {"maildir": "maildir:~/Mail", "mbox": "mbox:~/mbox"}[place]
        self.world.configure({"home": {
            "server": "pop3://127.0.0.1:%d" % self.server.port, "tls": "none", "user": "anna", "password": "secret",
            "auth": "user",  # by name: one connection is the whole conversation
            "trace_header": False, "deliver": deliver, "leave_on_server": keep == "leave"}})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()
        self.world.close()

    def run(self, *prefix):
        self.world.prefix = list(prefix)
        try:
            return self.world.run("fetch")
        finally:
            self.world.prefix = []

    def arrived(self):
        return self.world.maildir() if self.place == "maildir" else self.world.mbox()

    def fail(self, what, result=None):
        raise Broken("%s, %s: %s%s" % (self.place, self.keep, what, "\n" + result.err if result else ""))

    def check_interrupted(self):
        """Right after the interruption: what a reader sees is whole, and what the server dropped is here."""
        gone = [wire for uid, wire in zip(self.uids, self.messages) if uid in self.drop.removed]
        if self.place == "maildir":
            extra = hashes(self.world.maildir()) - hashes(map(mail.local, self.messages))
            lost = hashes(map(mail.local, gone)) - hashes(self.world.maildir())
            if extra or lost:
                self.fail("after the interruption %d torn or doubled, %d lost" % (extra.total(), lost.total()))
        elif gone:
            whole = self.world.path("mbox").read_bytes()
            if any(mail.mboxrd(wire) not in whole for wire in gone):
                self.fail("removed on the server and not in the mbox")

    def check_completed(self, result):
        """After one whole run: every message once, nothing stuck, and another run finds nothing to do."""
        if result.status != 0:
            self.fail("the run after it ends with %d" % result.status, result)
        for _ in range(2):
            try:
                found = hashes(map(self.alike, self.arrived()))
            except ValueError as error:
                self.fail(str(error))
            expected = hashes(self.alike(mail.local(wire)) for wire in self.messages)
            lost, extra = expected - found, found - expected
            if lost or extra:
                self.fail("%d lost, %d doubled or torn" % (lost.total(), extra.total()), result)
            left = self.world.leftovers("Mail")
            if left:
                self.fail("left behind: %s" % left)
            if self.drop.uids() != (self.uids if self.keep == "leave" else []):
                self.fail("on the server: %r" % self.drop.uids(), result)
            fetched = len(self.drop.retrieved)
            result = self.run()
            if (result.status, result.out) != (0, b"") or len(self.drop.retrieved) != fetched:
                self.fail("another run is not idle: %d %r" % (result.status, result.out), result)

    @staticmethod
    def alike(text):
        """An mbox entry of an empty message has the final newline that every entry gets."""
        return text or b"\n"
