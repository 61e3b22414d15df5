# SPDX-License-Identifier: MIT
"""Ways to spoil a good Maildrop. Each returns a function that a Case applies to a Maildrop."""
from support.py.maildrop import Session


def both(*spoilers):
    def spoil(drop):
        for each in spoilers:
            each(drop)
    return spoil


def nothing(drop):
    """Spoils nothing: some cases need no hostile answer."""


def greets(line):
    return lambda drop: setattr(drop, "greeting", line)


def announces(*words):
    return lambda drop: setattr(drop, "capabilities", list(words))


def adds(*words):
    return lambda drop: drop.capabilities.extend(words)


def without(*words):
    return lambda drop: setattr(drop, "capabilities", [word for word in drop.capabilities if word not in words])


def says(verb, reply, only=None):
    """Replies to this command (with this argument only): bytes, or the result of reply(session, argument)."""
    def answer(session, argument):
        if only is not None and argument != only:
            return None
        return reply(session, argument) if callable(reply) else reply
    return lambda drop: drop.answers.__setitem__(verb, answer)


def once(verb, reply):
    """Spoils only the first answer."""
    def spoil(drop):
        left = [reply]
        says(verb, lambda session, argument: left.pop()(session, argument) if left else None)(drop)
    return spoil


def honest(session, argument, verb):
    """The usual answer to the command."""
    return session.answer(verb, argument)


def after_login(verb, reply):
    return says(verb, lambda session, argument: reply(session, argument) if session.in_transaction else None)


def lists(verb, lines):
    """Answers LIST or UIDL without a number with these lines."""
    def reply(session, argument):
        return None if argument else b"+OK\r\n" + b"".join(line + b"\r\n" for line in lines) + b".\r\n"
    return says(verb, reply)


def uids(*names):
    """Gives the messages these UIDLs, one after the other."""
    def spoil(drop):
        for message, name in zip(drop.messages, names):
            message.uid = name
    return spoil


def sizes(*claims):
    """Announces these sizes in LIST, one for each message."""
    return lists(b"LIST", [b"%d %s" % pair for pair in enumerate(claims, 1)])


# Ends of the connection.

def fin(connection):
    connection.finish()


def rst(connection):
    connection.reset()


def silence(connection):
    connection.wait_until_gone()


def ends(verb, part, how, only=None):
    """Sends a part of the right answer (a number of bytes, or a share), then ends the connection in this way."""
    def reply(session, argument):
        whole = session.answer(verb, argument)
        session.connection.send(whole[:int(len(whole) * part) if isinstance(part, float) else part])
        how(session.connection)
        raise OSError("ended on purpose")
    return says(verb, reply, only)


def raw(talk):
    """Serves this conversation instead of POP3, without TLS."""
    return lambda drop: talk


def ends_greeting(part, how):
    return raw(lambda connection: connection.send(b"+OK ready\r\n"[:part]) or how(connection))


def floods(verb, first, piece, only=None):
    """Sends `first`, and then `piece` for ever."""
    def reply(session, argument):
        if argument and only is None:
            return None
        session.connection.send(first)
        session.connection.flood(piece)
    return says(verb, reply, only)


def drips(verb, share, only=None):
    """Sends the right answer byte by byte, with pauses of this share of the program's time-out."""
    def reply(session, argument):
        session.connection.drip(session.answer(verb, argument), share * session.drop.time_out)
        return b""
    return says(verb, reply, only)


def late(verb, share):
    """Sends the right answer after this share of the program's time-out."""
    return says(verb, lambda session, argument: session.connection.pause(share * session.drop.time_out))


# Broken pipelining.

class OnlyFirst(Session):
    """Reads one of the commands that arrived together, and loses the others."""

    def answer(self, verb, argument):
        if self.in_transaction:
            self.connection.drop_pending()
        return super().answer(verb, argument)


class HangsUp(Session):
    """Ends the connection after one RETR."""

    def answer(self, verb, argument):
        answer = super().answer(verb, argument)
        if verb == b"RETR":
            self.connection.send(answer)
            self.connection.finish()
            raise OSError("ended on purpose")
        return answer


class Reversed(Session):
    """Answers RETR commands that arrived together in reverse order."""

    def answer(self, verb, argument):
        answers = [super().answer(verb, argument)]
        while verb == b"RETR" and self.connection.pending():
            verb, _, argument = self.connection.line().partition(b" ")
            answers.append(super().answer(verb, argument))
        return b"".join(reversed(answers))


class Skips(Session):
    """Leaves out the second of the RETRs that arrived together."""
    seen = 0

    def answer(self, verb, argument):
        answer = super().answer(verb, argument)
        if verb == b"RETR":
            self.seen += 1
            if self.seen == 2 and self.connection.pending():
                return b""
        return answer


def serves(kind):
    return lambda drop: setattr(drop, "session", kind)


# TLS.

def no_tls(drop):
    """Neither announces STLS nor knows it."""
    drop.tls = None


def offers_and(reply):
    """Announces STLS, and answers it like this, in clear text."""
    return both(no_tls, adds(b"STLS"), says(b"STLS", reply))


def injects(behind):
    """Sends clear text after the answer to STLS, in the same packet, and then switches to TLS."""
    def reply(session, argument):
        session.connection.send(b"+OK go ahead\r\n" + behind)
        session.connection.start_tls(session.drop.tls)
        return b""
    return says(b"STLS", reply)


# Wrong answers about messages.

def renumbered(drop):
    """Reverses the order of the messages."""
    drop.messages.reverse()


def replaced(place, wire, uid=None):
    """Replaces a message by another one, under the same UIDL unless another is given."""
    def spoil(drop):
        kind = type(drop.messages[place])
        drop.messages[place] = kind(uid or drop.messages[place].uid, wire)
    return spoil
