# SPDX-License-Identifier: MIT
"""Full disks, broken disks, forbidden places: the message stays on the server, nothing half is visible, the next run completes."""
import concurrent.futures
import os
import subprocess
import unittest

from support import mail, strace
from support.rows import Broken, Row
from support.world import Case

WORKERS = int(os.environ.get("MAILHAUL_TEST_WORKERS", "2"))
KINDS = {"maildir": "maildir:~/disk/Mail", "mbox": "mbox:~/disk/mbox"}


class Full(Case):
    def arrived(self, kind):
        return self.world.maildir("disk/Mail") if kind == "maildir" else self.world.mbox("disk/mbox")

    def fails_then_completes(self, kind, messages, free):
        """`free` makes room again."""
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server, deliver=KINDS[kind])})
        uids = drop.uids()
        result = self.world.run()
        self.assertStatus(result, 74)
        self.assertSays(result.err, "home")
        here = self.arrived(kind)
        for text in here:
            self.assertIn(text, [mail.local(wire) for wire in messages], "what is visible is whole")
        for uid, wire in zip(uids, messages):
            if uid in drop.removed:
                self.assertIn(mail.local(wire), here, "what the server dropped is here")
        if kind == "maildir":  # what is intended for an mbox waits in its spool
            self.assertClean("disk/Mail")
        free()
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.arrived(kind), messages)
        self.assertEqual(drop.uids(), [])
        self.assertClean("disk/Mail")

    def test_a_full_file_system(self):
        disk = self.world.path("disk")
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", str(disk)],
                                 stderr=subprocess.DEVNULL, check=False).returncode == 0
        if not mounted:
            self.skipTest("may not mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=False)

        def size(text):
            return lambda: subprocess.run(["mount", "-o", "remount,size=" + text, str(disk)], check=True)
        for seed, kind in enumerate(KINDS, 1):
            with self.subTest(kind):
                size("1m")()
                self.fails_then_completes(kind, [mail.sized(100000, seed * 100 + n) for n in range(25)], size("32m"))
                for file in disk.rglob("*"):
                    if file.is_file():
                        file.unlink()

    def test_a_limit_on_the_size_of_files(self):
        self.world.path("disk").mkdir()
        for kind in KINDS:
            with self.subTest(kind):
                self.world.prefix = ["prlimit", "--fsize=%d" % (1 << 20)]
                self.fails_then_completes(kind, [mail.small(1)[0], mail.sized(3 << 20), mail.small(1, seed=2)[0]],
                                          lambda: setattr(self.world, "prefix", []))


class Forbidden(Case):
    def ordinary(self):
        """Root may write anywhere: give that up, and nothing else."""
        if os.geteuid() == 0:
            self.world.prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]

    def refused_then_completes(self, deliver, path, mode, statuses=(73, 74)):
        messages = mail.small(3)
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server, deliver=deliver)})
        self.ordinary()
        self.world.path(path).chmod(mode)
        result = self.world.run()
        self.assertIn(result.status, statuses, result.err)
        self.assertHint(result, "home", "permission denied", ("namei -l", "ls -ld"))
        self.assertEqual(len(drop.uids()), 3)
        self.world.path(path).chmod(0o700)
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(drop.uids(), [])
        return messages

    def test_a_maildir_that_may_not_be_made(self):
        self.world.path("ro").mkdir()
        messages = self.refused_then_completes("maildir:~/ro/Mail", "ro", 0o500)
        self.assertSameMail(self.world.maildir("ro/Mail"), messages)

    def test_a_maildir_that_may_not_be_written(self):
        for part in ("tmp", "new", "cur"):
            self.world.path("Mail/" + part).mkdir(parents=True)
        for part in ("tmp", "new"):
            with self.subTest(part):
                messages = self.refused_then_completes("maildir:~/Mail", "Mail/" + part, 0o500)
                self.assertSameMail(self.world.maildir(), messages)
                for file in self.world.maildir_files():
                    file.unlink()

    def test_an_mbox_that_may_not_be_written(self):
        self.world.path("mbox").touch(mode=0o600)
        messages = self.refused_then_completes("mbox:~/mbox", "mbox", 0o400)
        self.assertSameMail(self.world.mbox(), messages)

    def test_a_directory_that_forbids_a_dotlock(self):
        """As /var/mail does: the mbox itself may be written; delivered under the kernel's lock alone."""
        self.world.path("spool").mkdir()
        self.world.path("spool/mbox").touch(mode=0o600)
        messages = mail.small(3)
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server, deliver="mbox:~/spool/mbox")})
        self.ordinary()
        self.world.path("spool").chmod(0o500)
        result = self.world.run()
        self.assertStatus(result, 0)
        self.assertHint(result, '"lock": "fcntl"')
        self.assertEqual("install dotlockfile" in result.err, not os.path.exists("/usr/bin/dotlockfile"))
        self.world.path("spool").chmod(0o700)
        self.assertSameMail(self.world.mbox("spool/mbox"), messages)
        self.assertEqual(drop.uids(), [])

    def test_a_state_directory_that_may_not_be_written(self):
        drop, server = self.maildrop(*mail.small(1))
        self.world.configure({"home": self.account(server)})
        self.world.state_dir.mkdir(parents=True)
        self.ordinary()
        self.world.state_dir.chmod(0o500)
        result = self.world.run()
        self.world.state_dir.chmod(0o700)
        self.assertIn(result.status, (73, 74, 78), result.err)
        self.assertHint(result, "state", "namei -l")
        self.assertEqual(len(drop.uids()), 1)


