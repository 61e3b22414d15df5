# SPDX-License-Identifier: MIT
"""Where a password must not appear, whatever its source; and who may read written files, whatever the umask."""
import contextlib
import os
import signal
import sqlite3
import threading
import time
import unittest

from hostile.case import PASSWORD
from hostile.rig import tells
from support.py import mail
from support.py.world import LIMIT, Case

SECRET = PASSWORD.decode()
# What other users of the machine can see of mailhaul and of a program that it starts, and what that program gets.
SPY = """
for process in $PPID $$; do tr '\\0' '\\n' <"/proc/$process/cmdline"; done >>"$HOME/seen"
env >>"$HOME/seen"
cat >/dev/null
"""
SPYING = {"kind": "mda", "command": ["/bin/sh", "-c", SPY], "allow_root": True}


class Secrets(Case):
    def sources(self):
        """Each source of the password, as keys of the profile."""
        file = self.world.path("pw")
        file.write_text(SECRET + "\n")
        netrc = self.world.path(".netrc")
        netrc.write_text("machine 127.0.0.1 login anna password %s\n" % SECRET)
        for path in (file, netrc):
            path.chmod(0o600)
        return ({"password": SECRET}, {"password_file": "~/pw"}, {"password_env": "PW"}, {"netrc": True},
                {"password_command": ["/bin/sh", "-c", "env >>$HOME/seen; cat $HOME/pw"]})

    def serving(self, *messages, **more):
        drop, server = self.maildrop(*messages, password=PASSWORD, **more)
        account = self.account(server)
        del account["password"]
        return drop, account

    def assertUntold(self, *texts):
        for text in texts:
            self.assertFalse(tells(text), "the password is told")

    def test_not_in_argument_lists_and_environments(self):
        for source in self.sources():
            with self.subTest(next(iter(source))):
                drop, account = self.serving(*mail.small(1))
                self.world.configure({"home": {**account, **source, "deliver": SPYING}})
                self.assertStatus(self.world.run(env={"PW": SECRET} if "password_env" in source else {}), 0)
                seen = self.world.path("seen").read_bytes()
                self.assertIn(b"MAILHAUL_ACCOUNT=home", seen)
                self.assertIn(b"mailhaul", seen)
                self.assertUntold(seen)
                self.assertEqual(drop.uids(), [])

    def test_not_in_anything_that_is_said_or_stored(self):
        for auth in ("user", "plain", "login", "cram-md5"):
            drop, account = self.serving(*mail.small(2), capabilities=(
                b"TOP", b"UIDL", b"USER", b"SASL PLAIN LOGIN CRAM-MD5", b"PIPELINING"))
            drop.answers[b"AUTH"] = self.accepting
            self.world.configure({"home": {**account, "password": SECRET, "auth": auth, "leave_on_server": True}})
            for words in ("-vv", "--json -vv", "check -vv", "list home -vv", "config show", "state show"):
                with self.subTest((auth, words)):
                    result = self.world.run(*words.split())
                    self.assertStatus(result, 0)
                    self.assertUntold(result.out, result.err.encode())
        self.assertUntold(*[file.read_bytes() for file in self.world.state_dir.rglob("*") if file.is_file()])

    @staticmethod
    def accepting(session, argument):
        """Goes through any mechanism to its end, and accepts the login."""
        mechanism, _, initial = argument.partition(b" ")
        steps = {b"PLAIN": 1, b"LOGIN": 2, b"CRAM-MD5": 1}[mechanism] - bool(initial)
        for _ in range(steps):
            session.connection.send(b"+ PDE4OTYuNjk3MTcwOTUyQGhvc3Q+\r\n")
            session.connection.line()
        return session.log_in()

    def test_not_in_a_state_that_remembers_a_refusal(self):
        drop, account = self.serving(*mail.small(1))
        drop.answers[b"PASS"] = lambda session, argument: b"-ERR [AUTH] not with " + argument + b"\r\n"
        self.world.configure({"home": {**account, "password": SECRET}})
        result = self.world.run("-vv")
        self.assertStatus(result, 77)
        self.assertUntold(result.out, result.err.encode())
        self.assertUntold(*[file.read_bytes() for file in self.world.state_dir.rglob("*") if file.is_file()])

    def test_not_in_an_answer_that_makes_no_sense(self):
        """An error shows neither the password with bytes as \\xNN nor the part of it for which there is room."""
        password = b"s\\ord\x01of-77-f\xe4sh"
        for begin in (b"", b"?" * 47, b"?" * 185):
            for verb, reply in ((b"RETR", b"%s\r\n"), (b"RETR", b"+OK\r\n.\r\n%s\r\n"),
                                (b"UIDL", b"+OK\r\n1 %s" + b"u" * 70000 + b"\r\n")):
                with self.subTest((begin, verb, reply[:9])):
                    self.begin_anew()
                    drop, server = self.maildrop(*mail.small(1), password=password, capabilities=(b"UIDL", b"USER"))
                    drop.answers[verb] = lambda session, argument, words=reply % (begin + password): words
                    self.world.path("pw").write_bytes(password + b"\n")
                    self.world.path("pw").chmod(0o600)
                    account = self.account(server, password_file="~/pw", auth="user")
                    del account["password"]
                    self.world.configure({"home": account})
                    result = self.world.run("-vv")
                    self.assertStatus(result, 76)
                    for part in (b"s\\ord", b"of-77"):
                        self.assertNotIn(part, result.out + result.err.encode())

    def test_not_in_a_core_file(self):
        drop, account = self.serving(*mail.small(1))
        reached = threading.Event()

        def hold(session, argument):
            reached.set()
            session.connection.wait_until_gone()
            return b""
        drop.answers[b"RETR"] = hold
        self.world.configure({"home": {**account, "password": SECRET}})
        self.world.prefix = ["prlimit", "--core=unlimited"]
        process = self.world.start("fetch")
        self.assertTrue(reached.wait(LIMIT))
        with open("/proc/%d/limits" % process.pid, encoding="ascii") as limits:
            core, = [line.split() for line in limits if line.startswith("Max core file size")]
        self.assertEqual(core[4], "0")
        process.send_signal(signal.SIGABRT)  # a sanitizer catches SIGSEGV
        _, status = os.waitpid(process.pid, 0)
        process.returncode = status
        process.communicate()
        self.assertEqual(os.WTERMSIG(status), signal.SIGABRT)
        self.assertFalse(os.WCOREDUMP(status))
        self.assertEqual([*self.world.root.rglob("core*")], [])

    def test_control_characters_in_a_user_name_reach_no_server(self):
        for user in ("anna\r\nDELE 1", "anna\n", "an\0na", "anna\x7f", "\x1b[31m"):
            with self.subTest(user):
                drop, server = self.maildrop(*mail.small(1))
                self.world.configure({"home": self.account(server, user=user)})
                result = self.world.run()
                self.assertStatus(result, 78)
                self.assertEqual(server.connections, [])
                self.assertTrue(all(line.isprintable() for line in result.err.splitlines()), result.err)


