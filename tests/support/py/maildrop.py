# SPDX-License-Identifier: MIT
"""A well-behaved maildrop in memory, to hand to scripted.Server; a test spoils single answers with `answers`."""
import threading


def stuffed(wire):
    """A message as sent: lines that begin with a dot get another one, and CRLF . CRLF ends it."""
    body = wire.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    return body + b".\r\n"


def header_of(wire):
    """The header with its blank line: what TOP n 0 shows."""
    end = wire.find(b"\r\n\r\n")
    if wire.startswith(b"\r\n"):
        return b"\r\n"
    return wire if end < 0 else wire[:end + 4]


class Message:
    def __init__(self, uid, wire):
        self.uid, self.wire = uid, wire


class Maildrop:
    """Messages, a login, and the update at QUIT. Pass the instance itself as a Server's talk.

    answers: verb -> callable(session, argument); it returns bytes to send instead of the usual answer, or
    None for the usual one. capabilities: what CAPA says; without b"UIDL", UIDL is refused too.
    """

    def __init__(self, messages=(), user=b"anna", password=b"secret", tls=None, exclusive=False, uids=b"uid-%06d",
                 capabilities=(b"TOP", b"UIDL", b"USER", b"RESP-CODES", b"PIPELINING")):
        self.messages = []
        self.user, self.password, self.tls = user, password, tls
        self._uids = uids
        self.exclusive = exclusive  # one session at a time; a second one gets [IN-USE]
        self._capabilities = tuple(capabilities)
        self.behave()
        self.removed = []   # uids, in order of removal
        self.retrieved = []  # uids, once for each RETR
        self.quits = 0
        self.lock = threading.RLock()
        self._busy = threading.Lock()
        self._next = 0
        self.add(*messages)

    def behave(self):
        """Restores what a test has spoiled: answers, greeting, capabilities."""
        self.capabilities = list(self._capabilities)
        self.greeting = b"+OK ready\r\n"
        self.answers = {}
        self.session = Session

    def add(self, *wires):
        with self.lock:
            for wire in wires:
                self._next += 1
                self.messages.append(Message(self._uids % self._next, wire))
        return self

    def wires(self):
        with self.lock:
            return [message.wire for message in self.messages]

    def uids(self):
        with self.lock:
            return [message.uid for message in self.messages]

    def __call__(self, connection):
        self.session(self, connection).run()


class Session:
    def __init__(self, drop, connection):
        self.drop, self.connection = drop, connection
        self.messages, self.marked = [], set()
        self.name = None
        self.in_transaction = self.holds = False

    def run(self):
        try:
            self.connection.send(self.drop.greeting)
            while True:
                line = self.connection.line()
                if line is None:
                    return
                verb, _, argument = line.partition(b" ")
                verb = verb.upper()
                spoiled = self.drop.answers.get(verb)
                answer = spoiled(self, argument) if spoiled else None
                if answer is None:
                    answer = self.answer(verb, argument)
                if answer:
                    self.connection.send(answer)
                if verb == b"QUIT":
                    return
        finally:
            if self.holds:
                self.drop._busy.release()

    def answer(self, verb, argument):
        known = self.after_login if self.in_transaction else self.before_login
        return known(verb, argument)

    def before_login(self, verb, argument):
        drop = self.drop
        if verb == b"CAPA":
            return self.capa()
        if verb == b"STLS" and drop.tls:
            self.connection.send(b"+OK go ahead\r\n")
            self.connection.start_tls(drop.tls)
            return b""
        if verb == b"USER":
            self.name = argument
            return b"+OK\r\n"
        if verb == b"PASS":
            if self.name != drop.user or argument != drop.password:
                return b"-ERR [AUTH] no such user, or wrong password\r\n"
            return self.log_in()
        if verb == b"QUIT":
            return b"+OK bye\r\n"
        return b"-ERR not now\r\n"

    def log_in(self):
        if self.drop.exclusive:
            self.holds = self.drop._busy.acquire(blocking=False)
            if not self.holds:
                return b"-ERR [IN-USE] somebody else reads this mailbox\r\n"
        with self.drop.lock:
            self.messages = list(self.drop.messages)
        self.in_transaction = True
        return b"+OK logged in\r\n"

    def capa(self):
        words = [word for word in self.drop.capabilities]
        if self.drop.tls and not hasattr(self.connection.sock, "cipher"):
            words.append(b"STLS")
        return b"+OK\r\n" + b"".join(word + b"\r\n" for word in words) + b".\r\n"

    def after_login(self, verb, argument):
        live = [(n, m) for n, m in enumerate(self.messages, 1) if n not in self.marked]
        if verb == b"CAPA":
            return self.capa()
        if verb == b"NOOP":
            return b"+OK\r\n"
        if verb == b"RSET":
            self.marked.clear()
            return b"+OK\r\n"
        if verb == b"STAT":
            return b"+OK %d %d\r\n" % (len(live), sum(len(m.wire) for _, m in live))
        if verb == b"QUIT":
            return self.quit()
        if verb in (b"LIST", b"UIDL") and not argument:
            return self.listing(verb, live)
        return self.one(verb, argument)

    def listing(self, verb, live):
        if verb == b"UIDL" and b"UIDL" not in self.drop.capabilities:
            return b"-ERR what is that\r\n"
        rows = [b"%d %s\r\n" % (n, m.uid if verb == b"UIDL" else b"%d" % len(m.wire)) for n, m in live]
        return b"+OK\r\n" + b"".join(rows) + b".\r\n"

    def one(self, verb, argument):
        words = argument.split()
        number = int(words[0]) if words and words[0].isdigit() else 0
        if not 1 <= number <= len(self.messages) or number in self.marked:
            return b"-ERR no such message\r\n"
        message = self.messages[number - 1]
        if verb == b"RETR":
            with self.drop.lock:
                self.drop.retrieved.append(message.uid)
            return b"+OK %d octets\r\n" % len(message.wire) + stuffed(message.wire)
        if verb == b"TOP" and b"TOP" in self.drop.capabilities:
            return b"+OK\r\n" + stuffed(header_of(message.wire))
        if verb == b"DELE":
            self.marked.add(number)
            return b"+OK marked\r\n"
        if verb in (b"LIST", b"UIDL"):
            value = b"%d" % len(message.wire) if verb == b"LIST" else message.uid
            return b"+OK %d %s\r\n" % (number, value)
        return b"-ERR what is that\r\n"

    def quit(self):
        drop = self.drop
        gone = [self.messages[n - 1] for n in sorted(self.marked)]
        with drop.lock:
            drop.messages = [m for m in drop.messages if m not in gone]
            drop.removed += [m.uid for m in gone]
            drop.quits += 1
        return b"+OK bye\r\n"