FAILING = ("write", "pwrite64", "fsync", "fdatasync", "syncfs", "ftruncate", "fallocate", "rename", "renameat", "renameat2",
           "unlink", "unlinkat", "openat", "close", "mkdir", "mkdirat", "sendto", "recvfrom", "read", "pread64", "fcntl")


def failing_at(job):
    """One call fails once; afterwards one run completes. Returns a complaint."""
    place, keep, error, point = job
    with Row(place, keep) as row:
        row.world.env["ASAN_OPTIONS"] = "detect_leaks=0"
        result = row.run(*strace.injecting(point.call, "error=%s:when=%d" % (error, point.number)))
        row.world.env.pop("ASAN_OPTIONS")
        try:
            if result.status < 0 or result.status in (70, 139, 134):
                row.fail("it ended with %d" % result.status, result)
            if result.status == 0 and keep == "remove" and row.drop.uids():
                row.fail("status 0 with mail left on the server", result)
            if result.status != 0 and not result.err:
                row.fail("it failed with %d and said nothing" % result.status)
            row.check_interrupted()
            row.check_completed(row.run())
        except (Broken, ValueError) as complaint:
            return "%s at %s number %d [%s]: %s" % (error, point.call, point.number, point.line, complaint)
    return None


@unittest.skipUnless(strace.usable(), "strace is not here or may not trace")
class Injected(Case):
    """Each kind of call fails once, at points spread over a run."""

    def matrix(self, place, keep, error, count):
        log = self.world.root / "calls"
        with Row(place, keep) as row:
            row.world.env["ASAN_OPTIONS"] = "detect_leaks=0"
            self.assertStatus(row.run(*strace.recording(log)), 0)
        every = [point for point in strace.points(log) if point.call in FAILING and not strace.is_probe(point)]
        if os.environ.get("MAILHAUL_FAIL_POINTS") != "all":
            # Each call that occurs is represented, whatever its share.
            chosen = []
            for call in FAILING:
                chosen += strace.sample([point for point in every if point.call == call], count)
            every = chosen
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            done = list(pool.map(failing_at, [(place, keep, error, point) for point in every]))
        complaints = [complaint for complaint in done if complaint]
        if complaints:
            self.fail("%d of %d points:\n%s" % (len(complaints), len(done), "\n".join(complaints[:8])))

    def test_input_output_errors_into_a_maildir(self):
        self.matrix("maildir", "remove", "EIO", 3)

    def test_input_output_errors_into_an_mbox(self):
        self.matrix("mbox", "remove", "EIO", 3)

    def test_no_space_into_a_maildir(self):
        self.matrix("maildir", "leave", "ENOSPC", 2)

    def test_no_space_into_an_mbox(self):
        self.matrix("mbox", "remove", "ENOSPC", 2)


if __name__ == "__main__":
    unittest.main()
