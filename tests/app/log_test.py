# SPDX-License-Identifier: MIT
"""The key log: a line for each event, in a file or for syslog."""
import datetime
import re
import resource
import signal
import socket
import threading
import unittest

from support.py import mail, mounts
from support.py.log import MAIL, STAMP, Log
from support.py.watching import Watching
from support.py.world import LIMIT

HOSTILE = b"From: \x1b]0;owned\x07\r\nSubject: =?utf-8?Q?a=0D=0Ab=1B[2J=E2=80=AE?=\r\n\r\nhello\r\n"
LATER = b"-ERR [SYS/TEMP] come back later\r\n"


class File(Log):
    def test_each_message_has_a_line_and_the_run_its_beginning_and_end(self):
        self.prepared(MAIL)
        self.fetch("-q")
        arrived, = self.world.maildir_files()
        begins, fetched, removed, ends = self.lines()
        self.assertEqual(begins, "home: begins")
        self.assertEqual(fetched, 'home: fetch uid-000001 (%d B) from Küche <kitchen@example.org>, "Grüße", <4@example.org> to %s: new'
                         % (len(MAIL), arrived))
        self.assertEqual(removed, "home: remove uid-000001 (%d B): delivered" % len(MAIL))
        self.assertRegex(ends, r"^home: ends: 1 new message, %d B, in \d+\.\d s; 1 removed from the server$" % len(MAIL))
        self.assertEqual(self.log.stat().st_mode & 0o777, 0o600)

    def test_a_run_without_new_mail(self):
        self.prepared(MAIL, leave_on_server=True)
        self.fetch()
        self.fetch()
        self.assertEqual(self.lines()[-2:], ["home: begins", "home: ends: no new mail; 1 left on the server, already fetched or marked"])

    def test_a_run_that_does_not_ask_the_server_says_so(self):
        self.prepared(MAIL, leave_on_server=True, min_interval="1h")
        self.fetch()
        self.fetch()
        self.assertRegex(self.lines()[-2], "^home: not asked for new mail: min_interval")

    def test_errors_have_their_hint_and_the_status(self):
        drop = self.prepared(MAIL)
        drop.answers[b"LIST"] = lambda *_: LATER
        self.fetch("-q", status=75)
        _, error, ends = self.lines()
        self.assertRegex(error, "^home: error: .*come back later.*; hint: ")
        self.assertEqual(ends, "home: ends: nothing fetched; status 75")

    def test_a_mistake_in_an_account_takes_one_line(self):
        self.prepared(MAIL, timeout="soon")
        self.fetch(status=78, err=None)
        line, = self.lines()
        self.assertRegex(line, r"^home: error: .*config\.json:\d+:\d+: accounts\.home\.timeout: ")

    def test_times_are_local(self):
        self.prepared()
        self.world.env["TZ"] = "UTC-05:30"
        before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self.fetch()
        after = datetime.datetime.now(datetime.timezone.utc)
        for line in self.log.read_text().splitlines():
            self.assertTrue(line[19:].startswith("+05:30 "), line)
            self.assertTrue(before <= datetime.datetime.fromisoformat(line[:25]) <= after, line)

    def test_what_a_stranger_wrote_is_escaped(self):
        drop = self.prepared(HOSTILE)
        self.fetch()
        self.assertSays(self.lines()[1], r'from \x1b]0;owned\x07, "a\x0d\x0ab\x1b[2J\xe2\x80\xae" to ')
        drop.add(MAIL).answers[b"LIST"] = lambda *_: b"-ERR [SYS/TEMP] \x1b[31mno\xff\x0b\x1b]0;x\x07\r\n"
        self.fetch(status=75, err=None)
        self.assertRegex(self.log.read_bytes(), rb"^[\n\x20-\x7e]*$")

    def test_a_long_line_is_cut_and_stays_one(self):
        self.prepared(b"Subject: %s\r\nMessage-ID: <%s>\r\n\r\nx\r\n" % ("ü".encode() * 900, b"m" * 900),
                      deliver=["maildir:~/%s" % "/".join("m" * 240 for _ in range(14)), "maildir:~/Mail"])
        self.fetch(err=None)
        line = [line for line in self.log.read_bytes().splitlines(True) if b"fetch " in line][0]
        self.assertLessEqual(len(line), 4096)
        self.assertSays(line.decode(), 'üüü..."', 'mmm...')

    def test_folders_are_created(self):
        self.prepared(MAIL, log="~/a/b/log")
        self.fetch()
        self.assertEqual(len(self.lines(self.world.path("a/b/log"))), 4)
        self.assertEqual(self.world.path("a").stat().st_mode & 0o777, 0o700)

    def test_a_dry_run_and_list_write_nothing(self):
        self.prepared(MAIL)
        self.fetch("-n")
        self.fetch("list")
        self.assertFalse(self.log.exists())

    def test_delete_writes_what_it_removes(self):
        self.prepared(MAIL)
        self.fetch("delete", "--yes", "--unfetched", "home", "uid-000001", err=None)
        warning, removed = self.lines()
        self.assertRegex(warning, "^home: warning: message uid-000001 .* was never delivered, and is being removed$")
        who = r'from Küche <kitchen@example\.org>, "Grüße", <4@example\.org>'
        self.assertRegex(removed, r"^home: remove uid-000001 \(%d B\) %s: " % (len(MAIL), who))

    def test_without_the_key_nothing_is_written(self):
        _, server = self.maildrop(MAIL)
        self.world.configure({"home": self.account(server)})
        before = set(self.world.home.iterdir())
        self.fetch()
        self.assertEqual({path.name for path in set(self.world.home.iterdir()) - before}, {".local", "Mail"})

    def test_accounts_that_are_fetched_at_once_write_whole_lines(self):
        accounts, count = {}, 40
        together = threading.Barrier(4)
        for name in ("one", "two", "three", "four"):
            drop, server = self.maildrop(*mail.small(count, seed=5), user=name.encode())
            drop.answers[b"LIST"] = lambda *_: [together.wait(LIMIT)] and None
            accounts[name] = self.account(server, user=name, deliver="maildir:~/" + name)
        self.world.configure(accounts, log="~/mail.log", host_jobs=4)
        self.fetch()
        lines = self.lines()
        for name in accounts:
            own = [line for line in lines if line.startswith(name + ": ")]
            self.assertEqual(len(own), 2 * count + 2)
            self.assertEqual(len([line for line in own if re.match(r"\w+: fetch \S+ \(.*\) from .* to /.*: new$", line)]), count)
        self.assertEqual(len(lines), 4 * (2 * count + 2))

    def test_a_password_that_the_server_echoes_is_masked(self):
        drop = self.prepared(MAIL)
        drop.answers[b"PASS"] = lambda _, word: b"-ERR wrong password: %s\r\n" % word
        self.fetch(status=77, err=None)
        self.assertSays(self.lines()[1], "wrong password: ***")


