# SPDX-License-Identifier: MIT
"""One interrupted run after another: destinations x {leave, remove}, and what must hold afterwards."""
import collections
import functools
import re

from support.py import mail, starter
from support.py.maildrop import Maildrop
from support.py.scripted import Server
from support.py.world import LIMIT, World, hashes

KEEPS = ("leave", "remove")
PLACES = ("maildir", "mbox", "mda", "maildir+mbox", "mbox+mda", "mda+maildir")
ROWS = [(place, keep) for place in ("maildir", "mbox") for keep in KEEPS]
ALL_ROWS = [(place, keep) for place in PLACES for keep in KEEPS]
MESSAGES = [mail.small(1)[0], mail.corpus(11, seed=41)[10], b"", mail.sized(9000), mail.small(1, seed=42)[0]]

# A message that may be delivered twice is reported in these words.
ANNOUNCED = re.compile(r"twice|handed over again|added to|was completed")
ADDED = [re.compile(rb"Status: RO\n"), re.compile(rb"Received: from .* \(mailhaul\)\n(?:[ \t].*\n)*")]
PROGRAM = "cat >%(box)s/.$$ && mv %(box)s/.$$ %(box)s/m.$$.$MAILHAUL_ID\n"


@functools.lru_cache(maxsize=None)
def batches(count):
    """Messages of which the first `count` are a batch each, so that one is settled while the next arrives."""
    return [*(mail.sized(8_400_000, seed=44 + n) for n in range(count)), *MESSAGES[:2]]


@functools.lru_cache(maxsize=256)
def sum_of(wire):
    """The hash that hashes() gives for this message once it has arrived."""
    return next(iter(hashes([Row.alike(mail.local(wire))])))


entries = functools.lru_cache(maxsize=4)(mail.entries)  # the same mbox is read several times
mboxrd = functools.lru_cache(maxsize=64)(mail.mboxrd)


class Broken(AssertionError):
    """Exactly-once delivery failed: messages were lost, doubled or torn, or the account is stuck."""

    def __init__(self, what, lost=0, doubled=0, torn=0, stuck=0):
        super().__init__(what)
        self.counts = {"lost": lost, "doubled": doubled, "torn": torn, "stuck": stuck}