class Umask(Case):
    def ordinary(self):
        """Drops the privilege of root to open any file, and nothing else."""
        if os.geteuid() == 0:
            self.world.prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]

    def assertPrivate(self, *expected):
        paths = [path for path in self.world.home.rglob("*") if path != self.world.config]
        self.assertTrue(all(any(name in str(path) for path in paths) for name in expected), paths)
        for path in paths:
            with contextlib.suppress(FileNotFoundError):  # delivered meanwhile
                self.assertEqual(path.stat().st_mode & 0o077, 0, "%s is open to others" % path)

    def test_nothing_is_open_to_others(self):
        for mask in (0, 0o022, 0o077, 0o277, 0o777):
            for box, deliver in (("Mail", "maildir:~/Mail"), ("mbox", "mbox:~/mbox")):
                with self.subTest("%03o %s" % (mask, box)):
                    self.begin_anew()
                    self.ordinary()
                    self.check(mask, box, deliver)

    def check(self, mask, box, deliver):
        messages = mail.small(3)
        drop, server = self.maildrop(*messages)
        self.world.config.parent.mkdir(parents=True)
        for folder in (self.world.config.parent, self.world.config.parent.parent):
            folder.chmod(0o700)
        self.world.configure({"home": self.account(server, deliver=deliver)})
        reached, release = threading.Event(), threading.Event()
        self.addCleanup(release.set)

        def hold(session, argument):
            if argument == b"3":
                reached.set()
                release.wait(LIMIT)
        drop.answers[b"RETR"] = hold
        process = self.world.start("fetch", umask=mask)
        self.assertTrue(reached.wait(LIMIT), "no third message was asked for")
        self.assertPrivate("state.db", ".lock", *["Mail/tmp"][:box == "Mail"])
        release.set()
        self.assertStatus(self.world.ended(process), 0)
        self.assertPrivate(box)
        self.assertSameMail(self.world.mbox() if box == "mbox" else self.world.maildir(), messages)


