# SPDX-License-Identifier: MIT
"""Full disks, broken disks, forbidden places: the message stays on the server, no part of it is visible, and the next
run completes its delivery."""
import collections
import contextlib
import os
import subprocess
import unittest

from crash import call_matrix, strace
from crash.matrix import tried
from crash.rows import ALL_ROWS
from support.py import mail, mounts
from support.py.world import Case

KINDS = {"maildir": "maildir:~/disk/Mail", "mbox": "mbox:~/disk/mbox"}


class Full(Case):
    def arrived(self, kind):
        return self.world.maildir("disk/Mail") if kind == "maildir" else self.world.mbox("disk/mbox")

    def fails_then_completes(self, kind, messages, free):
        """Runs with a full disk, then again after `free` has made room."""
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
        if kind == "maildir":  # intended messages for an mbox wait in the spool
            self.assertClean("disk/Mail")
        free()
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.arrived(kind), messages)
        self.assertEqual(drop.uids(), [])
        self.assertClean("disk/Mail")

    def small_disk(self):
        """Mounts a separate file system of 1 MiB."""
        disk = self.world.path("disk")
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", str(disk)],
                                 stderr=subprocess.DEVNULL, check=False).returncode == 0
        if not mounted:
            self.skipTest("may not mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=False)
        return disk

    def test_a_full_file_system(self):
        disk = self.small_disk()

        def size(text):
            return lambda: subprocess.run(["mount", "-o", "remount,size=" + text, str(disk)], check=True)
        for seed, kind in enumerate(KINDS, 1):
            with self.subTest(kind):
                size("1m")()
                self.fails_then_completes(kind, [mail.sized(100000, seed * 100 + n) for n in range(25)], size("32m"))
                for file in disk.rglob("*"):
                    if file.is_file():
                        file.unlink()

    def test_no_room_for_the_state_database(self):
        disk = self.small_disk()
        drop, server = self.maildrop(*mail.small(2))
        self.world.configure({"home": self.account(server, leave_on_server=True)})
        run = ["--state", str(disk / "state.db")]
        self.assertStatus(self.world.run(*run), 0)
        drop.add(*mail.small(2, seed=2))
        filler = disk / "filler"
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(4096)):
                pass
        result = self.world.run(*run)
        self.assertStatus(result, 74)
        self.assertSays(result.err, str(disk / "state.db"), ("disk is full", "No space left"), "make room")
        filler.unlink()
        self.assertStatus(self.world.run(*run), 0)
        self.assertSameMail(self.world.maildir(), drop.wires())

    def test_a_limit_on_the_size_of_files(self):
        self.world.path("disk").mkdir()
        for seed, kind in enumerate(KINDS, 1):  # the same messages would look like a server with a new name
            with self.subTest(kind):
                self.world.prefix = ["prlimit", "--fsize=%d" % (1 << 20)]
                self.fails_then_completes(kind, [*mail.small(1, seed=seed), mail.sized(3 << 20, seed), *mail.small(1, seed=9 + seed)],
                                          lambda: setattr(self.world, "prefix", []))


