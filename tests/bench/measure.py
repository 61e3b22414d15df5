# SPDX-License-Identifier: MIT
"""One run of one client: what it cost, and whether every message arrived unchanged."""
import collections
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from bench import verify
from bench.clients import CLIENTS, USER
from bench.servers import Unavailable, tool
from support.py import mounts

NOTHING = {"status": 70, "wall": 0, "user": 0, "system": 0, "memory_kib": 0}
FLUSHES = ("fsync", "fdatasync", "syncfs", "sync", "msync", "sync_file_range")

# For minutes after many files were deleted, ext4 creates new ones at several times the cost, because it checks every
# inode that was freed. Directories with more files than this are kept until the end of the benchmark.
FEW_FILES = 200


class Bench:
    """A row's server, and the directory where its clients run one after another."""

    def __init__(self, row, server, directory, link=None, quick=False):
        self.row, self.server, self.link = row, server, link
        self.settle, self.limit = not quick, 1800 if quick else 3600  # seconds for a run
        self.directory = pathlib.Path(directory)
        for program in (os.environ["MAILHAUL"], tool("limit"), tool("swallow")):
            shutil.copy(program, self.directory)  # USER may have no access to the build directory
        if CLIENTS["earlier"].installed():
            shutil.copy(os.environ["MAILHAUL_EARLIER"], self.directory / CLIENTS["earlier"].program)
        if USER:
            shutil.chown(self.directory, USER)
        self.runs = 0
        self.memory = {}  # the databases of each mailhaul, if the row has messages seen
        self.database_bytes = 0

    def start(self, words, env, prefix=(), times=1):
        """Runs a command in the row's network. Returns its cost, and its output as "said"."""
        with tempfile.TemporaryDirectory(dir=self.directory) as temporary:
            result = pathlib.Path(temporary) / "cost"
            space = self.link.client_side if self.link else "-"
            trusting = trusted(self.server.ca, self.directory / "certs") if self.row.system else []
            with open(pathlib.Path(temporary) / "said", "w+b") as said:
                process = subprocess.Popen(
                    [*trusting, tool("measure"), str(result), space, USER or "-", str(times), *prefix, *words], env=env,
                    cwd=self.directory, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
                try:
                    process.wait(self.limit)
                except subprocess.TimeoutExpired:
                    said.write(b"it did not end within %d s" % self.limit)
                finally:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                said.seek(0)
                text = said.read(4000).decode("utf-8", "replace").strip()
            cost = result.read_text() if result.exists() else ""
            return {**(json.loads(cost) if cost else NOTHING), "said": text}

    def remember(self, name):
        """mailhaul fetches the messages seen, because its database records more about a message than an identifier."""
        keeper = CLIENTS[name](self.row, self.server, self.directory / ("keeper-" + name))
        keeper.prepare()
        cost = self.start(keeper.command("-q", "--max-messages", str(self.row.seen), "--deliver",
                                         "mbox:%s/seen" % keeper.home), keeper.env)
        if cost["status"] != 0:
            raise RuntimeError("mailhaul did not fetch the messages seen: " + cost["said"])
        self.server.restore()
        os.unlink(keeper.home / "seen")
        self.memory[name] = keeper.home / "state.db"
        if name == "mailhaul":
            self.database_bytes = self.memory[name].stat().st_size

    def run(self, name, counting=False):
        """A measured and verified run. With `counting` it is slow, because strace(1) counts the flushes."""
        self.runs += 1
        home = self.directory / ("run-%d" % self.runs)
        client = CLIENTS[name](self.row, self.server, home, self.memory.get(name))
        client.prepare()
        try:
            prefix, log = [], home / "calls"
            if counting:
                prefix = ["strace", "-f", "-qq", "--seccomp-bpf", "-o", str(log), "-e", "signal=none",
                          "-e", "trace=" + ",".join(FLUSHES)]
            elif self.row.times > 1:
                self.start(client.command(), client.env)
            if self.settle:
                os.sync()  # no client pays for what another left unflushed
            cost = self.start(client.command(), client.env, prefix, 1 if counting else self.row.times)
            cost["cpu"] = cost["user"] + cost["system"]
            cost["wrong"] = self.wrong(client, cost)
            if counting and not cost["wrong"]:
                cost["flushes"] = count_calls(log)
            return cost
        finally:
            self.server.restore()
            if sum(len(names) for _, _, names in os.walk(home)) < FEW_FILES:
                shutil.rmtree(home)

    def wrong(self, client, cost):
        """What a run did wrong, in words; empty if nothing."""
        if cost["status"] not in client.fine:
            return "exit status %d: %s" % (cost["status"], cost["said"][:200])
        left = self.server.restore()
        should_be_left = 0 if self.row.remove else self.row.count * self.row.accounts
        if left != should_be_left:
            return "%d left on the server instead of %d" % (left, should_be_left)
        if self.row.place == "swallow" or self.row.count == 0:
            return ""  # no mail is kept that could be verified
        def look(place):
            return verify.mbox(place, client.blank_lines) if self.row.place == "mbox" else verify.maildir(place)

        for user, digests in self.server.digests.items():
            text = verify.difference(look(client.place(user)), collections.Counter(digests[self.row.seen:]))
            if text:
                return "%s: %s" % (user, text)
        return ""


def trusted(authority, directory):
    """A prefix for a command that adds one certificate authority to those of the system."""
    if not mounts.usable():
        raise Unavailable("adding a certificate authority to those of the system is not allowed here")
    system = pathlib.Path("/etc/ssl/certs")
    if not directory.exists():
        shutil.copytree(system, directory)  # as files, not as links
        shutil.copy(authority, directory / "bench.pem")
        with open(directory / "ca-certificates.crt", "ab") as bundle:
            bundle.write(authority.read_bytes())
        subprocess.run(["openssl", "rehash", str(directory)], check=True, stderr=subprocess.DEVNULL)
    return mounts.instead(directory, system)


def count_calls(log):
    """How often each flush was called, including calls that only start a flush early."""
    counts = dict.fromkeys(FLUSHES, 0)
    for line in log.read_text(errors="replace").splitlines():
        call = line.split(maxsplit=1)[1].split("(", 1)[0]
        if call in counts:
            counts[call] += 1
    return {call: count for call, count in counts.items() if count}