class Watch(Watching, Log):
    def prepared(self, *messages, **more):
        drop = super().prepared(*messages, **more)
        drop.answers[b"QUIT"] = self.note_session
        return drop

    def test_a_log_that_is_renamed_goes_on_in_a_new_file(self):
        drop = self.prepared(MAIL)
        process = self.begin()
        self.sessions_end(2)
        old = self.log.rename(self.world.path("mail.log.1"))
        drop.add(*mail.small(1))
        self.later_sessions_end(2)
        self.assertEqual(self.end(process).err, "")
        self.assertIn("home: fetch uid-000001 ", self.lines(old)[1])
        self.assertIn("home: fetch uid-000002 ", "\n".join(self.lines()))
        self.assertNotIn("uid-000002", "\n".join(self.lines(old)))

    def test_every_error_is_there_though_it_is_printed_once(self):
        drop = self.prepared(MAIL)
        fail = threading.Semaphore(0)
        drop.answers[b"LIST"] = lambda *_: fail.release() or LATER
        process = self.begin()
        for _ in range(4):
            self.assertTrue(fail.acquire(timeout=LIMIT))
        self.assertEqual(self.end(process).err.count("come back later"), 1)
        self.assertGreaterEqual(len([line for line in self.lines() if "come back later" in line]), 3)

    def test_sighup_reads_the_key_again(self):
        drop = self.prepared(MAIL)
        process = self.begin()
        self.sessions_end()
        config = self.world.config.read_text()
        self.world.write_config(config.replace("mail.log", "other.log"))
        process.send_signal(signal.SIGHUP)
        self.later_sessions_end()  # with the new configuration
        drop.add(*mail.small(1))
        self.later_sessions_end()
        self.end(process)
        self.assertIn("home: fetch uid-000002 ", "\n".join(self.lines(self.world.path("other.log"))))
        self.assertNotIn("uid-000002", "\n".join(self.lines()))

    def test_a_line_that_fitted_in_part_is_not_continued_by_the_next(self):
        self.prepared(MAIL)
        most = 1 << 20
        self.log.write_bytes(b"x" * (most - 31) + b"\n")
        self.world.prefix = ["prlimit", "--fsize=%d:unlimited" % most]
        process = self.begin()
        self.sessions_end(2)
        self.assertEqual(self.log.stat().st_size, most)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.later_sessions_end(2)
        result = self.end(process)
        self.assertEqual(result.err.count("the log cannot be written"), 1)
        _, torn, *lines = self.log.read_text().splitlines()
        self.assertRegex(torn, "^" + STAMP + "home$")
        self.assertTrue(lines)
        for line in lines:
            self.assertRegex(line, "^" + STAMP + "home: ")

    def test_one_that_cannot_be_written_is_told_once(self):
        self.world.path("file").touch()
        self.prepared(MAIL, log="~/file/log")
        for words in (("-q",), (), ("--json",)):
            process = self.begin(*words)
            self.later_sessions_end(2)
            result = self.end(process)
            self.assertEqual((result.err + result.out.decode()).count("the log cannot be written"), 1)


