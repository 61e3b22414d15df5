# SPDX-License-Identifier: MIT
"""DELE and QUIT: refused, lost, lied about. Everything has arrived by then, and must neither be lost nor be delivered again."""
from hostile.case import ALL, QUICK, Case, Untouched
from hostile.spoilers import adds, both, ends, fin, floods, honest, nothing, rst, says, serves, silence, without
from support.py.maildrop import Session

ONE_BY_ONE = without(b"PIPELINING")
GONE = (("FIN", fin), ("RST", rst), ("silence", silence))


class Forgets(Session):
    """Says that the messages are removed, but has them in the next session."""

    def quit(self):
        return b"+OK all gone\r\n"


class Hurries(Session):
    """Removes at DELE, without waiting for QUIT."""

    def one(self, verb, argument):
        answer = super().one(verb, argument)
        if verb == b"DELE" and answer.startswith(b"+OK"):
            message = self.messages[int(argument) - 1]
            with self.drop.lock:
                self.drop.messages.remove(message)
                self.drop.removed.append(message.uid)
        return answer


class Obeys(Session):
    """Carries out all commands that it received, even if the client has hung up and its answers cannot be sent."""

    def run(self):
        send = self.connection.send

        def send_if_heard(answer):
            try:
                send(answer)
            except OSError:
                pass
        self.connection.send = send_if_heard
        super().run()


class RemovesAll(Session):
    """Removes at QUIT everything that was retrieved, marked or not (EXPIRE 0)."""

    def one(self, verb, argument):
        answer = super().one(verb, argument)
        if verb == b"RETR":
            self.marked_later = getattr(self, "marked_later", set()) | {int(argument)}
        return answer

    def quit(self):
        self.marked |= getattr(self, "marked_later", set())
        return super().quit()


CASES = [
    Case("DELE refused", says(b"DELE", b"-ERR not today\r\n"), stays=ALL, says=("not today",)),
    Case("DELE refused for one", says(b"DELE", b"-ERR not this one\r\n", b"3"), stays=(3,), says=("not this one",)),
    Case("DELE refused for one, one by one", both(ONE_BY_ONE, says(b"DELE", b"-ERR not this one\r\n", b"3")),
         stays=(3,)),
    Case("DELE answered with neither", both(serves(Obeys), says(b"DELE", b"marked\r\n", b"2")), says=("PIPELINING",)),
    Case("DELE answered with neither, one by one", both(ONE_BY_ONE, says(b"DELE", b"marked\r\n", b"2")), status=76,
         stays=ALL, never=(b"QUIT",)),
    Case("DELE answered twice", both(serves(Obeys), says(b"DELE", lambda s, a: 2 * honest(s, a, b"DELE"), b"2"))),
    Case("DELE answered twice, one by one",
         both(ONE_BY_ONE, says(b"DELE", lambda s, a: 2 * honest(s, a, b"DELE"), b"2")), status=76, stays=ALL,
         never=(b"QUIT",)),
    Case("DELE with a list behind it",
         both(serves(Obeys), says(b"DELE", lambda s, a: honest(s, a, b"DELE") + b"1 100\r\n.\r\n", b"2")),
         says=("PIPELINING",)),
    Case("an endless answer to DELE", floods(b"DELE", b"+OK ", b"x" * 65536, b"2"), says=("PIPELINING",)),
    Case("DELE removes at once", serves(Hurries)),
    Case("DELE removes at once, and then the end", both(serves(Hurries), ends(b"DELE", 0, fin, b"3"))),
    Case("QUIT refused", says(b"QUIT", b"-ERR some stay\r\n"), status=75, stays=ALL, says=("some stay",)),
    Case("QUIT refused, and everything is gone", says(b"QUIT", lambda s, a: honest(s, a, b"QUIT") and b"-ERR\r\n"),
         status=75),
    Case("QUIT answered with neither", says(b"QUIT", b"bye\r\n"), status=76, stays=ALL),
    Case("QUIT answered twice", says(b"QUIT", lambda s, a: honest(s, a, b"QUIT") * 2)),
    Case("an endless answer to QUIT", floods(b"QUIT", b"+OK ", b"x" * 65536, b""), status=76, stays=ALL),
    Case("a lie at QUIT: the messages stay", serves(Forgets), stays=ALL),
    Case("a lie at QUIT, of a message known before", serves(Forgets), stays=ALL, known=True, never=(b"RETR",)),
    Case("EXPIRE 0, and RETR alone removes", both(serves(RemovesAll), adds(b"EXPIRE 0"))),
    Case("EXPIRE 0, and one message is refused",
         both(serves(RemovesAll), adds(b"EXPIRE 0"), says(b"RETR", b"-ERR no\r\n", b"2")), status=75,
         arrives=(1, 3, 4), stays=(2,)),
    Untouched("list where a RETR alone removes", both(serves(RemovesAll), adds(b"EXPIRE 0")), words=("list", "home"),
              never=(b"QUIT", b"DELE")),
    Untouched("get where a RETR alone removes", both(serves(RemovesAll), adds(b"EXPIRE 0")),
              words=("get", "home", "uid-000002"), never=(b"QUIT", b"DELE")),
    Case("the last message is refused, the others are removed", says(b"RETR", b"-ERR no\r\n", b"4"), status=75,
         arrives=(1, 2, 3), stays=(4,)),
    Case("nothing is hostile", nothing),
    Case("nothing is hostile, one by one", ONE_BY_ONE),
]

for how, end in GONE:
    quick = QUICK if end is silence else {}
    CASES += [
        Case("%s instead of the answer to DELE" % how, ends(b"DELE", 0, end, b"1"), status=75, stays=(1,), keys=quick),
        Case("%s inside the answer to DELE" % how, ends(b"DELE", 2, end, b"3"), status=75, stays=ALL, keys=quick),
        Case("%s instead of the answer to QUIT, before the update" % how,
             says(b"QUIT", lambda s, a, end=end: end(s.connection) or b""), status=75, stays=ALL, keys=quick),
        Case("%s instead of the answer to QUIT, after the update" % how, ends(b"QUIT", 0, end), status=75, keys=quick),
        Case("%s inside the answer to QUIT" % how, ends(b"QUIT", 2, end), status=75, keys=quick),
    ]