class Forbidden(Case):
    def ordinary(self):
        """Drops the privilege of root to write anywhere, and nothing else."""
        if os.geteuid() == 0:
            self.world.prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]

    def refused_then_completes(self, deliver, path, mode, seed=1):
        messages = mail.small(3, seed)
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server, deliver=deliver)})
        self.ordinary()
        self.world.path(path).chmod(mode)
        result = self.world.run()
        self.assertStatus(result, 73)
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
        for seed, part in enumerate(("tmp", "new"), 1):
            with self.subTest(part):
                messages = self.refused_then_completes("maildir:~/Mail", "Mail/" + part, 0o500, seed)
                self.assertSameMail(self.world.maildir(), messages)
                for file in self.world.maildir_files():
                    file.unlink()

    def test_an_mbox_that_may_not_be_written(self):
        self.world.path("mbox").touch(mode=0o600)
        messages = self.refused_then_completes("mbox:~/mbox", "mbox", 0o400)
        self.assertSameMail(self.world.mbox(), messages)

    def test_a_directory_that_forbids_a_dotlock(self):
        """As in /var/mail, only the mbox itself may be written. Mail is delivered with the kernel lock alone."""
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

    @unittest.skipUnless(os.path.exists("/usr/bin/dotlockfile") and mounts.usable(), "no dotlockfile, or no mounts for this user")
    def test_a_program_that_is_killed_has_taken_no_dotlock(self):
        self.world.path("spool").mkdir()
        self.world.path("spool/mbox").touch(mode=0o600)
        drop, server = self.maildrop(*mail.small(1))
        self.world.configure({"home": self.account(server, deliver="mbox:~/spool/mbox")})
        log, program = self.world.path("log"), self.world.path("dotlockfile")
        program.write_text('#!/bin/sh\necho "$*" >>%s\n[ "$(wc -l <%s)" -gt 1 ] || kill -9 $$\n' % (log, log))
        program.chmod(0o755)
        self.ordinary()
        self.world.path("spool").chmod(0o500)
        self.world.prefix = [*mounts.instead(program, "/usr/bin/dotlockfile"), *self.world.prefix]
        result = self.world.run()
        self.world.path("spool").chmod(0o700)
        self.assertStatus(result, 0)
        asked = [line.split()[:-1] for line in log.read_text().splitlines()]
        self.assertEqual(asked, [["-p", "-l", "-r", "0"], ["-p", "-l", "-r", "0"], ["-u"]])

    def test_mail_that_may_not_be_looked_at_does_not_count_as_none(self):
        for kind in ("maildir:~/closed/Mail", "mbox:~/closed/mbox"):
            with self.subTest(kind):
                self.begin_anew()
                self.world.path("closed").mkdir()
                _, server = self.maildrop(*mail.small(1))
                self.world.configure({"home": self.account(server, deliver=kind, leave_on_server=True)})
                self.assertStatus(self.world.run(), 0)
                self.ordinary()
                self.world.path("closed").chmod(0)
                for command in ("rebuild", "verify"):
                    result = self.world.run("state", command, "home")
                    self.assertStatus(result, 74)
                    self.assertSays(result.err, "cannot examine", "permission denied")
                self.world.path("closed").chmod(0o700)

    def test_a_state_directory_that_may_not_be_written(self):
        drop, server = self.maildrop(*mail.small(1))
        self.world.configure({"home": self.account(server)})
        self.world.state_dir.mkdir(parents=True)
        self.ordinary()
        self.world.state_dir.chmod(0o500)
        result = self.world.run()
        self.world.state_dir.chmod(0o700)
        self.assertStatus(result, 73)
        self.assertHint(result, "state", "namei -l")
        self.assertEqual(len(drop.uids()), 1)


# How many points are tried for each error and kind of call, and how many kinds of damage in each of four rows.
COUNTS = [int(word) for word in os.environ.get("MAILHAUL_FAIL_SAMPLE", "3,6").split(",")]


@unittest.skipUnless(strace.usable(), "strace is not here or may not trace")
class Injected(Case):
    """Each kind of call fails once, at points spread over a run: a sample of what tests/slow/run calls tries."""

    def tried(self, cases):
        findings = tried(call_matrix.one, cases)
        complaints = [finding.complaint for finding in findings if finding.complaint]
        if complaints:
            self.fail("%d of %d cases:\n%s" % (len(complaints), len(findings), "\n".join(complaints[:8])))
        return findings

    def matrix(self, error):
        by_call = collections.defaultdict(list)
        for row in ALL_ROWS:
            for case in call_matrix.failing(*row, error):
                by_call[case.point.call].append(case)
        findings = self.tried([case for cases in by_call.values() for case in strace.sample(cases, COUNTS[0])])
        self.assertGreater(sum(finding.hits for finding in findings), len(findings) * 0.6, "most of them did fail")

    def test_input_output_errors(self):
        self.matrix("EIO")

    def test_no_space(self):
        self.matrix("ENOSPC")

    def test_too_many_open_files(self):
        self.matrix("EMFILE")

    def test_interruptions(self):
        self.matrix("EINTR")

    def test_a_damaged_database(self):
        findings = self.tried([case for row in ALL_ROWS[::3] for case in strace.sample(call_matrix.damaged(*row), COUNTS[1])])
        self.assertGreater(sum(finding.hits for finding in findings), 0, "some of it was noticed")


if __name__ == "__main__":
    unittest.main()