class PauseAfterRefusedLogins(Case):
    """A cron job whose login is refused: what the next runs do (tests/engine/login_test.cpp has all intervals)."""

    def setUp(self):
        super().setUp()
        self.drop, self.server = self.maildrop(*mail.small(1))
        self.world.configure({"home": self.account(self.server, auth="user")})

    def remembered(self, column):
        database = sqlite3.connect(self.world.state_dir / "state.db")
        with database:
            value, = database.execute("SELECT %s FROM mailboxes" % column).fetchone()
        database.close()
        return value

    def change(self, column, value):
        database = sqlite3.connect(self.world.state_dir / "state.db")
        with database:
            database.execute("UPDATE mailboxes SET %s = ?" % column, (value,))
        database.close()

    def pause_ends_in(self, seconds):
        self.change("not_before", int(time.time()) + seconds)

    def begins_a_pause(self, seconds, status, told):
        begun = int(time.time())
        self.assertEqual(self.run_quietly(status), (told, True))
        self.assertTrue(begun + seconds <= self.remembered("not_before") <= time.time() + seconds)

    def refuse(self, words):
        self.drop.answers[b"PASS"] = lambda session, argument: b"-ERR " + words + b"\r\n"

    def run_quietly(self, status):
        """Returns whether anything was printed, and whether the server was contacted."""
        before = len(self.server.connections)
        result = self.world.run("-q")
        self.assertStatus(result, status)
        if result.out:  # the end of trouble is not an error
            self.assertRegex(result.out.decode(), r"^home: works again; it had failed since \d+ \w+ [\d:]+\n$")
            self.assertEqual(result.err, "")
        return bool(result.err or result.out), len(self.server.connections) > before

    def test_a_refused_login_is_told_and_not_tried_again_at_once(self):
        self.refuse(b"[AUTH] no")
        self.begins_a_pause(300, 77, told=True)
        self.pause_ends_in(3600)
        for _ in range(3):
            self.assertEqual(self.run_quietly(75), (False, False))
        self.pause_ends_in(0)
        self.begins_a_pause(600, 77, told=False)  # it is reported once a day
        self.pause_ends_in(3600)
        self.assertEqual(self.run_quietly(75), (False, False))
        self.assertEqual(self.remembered("refused_logins"), 2)
        self.pause_ends_in(0)
        self.drop.behave()
        self.assertEqual(self.run_quietly(0), (True, True), "that it is over")
        self.assertEqual((self.remembered("refused_logins"), self.remembered("not_before")), (0, None))
        self.assertEqual(self.drop.uids(), [])

    def test_a_login_delay_is_waited_for(self):
        for words in (b"[LOGIN-DELAY] slowly", b"[login-delay] slowly"):
            with self.subTest(words):
                self.refuse(words)
                for _ in range(2):
                    self.begins_a_pause(300, 75, told=False)
                    self.pause_ends_in(3600)
                    self.assertEqual(self.run_quietly(75), (False, False))
                    self.pause_ends_in(0)

    def test_a_maildrop_in_use_is_tried_again_and_told_after_a_day(self):
        for words in (b"[IN-USE] locked", b"[SYS/TEMP] later"):
            with self.subTest(words):
                self.refuse(words)
                for _ in range(2):
                    self.assertEqual(self.run_quietly(75), (False, True))
                self.change("failing_since", self.remembered("failing_since") - 86400)
                self.assertEqual(self.run_quietly(75), (True, True))
                self.assertEqual(self.run_quietly(75), (False, True))
                self.drop.behave()
                self.assertEqual(self.run_quietly(0), (True, True), "that it is over is told once")
                self.assertEqual(self.run_quietly(0), (False, True))


if __name__ == "__main__":
    unittest.main()
