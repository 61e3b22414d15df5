# SPDX-License-Identifier: MIT
"""The work that is measured, one row each, and mailhaul's targets for it."""
import dataclasses

PEERS = ("mpop", "fetchmail", "getmail", "fdm")
ALL = ("mailhaul", *PEERS, "limit")
MIB = 1024 * 1024


@dataclasses.dataclass
class Target:
    """What is compared (wall, cpu or memory), and with what: a client, "peers" (the best of them) or a number of bytes."""
    what: str
    whom: object
    at_most: float = 0  # mailhaul's value divided by the other's
    at_least: float = 0  # the other's value divided by mailhaul's

    def text(self):
        if not isinstance(self.whom, str):
            return "%s under %d MiB" % (self.what, self.whom // MIB)
        whom = "the best peer" if self.whom == "peers" else self.whom
        if self.at_least:
            return "%g times as fast as %s" % (self.at_least, whom)
        return "%s at most %g x %s" % (self.what, self.at_most, whom)


@dataclasses.dataclass
class Row:
    name: str
    title: str
    mailbox: str  # the demo server's generator: COUNT:MIN:MAX
    place: str = "maildir"  # maildir, mbox, swallow (an MDA that does nothing), procmail
    accounts: int = 1
    remove: bool = True  # on the server
    far: bool = False  # a round trip of 50 ms
    tls: bool = False
    system: bool = False  # the certificate was issued by one of the system's authorities
    seen: int = 0  # how many of the messages earlier runs fetched
    times: int = 1  # runs per sample; the mean counts
    dovecot: bool = False
    clients: tuple = ALL
    targets: tuple = ()
    seconds: dict = dataclasses.field(default_factory=dict)  # what a run took when this was written

    @property
    def count(self):
        return int(self.mailbox.split(":")[0])

    def runs(self, client, repeats):
        """How often a client runs. Slow ones run less often: an hour of waiting for round trips shows nothing new."""
        return max(1, min(repeats, int(60 / self.seconds.get(client, 1))))


SMALL = "2000:8000"
PIPED = ("mailhaul", "mpop", "fdm", "getmail", "limit")  # fetchmail writes neither Maildir nor mbox
MEMORY = Target("memory", 32 * MIB)

ROWS = [
    Row("maildir", "10,000 messages of 2 to 8 KB into Maildir", "10000:" + SMALL, clients=PIPED,
        targets=(Target("wall", "mpop", at_least=6), Target("cpu", "mpop", at_most=0.5)),
        seconds={"mpop": 3, "fdm": 17, "getmail": 100, "limit": 0.3, "mailhaul": 0.6}),
    Row("mbox", "10,000 messages of 2 to 8 KB into mbox", "10000:" + SMALL, "mbox", clients=PIPED,
        targets=(Target("wall", "mpop", at_least=6),),
        seconds={"mpop": 3, "fdm": 31, "getmail": 100, "limit": 0.2, "mailhaul": 0.5}),
    Row("large", "20 messages of 25 MB into Maildir", "20:25000000:25000000", clients=PIPED,
        targets=(Target("wall", "mpop", at_least=1.8), MEMORY),
        seconds={"mpop": 1.5, "fdm": 2, "getmail": 35, "limit": 0.6, "mailhaul": 0.8}),
    Row("gigabyte", "40 messages of 25 MB into mbox", "40:25000000:25000000", "mbox", clients=PIPED,
        targets=(Target("wall", "mpop", at_least=2), MEMORY),
        seconds={"mpop": 4, "fdm": 15, "getmail": 65, "limit": 1.2, "mailhaul": 2}),
    Row("far-500", "500 messages at 50 ms, removed on the server", "500:" + SMALL, far=True, clients=PIPED,
        targets=(Target("wall", "limit", at_most=1.35),),
        seconds={"mpop": 2.1, "fdm": 75, "getmail": 52, "limit": 0.8, "mailhaul": 1}),
    Row("far-500-tls", "500 messages at 50 ms over TLS, removed on the server", "500:" + SMALL, far=True, tls=True, clients=PIPED,
        targets=(Target("wall", "limit", at_most=1.35),),
        seconds={"mpop": 2.2, "fdm": 75, "getmail": 52, "limit": 0.9, "mailhaul": 1}),
    Row("far-10000", "10,000 messages of 4 KB at 50 ms, left there", "10000:4096:4096", far=True, remove=False,
        clients=PIPED, targets=(Target("wall", "mpop", at_least=7),),
        seconds={"mpop": 15, "fdm": 1000, "getmail": 512, "limit": 1.5, "mailhaul": 2}),
    Row("far-10000-tls", "10,000 messages of 4 KB at 50 ms over TLS, left there", "10000:4096:4096", far=True, remove=False, tls=True,
        clients=PIPED, targets=(Target("wall", "mpop", at_least=7),),
        seconds={"mpop": 15, "fdm": 1000, "getmail": 512, "limit": 1.7, "mailhaul": 2}),
    Row("accounts", "20 accounts of 200 messages at 50 ms, one process", "200:" + SMALL, far=True, accounts=20,
        clients=PIPED,
        targets=(Target("wall", "peers", at_least=15), Target("wall", "limit", at_most=1.5)),
        seconds={"mpop": 27, "fdm": 32, "getmail": 430, "limit": 1.3, "mailhaul": 1.7}),
    Row("mda", "1,000 messages to an MDA that does nothing", "1000:" + SMALL, "swallow",
        targets=(Target("wall", "peers", at_least=1.5),),
        seconds={"mpop": 1.7, "fetchmail": 2, "fdm": 6, "getmail": 10, "limit": 0.7, "mailhaul": 1.1}),
    Row("procmail", "1,000 messages to procmail", "1000:" + SMALL, "procmail",
        targets=(Target("wall", "peers", at_least=1.5),),
        seconds={"mpop": 2.8, "fetchmail": 3, "fdm": 7, "getmail": 12, "limit": 1.5, "mailhaul": 1.8}),
    Row("poll", "poll of an empty mailbox", "0:0:0", times=20, clients=("mailhaul", *PEERS),
        targets=(Target("cpu", "mpop", at_most=1.5),),
        seconds={"mpop": 0.1, "fetchmail": 0.2, "fdm": 0.5, "getmail": 4, "mailhaul": 0.2}),
    Row("poll-tls", "poll of an empty mailbox over TLS", "0:0:0", tls=True, system=True, times=20,
        clients=("mailhaul", "mpop", "fetchmail", "fdm"), targets=(Target("cpu", "mpop", at_most=1),),
        seconds={"mpop": 1.5, "fetchmail": 0.5, "fdm": 1, "mailhaul": 0.5}),
    Row("dovecot", "10,000 messages of 2 to 8 KB from Dovecot into Maildir", "10000:" + SMALL, remove=False,
        dovecot=True, clients=PIPED, seconds={"mpop": 4, "fdm": 20, "getmail": 100, "limit": 1, "mailhaul": 1.2}),
]
for _count in (1000, 10000, 100000, 1000000):
    _seen = min(_count, 999990)  # mpop accepts at most a million messages
    ROWS.append(Row(
        "seen-%d" % _count, "{:,} seen on the server, 10 new".format(_seen), "%d:400:600" % (_seen + 10),
        remove=False, seen=_seen, clients=ALL if _count == 100000 else ("mailhaul", "mpop", "limit"),
        targets=(Target("wall", "mpop", at_most=1), MEMORY) if _count == 100000 else
        (Target("database", 200 * MIB),) if _count == 1000000 else (),
        seconds={name: _count / 1e6 * (2 if name != "getmail" else 30) for name in ALL}))


def quick():
    """Each kind of row with small numbers: shows whether it works."""
    far = {"far": True, "clients": PIPED}
    return [
        Row("maildir", "messages into Maildir", "40:2000:8000", clients=PIPED),
        Row("mbox", "messages into mbox", "40:2000:8000", "mbox", clients=PIPED),
        Row("large", "large messages into mbox", "2:2000000:2000000", "mbox", clients=PIPED),
        Row("far", "removed over a long line", "10:2000:4000", **far),
        Row("far-tls", "left there, over TLS", "10:2000:4000", tls=True, remove=False, **far),
        Row("accounts", "accounts over a long line", "4:2000:4000", accounts=3, **far),
        Row("mda", "messages to an MDA", "5:2000:8000", "swallow"),
        Row("procmail", "messages to procmail", "5:2000:8000", "procmail"),
        Row("poll", "poll of an empty mailbox", "0:0:0", times=2, clients=("mailhaul", *PEERS)),
        Row("poll-tls", "the same over TLS", "0:0:0", tls=True, system=True, times=2,
            clients=("mailhaul", "mpop", "fetchmail", "fdm")),
        Row("dovecot", "messages from Dovecot", "10:2000:8000", remove=False, dovecot=True, clients=PIPED),
        Row("seen", "seen and new", "310:400:600", remove=False, seen=300),
    ]
