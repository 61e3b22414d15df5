# SPDX-License-Identifier: MIT
"""The order of the steps that make a message safe, in one recorded run for each kind of destination: staged before
intended, intended before published, published before DELE, delivered before QUIT, and each step on disk before the
next one begins.

tests/slow/run power checks that this order protects mail from power cuts.
"""
import bisect
import re
import unittest

from crash import calls, strace
from crash.kills import SANITIZER
from crash.rows import Row

LOG, FLUSHES = "state.db-wal", ("fsync", "fdatasync")


@unittest.skipUnless(strace.usable(), "strace is not here or may not trace")
class Order(unittest.TestCase):
    def recorded(self, place, messages=None):
        with Row(place, "remove") as row:
            self.assertEqual(row.run().status, 0)  # creates the database and the places
            row.add(*(messages or row.messages[:3]))
            log = row.world.root / "calls"
            row.world.env.update(SANITIZER)
            self.assertEqual(row.run(*calls.recording(log)).status, 0)
            self.calls = calls.read(log)

    def where(self, name, *ends, text=b"", which=None):
        """The positions of the calls with this name and text whose descriptor or first path ends with one of
        `ends`, or is below it if it ends with "/". With `which`, one of these positions."""
        names = (name,) if isinstance(name, str) else name
        found = []
        for n, call in enumerate(self.calls):
            paths = [path for _, path in call.fds] or [call.texts[0].decode("latin-1")] if call.fds or call.texts else []
            fits = not ends or any(path.endswith(end) or end.endswith("/") and end in path for path in paths for end in ends)
            if call.name in names and fits and (not text or any(text in piece for piece in call.texts)):
                found.append(n)
        self.assertTrue(found, "no %s of %s %r" % (name, ends, text))
        return found if which is None else found[which]

    def between(self, after, before, name, *ends):
        """Asserts that such a call is between two positions; returns the position of the first one."""
        found = self.where(name, *ends)
        self.assertTrue(any(after < n < before for n in found),
                        "no %s of %s between %d %r and %d %r" % (name, ends, after, self.calls[after], before, self.calls[before]))
        return min(n for n in found if after < n < before)

    def committed(self, after, before):
        """Asserts that a commit is durable: it is written to the log of the database, and the log is flushed."""
        written = self.between(after, before, "pwrite64", LOG)
        return self.between(written, before, FLUSHES, LOG)

    # The tests check each message and not the run, because three messages are several batches on a slow machine.

    def test_maildir(self):
        self.recorded("maildir", self.MANY[:3])
        renames = [n for n, call in enumerate(self.calls) if call.name.startswith("rename") and len(call.fds) == 2]
        deles, quit_ = self.deles(3), self.where("sendto", text=b"QUIT\r\n", which=0)
        self.assertEqual(len(renames), 3)
        for number, renamed in enumerate(renames, 1):
            file = "/Mail/tmp/" + self.calls[renamed].texts[0].decode()
            flushed = self.between(self.where("write", file, which=-1), renamed, FLUSHES, file)
            named = self.between(flushed, renamed, FLUSHES, "/Mail/tmp")  # S2
            self.committed(named, renamed)  # S3
            published = self.between(renamed, deles[number], "fsync", "/Mail/new")  # S4
            self.between(published, deles[number], "fsync", "/Mail/tmp")
            self.committed(published, quit_)  # S5

    def test_mbox(self):
        self.recorded("mbox", self.MANY[:3])
        deles, quit_ = self.deles(3), self.where("sendto", text=b"QUIT\r\n", which=0)
        for number in (1, 2, 3):
            text = b"Subject: %d.\n" % number
            spooled = self.where("write", "/spool/", text=text, which=0)
            published = self.where("pwrite64", "/mbox", text=text, which=0)
            spool = self.calls[spooled].fds[0][1]
            staged = self.between(spooled, published, FLUSHES, spool)  # S2
            self.between(staged, published, "fsync", "/spool")
            self.committed(staged, published)  # S3
            flushed = self.between(published, deles[number], FLUSHES, "/mbox")  # S4
            self.committed(flushed, quit_)  # S5
            self.assertGreater(self.where("unlink", spool, which=0), flushed, "recovery may need the spool")

    def test_the_lock_beside_an_mbox_is_whole_before_it_has_a_name(self):
        """A dotlock that is empty after a power cut would look like that of another program and block the
        account for ever."""
        self.recorded("mbox")
        named = next(n for n, call in enumerate(self.calls) if call.name == "linkat" and b"mbox.lock" in call.texts[1])
        written = max(n for n in self.where("write", text=b"mailhaul ") if n < named)
        draft = self.calls[written].fds[0][1]
        self.between(written, named, FLUSHES, draft)

    def follows(self, after, before, found, what):
        """Returns the first of the positions `found` that is between the two others."""
        n = bisect.bisect(found, after)
        self.assertTrue(n < len(found) and found[n] < before, "no %s between %d and %d" % (what, after, before))
        return found[n]

    def deles(self, count):
        sent, begins, calls_ = b"", [], self.where("sendto")  # the socket may split a command
        for n in calls_:
            begins.append(len(sent))
            sent += self.calls[n].texts[0][:self.calls[n].returned]
        places = {int(found[1]): calls_[bisect.bisect(begins, found.start()) - 1]
                  for found in re.finditer(rb"DELE (\d+)\r\n", sent)}
        self.assertEqual(sorted(places), list(range(1, count + 1)))
        return places

    # Enough for several batches, one of which arrives while another is settled: the order must hold for each of them.
    MANY = [b"Subject: %d.\r\n\r\nbody\r\n" % n for n in range(1, 2301)]

    def test_batches_beside_each_other_in_a_maildir(self):
        self.recorded("maildir", self.MANY)
        renames = [n for n, call in enumerate(self.calls) if call.name.startswith("rename") and len(call.fds) == 2]
        self.assertEqual(len(renames), len(self.MANY))
        deles = self.deles(len(self.MANY))
        written = {call.fds[0][1].rpartition("/")[2]: n for n, call in enumerate(self.calls)
                   if call.name == "write" and "/Mail/tmp/" in call.fds[0][1]}
        flushes = {folder: [n for n, call in enumerate(self.calls)
                            if call.name == "fsync" and call.fds[0][1].endswith("/Mail/" + folder)]
                   for folder in ("tmp", "new")}
        logged = self.where(FLUSHES, LOG)
        for number, rename in enumerate(renames, 1):
            staged = self.follows(written[self.calls[rename].texts[0].decode()], rename, flushes["tmp"], "flush of tmp")
            self.follows(staged, rename, logged, "commit")
            self.follows(rename, deles[number], flushes["new"], "flush of new")
        self.follows(renames[-1], self.where("sendto", text=b"QUIT\r\n", which=0), logged, "commit")

    def test_batches_beside_each_other_in_an_mbox(self):
        self.recorded("mbox", self.MANY)
        deles = self.deles(len(self.MANY))
        published = {int(number): n for n, call in enumerate(self.calls)
                     if call.name == "pwrite64" and call.fds[0][1].endswith("/mbox")
                     for number in re.findall(rb"Subject: (\d+)\.\n", b"".join(call.texts))}
        spooled = {int(number): n for n, call in enumerate(self.calls)
                   if call.name == "write" and "/spool/" in call.fds[0][1]
                   for number in re.findall(rb"Subject: (\d+)\.\n", b"".join(call.texts))}
        self.assertEqual(sorted(published), list(range(1, len(self.MANY) + 1)))
        self.assertGreater(len(set(published.values())), 1, "several batches")
        staged, flushed = self.where(FLUSHES, "/spool/"), self.where(FLUSHES, "/mbox")
        logged = self.where(FLUSHES, LOG)
        for number, n in published.items():
            self.follows(self.follows(spooled[number], n, staged, "flush of the spool"), n, logged, "commit")
            self.follows(n, deles[number], flushed, "flush of the mbox")
        self.follows(max(published.values()), self.where("sendto", text=b"QUIT\r\n", which=0), logged, "commit")

    def test_a_program(self):
        """INTENT is on disk before the first program starts, so that a power cut leaves the names. Then TRIED is recorded
        for each message without a flush, and one flush for all of a batch precedes its first DELE."""
        self.recorded("mda")
        deles = self.deles(3)
        started = [n for n, call in enumerate(self.calls) if call.starts_a_program()]
        ended = self.where("wait4")
        self.assertEqual((len(started), len(ended)), (3, 3))
        written = [n for n in self.where("pwrite64", LOG, text=b"timeout=") if n < started[0]]
        self.between(written[0], started[0], FLUSHES, LOG)
        for begin, earlier in zip(started, [0, *ended]):
            self.between(earlier, begin, "pwrite64", LOG)
        for number, end in enumerate(ended, 1):
            self.committed(end, deles[number])
        if ended[-1] < deles[1]:  # one batch, as on every machine that is fast enough
            self.committed(ended[-1], deles[1])


if __name__ == "__main__":
    unittest.main()