class Row:
    """A user's home directory, a server and the messages; a context manager. One for each interruption."""

    def __init__(self, place, keep, messages=None, budgets=(), trace=False):
        self.place, self.keep, self.trace = place, keep, trace
        self.kinds = place.split("+")
        self.messages = list(MESSAGES if messages is None else messages)
        self.world = World()
        self.world.again = True
        self.drop = Maildrop(self.messages)
        self.server = Server(self.drop, budgets=budgets)
        self.uids = self.drop.uids()
        self.boxes = {"maildir": ["Mail"], "mbox": ["mbox"], "mda": ["out"]}  # the profile names the first one
        self.may_double = dict.fromkeys(self.kinds, 0)  # how many messages may arrive twice, if this is reported
        self.may_leave = False     # temporary files where mail is no longer delivered
        self.forgotten = False     # the state is lost: mailhaul cannot report, repair or clean up
        self.taken = {kind: [] for kind in self.kinds}  # what the owner has deleted: local form
        self.strangers = []        # other programs' messages in the mbox
        self.said = ""             # on standard error, after the interruption
        self.doubled = 0           # duplicates found, and allowed
        self.configure()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()
        self.world.close()

    def box(self, kind):
        """The path of this kind of destination in the profile."""
        return self.world.path(self.boxes[kind][0])

    def destination(self, kind):
        box = self.box(kind)
        if kind != "mda":
            return "%s:%s" % (kind, box)
        box.mkdir(exist_ok=True)
        if starter.TOOLS:
            return {"kind": "mda", "command": [starter.TOOLS + "/taker", str(box)], "allow_root": True}
        program = self.world.path("program." + box.name)
        program.write_text(PROGRAM % {"box": box})
        return {"kind": "mda", "command": ["/bin/sh", str(program)], "allow_root": True}

    def configure(self):
        self.world.configure({"home": {
            "server": "pop3://127.0.0.1:%d" % self.server.port, "tls": "none", "user": "anna", "password": "secret",
            "auth": "user",  # with a named method, the whole conversation is one connection
            "connect_timeout": "%ds" % LIMIT, "timeout": "%ds" % LIMIT,
            "trace_header": self.trace, "deliver": [self.destination(kind) for kind in self.kinds],
            "leave_on_server": self.keep == "leave"}})

    def run(self, *prefix):
        self.world.prefix = list(prefix)
        try:
            result = self.world.run("fetch")
            self.said += result.err
            return result
        except AssertionError as error:  # it did not end
            self.fail(str(error))
        finally:
            self.world.prefix = []

    def add(self, *wires):
        """More mail arrives on the server."""
        self.messages += wires
        self.uids += self.drop.add(*wires).uids()[-len(wires):]

    def arrived(self, kind=None):
        kind = kind or self.kinds[0]
        found = []
        for name in self.boxes[kind]:
            if kind == "mda":
                found += [file.read_bytes() for file in self.world.path(name).glob("m.*")]
            elif kind == "maildir":
                found += self.world.maildir(name)
            elif kind == "mbox":
                found += [text for first, text in self.entries(name) if b"stranger" not in first]
            else:
                raise ValueError("no reader for deliveries of kind " + kind)
        return found

    def entries(self, name):
        box = self.world.path(name)
        return entries(box.read_bytes()) if box.exists() else []

    def fail(self, what, result=None, **counts):
        raise Broken("%s, %s: %s%s" % (self.place, self.keep, what, "\n" + result.err if result else ""),
                     **(counts or {"stuck": 1}))

    def check_interrupted(self):
        """Right after the interruption: what a reader sees is whole, and what the server removed is here."""
        gone = [wire for uid, wire in zip(self.uids, self.messages) if uid in self.drop.removed]
        for kind in self.kinds:
            if kind == "mbox":
                whole = b"".join(self.world.path(name).read_bytes() for name in self.boxes[kind]
                                 if self.world.path(name).exists())
                taken = set(map(self.alike, self.taken[kind]))
                lost = [wire for wire in gone
                        if mboxrd(wire) not in whole and self.alike(mail.local(wire)) not in taken]
                if lost:
                    self.fail("removed on the server and not in the mbox", lost=len(lost))
                continue
            found = hashes(map(self.alike, self.arrived(kind) + self.taken[kind]))
            extra, lost = found - self.expected(self.messages), self.expected(gone) - found
            if lost or extra.total() > self.may_double[kind]:
                self.fail("%s: after the interruption %d torn or doubled, %d lost" % (kind, extra.total(), lost.total()),
                          torn=extra.total(), lost=lost.total())

    def check_completed(self, result):
        """After one complete run: every message is there once, nothing is stuck, and another run finds nothing to do."""
        if self.forgotten and result.status == 74 and "with another state database" in result.err:
            result = self.rebuilt()
        if result.status != 0:
            self.fail("the run after it ends with %d" % result.status, result)
        for _ in range(2):
            for kind in self.kinds:
                self.check_kind(kind, result)
            left = self.world.leftovers("Mail")
            if left and not (self.forgotten or self.may_leave):
                self.fail("left behind: %s" % left)
            if self.drop.uids() != (self.uids if self.keep == "leave" else []):
                self.fail("on the server: %r" % self.drop.uids(), result)
            fetched = len(self.drop.retrieved)
            result = self.run()
            if (result.status, result.out) != (0, b"") or len(self.drop.retrieved) != fetched:
                self.fail("another run is not idle: %d %r" % (result.status, result.out), result)

    def rebuilt(self):
        """Follows the hint of the run that noticed a lost database, and runs again."""
        result = self.world.run("state", "rebuild", "home")
        self.said += result.err
        if result.status:
            self.fail("state rebuild ends with %d" % result.status, result)
        return self.run()

    def check_kind(self, kind, result):
        try:
            found = hashes(map(self.alike, self.arrived(kind) + self.taken[kind]))
        except ValueError as error:
            if not self.forgotten:
                self.fail(str(error), torn=1)
            return
        expected = self.expected(self.messages)
        lost, extra = expected - found, found - expected
        doubled = sum(count for what, count in extra.items() if what in expected)
        torn = extra.total() - doubled
        announced = self.forgotten or not doubled or ANNOUNCED.search(self.said)
        allowed = doubled <= self.may_double[kind] and announced
        self.doubled = max(self.doubled, doubled)
        if lost or (torn and not self.forgotten) or not allowed:
            self.fail("%s: %d lost, %d doubled, %d torn" % (kind, lost.total(), doubled, torn), result,
                      lost=lost.total(), doubled=0 if allowed else doubled, torn=torn)
        if kind == "mbox" and self.strangers:
            texts = [text for name in self.boxes[kind] for first, text in self.entries(name) if b"stranger" in first]
            if sorted(texts) != sorted(self.strangers):
                self.fail("the mail that others added: %d of %d" % (len(texts), len(self.strangers)), result, lost=1)

    def expected(self, wires):
        return collections.Counter(map(sum_of, wires))

    @staticmethod
    def alike(text):
        """Leaves out what readers and mailhaul add; an mbox entry of an empty message has its final newline."""
        for added in ADDED:
            if match := added.match(text):
                text = text[match.end():]
        return text or b"\n"
