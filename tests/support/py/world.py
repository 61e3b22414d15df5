# SPDX-License-Identifier: MIT
"""A user's world in a temporary directory: a home, a configuration, mail, and the binary run in it."""
import collections
import contextlib
import functools
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import unittest

from support.py import leaks, mail, output, starter
from support.py.maildrop import Maildrop
from support.py.scripted import Server

MAILHAUL = os.environ.get("MAILHAUL", "mailhaul")
LIMIT = 900  # seconds: only what hangs takes so long, whatever else the machine has to do

MEASURED = pathlib.Path(__file__).with_name("measured.py")

Result = collections.namedtuple("Result", "status out err")


@functools.cache
def sanitized():
    """Whether the program has a sanitizer, whose memory would be measured, too."""
    with open(MAILHAUL, "rb") as file:
        binary = file.read()
    return b"__asan_init" in binary or b"__tsan_init" in binary


def hashes(messages):
    """A multiset of SHA-256 sums: what arrived, whatever the order."""
    return collections.Counter(hashlib.sha256(message).hexdigest() for message in messages)


class World:
    """self.home is $HOME. close() removes everything."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="mailhaul-app-"))
        self.home = self.root / "home"
        self.home.mkdir(mode=0o700)
        self.config = self.home / ".config/mailhaul/config.json"
        self.state_dir = self.home / ".local/state/mailhaul"
        self.prefix = []  # words put in front of the binary, such as setpriv or strace
        self.again = False  # this world runs the program many times: starter.py
        self.secrets = []  # besides the usual password: leaks.py
        self.env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.home),
                    "XDG_CONFIG_HOME": str(self.home / ".config"), "XDG_STATE_HOME": str(self.home / ".local/state"),
                    "LANG": "C.UTF-8", "TZ": "UTC"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def close(self):
        try:
            self.must_not_tell(*(file.read_bytes() for file in self.state_dir.rglob("*")
                                 if file.is_file() and file.parent.name != "tokens"))
        finally:
            shutil.rmtree(self.root, ignore_errors=True)

    def must_not_tell(self, *texts):
        for text in texts:
            found = leaks.found_secret(text, self.secrets)
            assert found is None, "a secret was printed: %r" % found

    def configure(self, accounts, **top):
        self.write_config(json.dumps({**top, "accounts": accounts}, indent=2))

    def write_config(self, text, mode=0o600):
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(text)
        self.config.chmod(mode)

    def start(self, *words, stdin=subprocess.DEVNULL, **more):
        words, env = [*self.prefix, MAILHAUL, *map(str, words)], {**self.env, **more.pop("env", {})}
        if self.again and stdin is subprocess.DEVNULL and not sanitized():  # a sanitizer must be loaded first
            return starter.start(words, MAILHAUL, env, self.root, **more)
        return subprocess.Popen(words, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=self.root, **more)

    def run(self, *words, **more):
        """Runs the binary as from cron: no terminal anywhere. A negative status is a signal."""
        return self.ended(self.start(*words, **more))

    def ended(self, process):
        """Waits until a run that was started ends."""
        try:
            out, err = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            process.communicate()
            raise AssertionError("a run of mailhaul did not end within %d s" % LIMIT) from None
        self.must_not_tell(out, err)
        return Result(process.returncode, out, err.decode("utf-8", "replace"))

    # What arrived.

    def path(self, name):
        return self.home / name

    def maildir_files(self, name="Mail"):
        box = self.home / name
        return [file for part in ("new", "cur") if (box / part).is_dir() for file in sorted((box / part).iterdir())]

    def maildir(self, name="Mail"):
        return [file.read_bytes() for file in self.maildir_files(name)]

    def mbox(self, name="mbox"):
        box = self.home / name
        return [text for _, text in mail.entries(box.read_bytes())] if box.exists() else []

    def landings(self):
        """How many landings the database has. A copy is read, because reading a database after a kill repairs it."""
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(shutil.copytree(self.state_dir, folder, dirs_exist_ok=True)) / "state.db"
            with contextlib.closing(sqlite3.connect(copy)) as database:
                return database.execute("SELECT count(*) FROM landings").fetchone()[0]

    def leftovers(self, *boxes):
        """Temporary files, spools and dotlocks that a finished run must not leave behind."""
        found = [*self.home.rglob("*.lock")]
        for box in boxes:
            if (self.home / box / "tmp").is_dir():
                found += (self.home / box / "tmp").iterdir()
        spool = self.state_dir / "spool"
        if spool.is_dir():
            found += spool.iterdir()
        # The mailbox's kernel lock files stay on purpose: they live beside the database and are never unlinked.
        return sorted(str(file) for file in found if file.is_file() and file.parent != self.state_dir
                      and self.state_dir / "locks" not in file.parents)


# Time-outs in seconds for tests in which a time-out has to pass: first a short one, then longer ones, which do not
# pass too early on a busy machine.
SECONDS = (1, 15, 200)


class Case(unittest.TestCase):
    """A test with a world of its own."""

    def setUp(self):
        self.world, self.drops = World(), 0
        self.addCleanup(self.world.close)

    def serve(self, drop, **more):
        """Starts a server, which stops at the end of this test."""
        server = Server(drop, **more)
        self.addCleanup(server.stop)
        return server

    def uids(self):
        """The form of a maildrop's UIDs. A second maildrop in the same world has other UIDs, or it would look like the
        first one at a new address."""
        self.drops += 1
        return b"uid-%06d" if self.drops == 1 else b"uid%d-%%06d" % self.drops

    def maildrop(self, *messages, **more):
        """A maildrop and its server."""
        drop = Maildrop(messages, **{"uids": self.uids(), **more})
        return drop, self.serve(drop)

    def prepared(self, *messages, **keys):
        """A maildrop with these messages, and the account home that fetches from it; returns the maildrop."""
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server, **keys)})
        return drop

    def begin_anew(self):
        self.world.close()
        self.setUp()

    def with_time_out(self, attempt):
        """Calls attempt(seconds) with a short time-out; if that fails, with longer ones, each time in a new world."""
        for seconds in SECONDS[:-1]:
            try:
                return attempt(seconds)
            except AssertionError:
                self.begin_anew()
        return attempt(SECONDS[-1])

    def in_one_batch(self, messages, attempt):
        """attempt() kills a run between INTENT and DELIVERED, with so many messages intended. A batch is settled after
        two seconds at the latest. If this machine takes longer, the messages are several batches, and the attempt is
        repeated in a new world."""
        for _ in range(50):
            attempt()
            if self.world.landings() == messages:
                return
            self.begin_anew()
        self.fail("no run had %d messages intended when it was killed" % messages)

    def closed_port(self):
        """A port that refuses connections. It is held, so that no other program can begin to listen on it meanwhile."""
        holder = socket.socket()
        self.addCleanup(holder.close)
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]

    def account(self, at, **keys):
        """A profile for a plain server of ours, or a port; no trace header, so that bytes can be compared."""
        port = at if isinstance(at, int) else at.port
        return {"server": "pop3://127.0.0.1:%d" % port, "tls": "none", "user": "anna", "password": "secret",
                "trace_header": False, "deliver": "maildir:~/Mail", "connect_timeout": "%ds" % LIMIT, "timeout": "%ds" % LIMIT,
                **keys}

    def assertStatus(self, result, status):
        self.assertEqual(result.status, status, "\n--- stdout\n%s\n--- stderr\n%s"
                         % (result.out.decode("utf-8", "replace")[-3000:], result.err[-3000:]))

    def assertSays(self, text, *words):
        """Asserts that the text contains each of the words, in any case; a tuple means one of several."""
        for word in words:
            options = word if isinstance(word, tuple) else (word,)
            self.assertTrue(any(option.lower() in text.lower() for option in options),
                            "none of %r is said in:\n%s" % (options, text))

    def assertHint(self, result, *words):
        self.assertIn("hint:", result.err)
        self.assertSays(result.err, *words)

    def assertSameMail(self, got, wires, form=mail.local):
        """Asserts that these are the same messages, each as often, in any order."""
        got = list(got)
        expected, found = hashes(map(form, wires)), hashes(got)
        if expected != found:
            lost, extra = expected - found, found - expected
            sample = [m[:300] for m in got if hashlib.sha256(m).hexdigest() in extra][:3]
            wanted = [m[:300] for m in map(form, wires) if hashlib.sha256(m).hexdigest() in lost][:3]
            self.fail("%d lost, %d too many; wanted %r; got %r" % (lost.total(), extra.total(), wanted, sample))

    def ok(self, *words, **more):
        """The result of a command that must succeed."""
        result = self.world.run(*words, **more)
        self.assertStatus(result, 0)
        return result

    def assertClean(self, *boxes):
        self.assertEqual(self.world.leftovers(*boxes), [])

    def json_lines(self, result):
        """Returns what --json printed. Asserts that the schema describes each object that is an event."""
        lines = [json.loads(line) for line in result.out.decode("utf-8").splitlines()]
        for line in lines:
            if "event" in line:
                output.must_have_a_form(line, MAILHAUL)
        return lines
