# SPDX-License-Identifier: MIT
"""Runs one Case: a home directory, a hostile server, mailhaul; then the same server, behaving well."""
import base64
import collections
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from hostile.case import ALL, NONE, PASSWORD, PEAK, SOME, Case
from support.py import mail
from support.py.maildrop import Maildrop
from support.py.scripted import Server, server_context
from support.py.world import LIMIT, MAILHAUL, MEASURED, World, hashes, sanitized

CONTROL = re.compile(rb"[^\n\x20-\x7e]")
Outcome = collections.namedtuple("Outcome", "case complaints arrived stays status seconds peak")


def tells(text, secret=PASSWORD):
    """Whether the text contains the secret: in plain text, in upper or lower case, or inside base64."""
    if secret.lower() in text.lower():
        return True
    for run in re.findall(rb"[A-Za-z0-9+/]{8,}", text):
        for begin in range(4):
            digits = run[begin:]
            if secret in base64.b64decode(digits + b"A" * (-len(digits) % 4)):
                return True
    return False


class Rig:
    """One running case. A context manager."""

    def __init__(self, case: Case, certificates):
        self.case, self.certificates = case, certificates
        self.complaints = []
        self.misbehaved = False  # whether one of the spoiled answers was given
        self.world = World()
        self.drop = Maildrop(case.messages, password=PASSWORD)
        self.drop.time_out = case.time_out()
        self.server = Server(self.drop)
        self.wanted = self.on_the_server()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()
        self.world.close()

    def complain(self, text, *values):
        self.complaints.append(text % values if values else text)

    # The server, good and bad.

    def context(self, certificate, newest_tls):
        if not self.case.tls:
            return None
        context = server_context(*getattr(self.certificates, certificate))
        if newest_tls:
            context.set_ciphers("ALL:@SECLEVEL=0")  # OpenSSL allows old versions only at a low security level
            context.minimum_version = context.maximum_version = newest_tls
        return context

    def behave(self, certificate="good", newest_tls=None):
        self.drop.behave()
        context = self.context(certificate, newest_tls)
        self.server.tls = context if self.case.tls == "pop3s" else None
        self.drop.tls = context if self.case.tls == "stls" else None
        self.server.talk = self.drop

    def misbehave(self):
        self.behave(self.case.certificate, self.case.newest_tls)
        talk = self.case.spoil(self.drop)
        self.drop.answers = {verb: self.noted(answer) for verb, answer in self.drop.answers.items()}
        if talk:
            self.server.talk, self.server.tls = talk, None
        self.wanted |= self.on_the_server()

    def noted(self, answer):
        def answer_and_note(session, argument):
            before, reply = session.connection.sent, b"unless it returns"
            try:
                reply = answer(session, argument)
                return reply
            finally:
                self.misbehaved |= reply is not None or session.connection.sent != before
        return answer_and_note

    # mailhaul.

    def configure(self, **keys):
        profile = self.case.profile(self.server.port, **keys)
        if self.case.tls:
            profile.setdefault("tls_ca_file", str(self.certificates.ca))
        self.world.configure({"home": profile})

    def run(self, *words):
        """Runs mailhaul. Returns (status, standard output, standard error, seconds, peak memory in bytes)."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, \
                tempfile.NamedTemporaryFile() as peak:
            begin = time.monotonic()
            limited = ["prlimit", "--fsize=%d" % self.case.disk] if self.case.disk else []
            process = subprocess.Popen([*limited, sys.executable, "-S", "-E", MEASURED, peak.name, MAILHAUL, *words],
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=self.world.env,
                                       cwd=self.world.root, start_new_session=True)
            try:
                status = process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                status = process.wait()
                self.complain("did not end within %d s", LIMIT)
            seconds = time.monotonic() - begin
            out.seek(0)
            err.seek(0)
            return status, out.read(), err.read(), seconds, int(peak.read() or 0)

    # What must be true afterwards.

    def arrived(self):
        return hashes(map(self.alike, self.world.mbox() if self.case.form == "mbox" else self.world.maildir()))

    def on_the_server(self):
        return hashes(self.alike(mail.local(wire)) for wire in self.drop.wires())

    def alike(self, text):
        """The mbox entry of an empty message has the final newline that every entry gets."""
        return text or b"\n" if self.case.form == "mbox" else text

    def numbers(self, present):
        """The positions of the case's messages that are among these."""
        sums = [next(iter(hashes([self.alike(mail.local(wire))]))) for wire in self.case.messages]
        return tuple(n for n, sum_ in enumerate(sums, 1) if present[sum_])

    def expect(self, what, expected, present):
        whole = tuple(range(1, len(self.case.messages) + 1))
        found = self.numbers(present)
        named = {ALL: whole, NONE: ()}.get(expected, expected)
        if expected != SOME and found != named:
            self.complain("%s: %r, should be %r", what, found, named)

    def check_safe(self):
        """Checks what must hold at any time."""
        arrived = self.arrived()
        extra = arrived - self.wanted
        if self.case.twice:
            extra = set(extra) - set(self.wanted)
        if extra:
            self.complain("%d torn, doubled or foreign", len(extra))
        lost = self.wanted - arrived - self.on_the_server()
        if lost:
            self.complain("%d lost", lost.total())
        for path in self.world.home.rglob("*"):
            if path.is_file() and path.stat().st_mode & 0o077:
                self.complain("others may read %s", path.name)

    def check_said(self, out, err):
        if tells(out + b"\n" + err):
            self.complain("the password is shown")
        for text in (out, err):
            if CONTROL.search(text):
                self.complain("control characters are shown: %r", text[:300])
        if len(err) > 6000 and "-vv" not in self.case.words:
            self.complain("says too much: %d bytes", len(err))
        for words in self.case.says:
            options = words if isinstance(words, tuple) else (words,)
            if not any(option.lower().encode() in (out + err).lower() for option in options):
                self.complain("%r is not said in %r", options, err[-600:])

    def check_sent(self, connections):
        lines = [line.upper() for connection in connections for line in connection.lines]
        for word in self.case.never:
            if any(line.startswith(word) for line in lines):
                self.complain("sent %r", word)
        for word in self.case.once:
            if sum(line.startswith(word) for line in lines) > 1:
                self.complain("sent %r more than once", word)
        if self.case.tls:
            clear = [line.upper() for connection in connections for line in connection.clear_lines]
            if any(line.split(b" ")[0] not in (b"CAPA", b"STLS", b"QUIT") for line in clear):
                self.complain("sent in clear text: %r", clear)

    def play(self):
        case = self.case
        self.behave()
        if case.known:
            self.configure(leave_on_server=True)
            status, _, err, *_ = self.run("fetch")
            if status:
                self.complain("the honest run before ends with %d: %r", status, err)
        before = len(self.server.connections)
        self.misbehave()
        self.configure(**case.keys)
        for _ in range(case.runs):
            status, out, err, seconds, peak = self.run(*case.words)
        if status != case.status:
            self.complain("status %d, should be %d: %r", status, case.status, err[-600:])
        if case.slower() and self.drop.answers and not self.misbehaved:
            self.complain("a time-out was met before the server misbehaved")
        if peak > PEAK and not sanitized():
            self.complain("%d MiB of memory", peak >> 20)
        arrived, stays = self.arrived(), self.on_the_server()
        self.expect("arrived", case.arrives, arrived)
        self.expect("stays on the server", case.stays, stays)
        self.check_safe()
        self.check_said(out, err)
        self.check_sent(self.server.connections[before:])
        if case.heals:
            self.heal()
        return Outcome(case, self.complaints, self.numbers(arrived), self.numbers(stays), status, seconds, peak)

    def heal(self):
        """The server behaves well again: one run puts everything in order."""
        self.behave()
        self.configure()
        status, _, err, *_ = self.run("fetch")
        if status:
            self.complain("the honest run afterwards ends with %d: %r", status, err[-600:])
        self.check_safe()
        lost = self.wanted - self.arrived()
        if lost:
            self.complain("%d have not arrived after all", lost.total())
        if self.drop.uids():
            self.complain("on the server after all: %r", self.drop.uids())
        left = self.world.leftovers("Mail")
        if left:
            self.complain("left behind: %s", left)


def play(case, certificates):
    """Plays a case. A slow machine may run into a short time-out too early, so a failure only counts if
    longer time-outs do not help."""
    outcome = played(case, certificates)
    slower = case.slower()
    if outcome.complaints and slower:
        for longer in (slower, slower.slower()):
            again = played(longer, certificates)
            if not again.complaints:
                return again
    return outcome


def played(case, certificates):
    try:
        with Rig(case, certificates) as rig:
            return rig.play()
    except Exception as error:  # also a failed assertion: the other cases continue
        return Outcome(case, ["%s: %s" % (type(error).__name__, error)], (), (), None, 0, 0)