@unittest.skipUnless(mounts.usable(), "neither root nor a user namespace may mount here")
class Syslog(Log):
    """The test plays the syslog daemon, at a /dev/log of its own."""

    MAIL = 2 << 3

    def setUp(self):
        super().setUp()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.setblocking(False)
        path = self.world.root / "socket"
        self.socket.bind(str(path))
        self.world.prefix = mounts.system_log(path, self.world.root / "dev")

    def heard(self):
        """Returns pairs of severity and text."""
        found = []
        try:
            while True:
                text = self.socket.recv(65536)
                self.world.must_not_tell(text)
                priority, pid, line = re.match(r"<(\d+)>\w+ +\d+ [\d:]+ mailhaul\[(\d+)\]: (.*)$", text.decode()).groups()
                self.assertEqual(int(priority) & ~7, self.MAIL)
                found.append((int(priority) & 7, line))
        except BlockingIOError:
            return found

    def test_lines_go_to_the_facility_mail(self):
        self.prepared(MAIL, log="syslog")
        self.fetch()
        begins, fetched, removed, ends = self.heard()
        self.assertEqual(begins, (7, "home: begins"))
        self.assertEqual((fetched[0], removed[0], ends[0]), (6, 6, 6))
        self.assertRegex(fetched[1], r'^home: fetch uid-000001 \(\d+ B\) from Küche <kitchen@example.org>, "Grüße", <4@example.org> to /')
        self.assertFalse(self.world.path("syslog").exists())

    def test_priorities(self):
        drop = self.prepared(log="syslog")
        self.fetch()
        self.assertEqual([severity for severity, _ in self.heard()], [7, 7])
        drop.add(MAIL)
        drop.answers[b"LIST"] = lambda *_: LATER
        self.fetch(status=75, err=None)
        self.assertEqual([severity for severity, _ in self.heard()], [7, 4, 6])
        drop.answers[b"PASS"] = lambda *_: b"-ERR [AUTH] no %s %n\r\n"
        self.fetch(status=77, err=None)
        heard = self.heard()
        self.assertEqual([severity for severity, _ in heard], [7, 3, 6])
        self.assertSays(heard[1][1], "home: error: ", "no %s %n")

    def test_without_a_daemon_the_mail_arrives(self):
        self.prepared(MAIL, log="syslog")
        self.socket.close()
        (self.world.root / "socket").unlink()
        self.fetch()
        self.assertEqual(len(self.world.maildir()), 1)
        found = self.json_lines(self.world.run("--json", "doctor"))
        self.assertEqual([f["grade"] for f in found if f["check"] == "log"], ["warning"])


if __name__ == "__main__":
    unittest.main()
