# SPDX-License-Identifier: MIT
"""watch: fetches at intervals; signals, a configuration that is read again, and what is reported to systemd."""
import os
import signal
import socket
import subprocess
import threading
import time
import unittest

from support.py import mail
from support.py.certificates import of_module as certificates_of_module
from support.py.maildrop import Maildrop
from support.py.scripted import server_context
from support.py.watching import UnderSystemd, Watching
from support.py.world import LIMIT, Case


def setUpModule():
    global certificates
    certificates = certificates_of_module()


class AtServer(Watching, Case):
    def setUp(self):
        super().setUp()
        self.drop, self.server = self.maildrop(*mail.small(2, seed=61))
        self.drop.answers[b"QUIT"] = self.note_session
        self.configure()

    def configure(self, **keys):
        self.world.configure({"home": self.account(self.server, **keys)})


class OverTls(Watching, Case):
    def resumed(self, context_of, implicit):
        """Which of three sessions in a row resumed an earlier TLS session. context_of(): the server's, for each."""
        context, resumed, enough = context_of(), [], threading.Event()
        drop = Maildrop(mail.small(1), uids=self.uids(), tls=context, capabilities=(b"STLS", b"UIDL", b"USER"))
        server = self.serve(drop, tls=context if implicit else None)

        def note(session, _):
            resumed.append(session.connection.sock.session_reused)
            drop.tls = context_of()
            if implicit:
                server.tls = drop.tls
            if len(resumed) == 3:
                enough.set()

        drop.answers[b"QUIT"] = note
        url = "pop3%s://localhost:%d" % ("s" if implicit else "", server.port)
        self.world.configure({"home": self.account(server, server=url, tls="required", tls_ca_file=str(certificates.ca))})
        process = self.begin()
        self.assertTrue(enough.wait(LIMIT), "too few sessions ended")
        self.end(process)
        return resumed[:3]

    def test_later_sessions_resume_the_first_one_of_tls(self):
        for implicit in (True, False):
            with self.subTest(implicit=implicit):
                self.begin_anew()
                context = server_context(*certificates.good)
                self.assertEqual(self.resumed(lambda context=context: context, implicit), [False, True, True])

    def test_a_server_that_has_forgotten_the_tls_session_starts_a_new_one(self):
        self.assertEqual(self.resumed(lambda: server_context(*certificates.good), True), [False, False, False])

    def test_a_certificate_is_checked_where_another_is_demanded(self):
        """A second account at the same server, with a pin that is not the server's."""
        context = server_context(*certificates.good)
        drop = Maildrop(mail.small(1), uids=self.uids(), tls=context, capabilities=(b"UIDL", b"USER"))
        server = self.serve(drop, tls=context)
        keys = {"server": "pop3s://localhost:%d" % server.port, "tls": "required", "tls_ca_file": str(certificates.ca)}
        pin = "sha256//" + "A" * 43 + "="
        self.world.configure({"home": self.account(server, **keys), "work": self.account(server, user="bert", tls_pin=[pin], **keys)}, jobs=1)
        process = self.begin()
        self.assertIn("work: error: ", process.stderr.readline().decode())
        self.end(process)


class Watch(AtServer):
    def test_new_mail_is_fetched_until_sigterm_which_ends_well(self):
        process = self.begin()
        self.sessions_end()
        self.drop.add(*mail.small(1, seed=62))
        self.later_sessions_end()
        result = self.end(process)
        self.assertEqual((len(self.world.maildir()), self.drop.messages), (3, []))
        self.assertEqual(result.err, "")
        self.assertEqual(result.out.decode().count("home: "), 2)

    def test_other_signals_end_it_as_always(self):
        process = self.begin()
        self.sessions_end()
        self.end(process, 130, signal.SIGINT)

    def test_sigterm_while_it_waits_and_while_it_fetches(self):
        for held in (False, True):
            with self.subTest(held=held):
                self.drop.add(*mail.small(2, seed=63))
                if held:
                    process, release = self.held_at(b"RETR")
                    process.send_signal(signal.SIGTERM)
                    release.set()
                    self.assertStatus(self.world.ended(process), 0)
                else:
                    process = self.begin()
                    self.sessions_end()
                    self.end(process)
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.world.maildir()), 6)

    def held_at(self, verb):
        """Returns a watch that waits for the answer to `verb`, and the event that lets the server answer."""
        arrived, release = threading.Event(), threading.Event()
        self.addCleanup(release.set)
        self.drop.answers[verb] = lambda *_: arrived.set() or release.wait(LIMIT) and None
        process = self.begin()
        self.assertTrue(arrived.wait(LIMIT))
        del self.drop.answers[verb]
        return process, release

    def test_sigterm_at_every_step_of_a_session_ends_it_in_order(self):
        for number, verb in enumerate((b"CAPA", b"PASS", b"UIDL", b"LIST", b"RETR", b"DELE", b"QUIT")):
            with self.subTest(verb):
                self.drop.add(*mail.small(2, seed=100 + number))
                process, release = self.held_at(verb)
                process.send_signal(signal.SIGTERM)
                release.set()
                self.assertStatus(self.world.ended(process), 0)
                self.assertStatus(self.world.run(), 0)
                self.assertEqual((len(self.world.maildir()), self.drop.messages), (4 + 2 * number, []))

    def test_sighup_at_every_step_of_a_session_does_not_disturb_it(self):
        for number, verb in enumerate((b"CAPA", b"PASS", b"LIST", b"RETR", b"QUIT")):
            with self.subTest(verb):
                self.drop.add(*mail.small(2, seed=200 + number))
                process, release = self.held_at(verb)
                self.drop.answers[b"QUIT"] = self.note_session
                process.send_signal(signal.SIGHUP)
                release.set()
                self.later_sessions_end()
                self.assertEqual(self.end(process).err, "")
                self.assertEqual((len(self.world.maildir()), self.drop.messages), (4 + 2 * number, []))

    def test_sigterm_while_the_server_does_not_greet(self):
        mute = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(mute.close)
        mute.settimeout(LIMIT)
        self.world.configure({"home": self.account(mute.getsockname()[1])})
        process = self.begin()
        connection, _ = mute.accept()
        self.addCleanup(connection.close)
        self.end(process)

    def test_sighup_reads_the_configuration_again(self):
        process = self.begin()
        self.sessions_end()
        other, server = self.maildrop(*mail.small(1, seed=64))
        other.answers[b"QUIT"] = self.note_session
        self.server.stop()
        self.sessions = threading.Semaphore(0)  # from now on, those of the other server
        self.world.configure({"new": self.account(server, deliver="maildir:~/New")})
        process.send_signal(signal.SIGHUP)
        self.sessions_end()
        self.end(process)
        self.assertEqual(len(self.world.maildir("New")), 1)

    def test_a_mistake_in_the_new_configuration_leaves_the_old_one_in_force(self):
        process = self.begin()
        self.sessions_end()
        self.world.write_config("{")
        process.send_signal(signal.SIGHUP)
        self.later_sessions_end(2)
        result = self.end(process)
        self.assertSays(result.err, "config.json:1")

    def test_a_password_in_a_variable_is_still_known_after_sighup(self):
        account = self.account(self.server, password_env="HOME_PASSWORD")
        del account["password"]
        self.world.configure({"home": account})
        process = self.begin(env={"HOME_PASSWORD": "secret"})
        self.sessions_end()
        process.send_signal(signal.SIGHUP)
        self.later_sessions_end(2)
        self.assertEqual(self.end(process).err, "")

    def test_trouble_is_told_when_it_begins_and_when_it_ends(self):
        fail = threading.Semaphore(0)

        def busy(*_):
            fail.release()
            return b"-ERR [SYS/TEMP] come back later\r\n"
        self.drop.answers[b"LIST"] = busy
        process = self.begin()
        for _ in range(3):
            self.assertTrue(fail.acquire(timeout=LIMIT))
        del self.drop.answers[b"LIST"]
        self.later_sessions_end()
        result = self.end(process)
        self.assertEqual(result.err.count("come back later"), 1)
        self.assertIn("home: works again", result.out.decode())

    def test_a_slow_server_delays_no_other_account(self):
        slow, server = self.maildrop()
        release = threading.Event()
        self.addCleanup(release.set)
        slow.answers[b"USER"] = lambda *_: release.wait(LIMIT) and None
        self.world.configure({"slow": self.account(server, user="bert"), "home": self.account(self.server)})
        process = self.begin()
        self.sessions_end(3)
        self.drop.add(*mail.small(1, seed=65))
        self.later_sessions_end()
        release.set()
        self.end(process)
        self.assertEqual(len(self.world.maildir()), 3)

    def test_the_interval_must_be_a_time(self):
        for text in ("often", "0s"):
            result = self.world.run("watch", "--interval", text)
            self.assertStatus(result, 64)
            self.assertSays(result.err, "--interval", "5m")


class Systemd(UnderSystemd, AtServer):
    def test_it_says_ready_and_alive_and_reloading_and_stopping(self):
        process = self.begin()
        self.assertIn("STATUS=watching 1 account, every 1s", self.heard("READY=1\n"))
        for _ in range(3):
            self.heard("WATCHDOG=1")
        process.send_signal(signal.SIGHUP)
        self.assertRegex(self.heard("RELOADING=1\n"), r"MONOTONIC_USEC=\d+$")
        self.heard("READY=1\n")
        process.send_signal(signal.SIGTERM)
        self.heard("STOPPING=1")
        self.assertStatus(self.world.ended(process), 0)


class InAContainer(AtServer):
    @unittest.skipIf(os.geteuid() != 0 or subprocess.run(
        ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "true"], capture_output=True).returncode != 0,
        "no namespace for processes can be made here")
    def test_as_process_1_it_reaps_what_programs_leave_behind(self):
        os.mkfifo(self.world.path("orphan"))
        script = "cat > ~/taken.$MAILHAUL_ID; (read line < ~/orphan) & exit 0"
        self.configure(deliver={"kind": "mda", "command": ["sh", "-c", script], "allow_root": True})
        self.world.prefix = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
        process = self.begin()
        self.sessions_end()

        def below(pid):
            with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
                return [int(word) for word in file.read().split()]

        watch, = below(process.pid)
        self.assertEqual(len(below(watch)), 2, "the orphans are its children now")
        for orphan in below(watch):
            with open("/proc/%d/stat" % orphan, encoding="ascii") as file:
                self.assertNotIn(") Z ", file.read())
        # Open for reading as well, so that what is written waits for an orphan that has not opened it yet.
        with open(self.world.path("orphan"), "r+b", buffering=0) as fifo:
            fifo.write(b"go\ngo\n")
            end = time.monotonic() + LIMIT
            while below(watch) and time.monotonic() < end:
                self.sessions_end()
        self.assertEqual(below(watch), [])
        os.kill(watch, signal.SIGTERM)
        self.assertStatus(self.world.ended(process), 0)


class Hooks(Case):
    def setUp(self):
        super().setUp()
        self.drop, self.server = self.maildrop(*mail.small(2, seed=71))
        self.log = self.world.path("hook.log")
        self.hook = ["sh", "-c", 'echo "$MAILHAUL_ACCOUNT $MAILHAUL_FETCHED $MAILHAUL_STATUS $MAILHAUL_TROUBLE $MAILHAUL_ERROR" '
                     '>> ~/hook.log; echo said']

    def run_with(self, **keys):
        self.world.configure({"home": self.account(self.server, **keys)})
        return self.world.run()

    def logged(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def test_after_fetch_runs_once_when_mail_has_come(self):
        result = self.run_with(after_fetch=self.hook)
        self.assertStatus(result, 0)
        self.assertNotIn(b"said", result.out)
        self.assertEqual(self.logged(), ["home 2 0  "])
        self.run_with(after_fetch=self.hook)
        self.assertEqual(len(self.logged()), 1)

    def test_on_trouble_runs_when_it_begins_and_when_it_ends(self):
        self.drop.answers[b"LIST"] = lambda *_: b"-ERR [SYS/TEMP] later\r\n"
        for _ in range(3):
            self.assertStatus(self.run_with(on_trouble=self.hook), 75)
        self.drop.behave()
        for _ in range(2):
            self.assertStatus(self.run_with(on_trouble=self.hook), 0)
        begins, ends = self.logged()
        self.assertRegex(begins, r"^home 0 75 begins .*later")
        self.assertRegex(ends, r"^home 2 0 ends .*later")

    def test_a_command_that_fails_is_a_warning(self):
        result = self.run_with(after_fetch=["sh", "-c", "echo broken >&2; exit 3"])
        self.assertStatus(result, 0)
        self.assertSays(result.err, "warning: after_fetch: sh: exit status 3: broken")
        self.drop.add(*mail.small(1, seed=72))
        result = self.run_with(after_fetch="no-such-program")
        self.assertStatus(result, 0)
        self.assertSays(result.err, "warning: after_fetch: no-such-program")

    def test_a_command_may_run_mailhaul(self):
        result = self.run_with(after_fetch=["sh", "-c", "%s state show > ~/hook.log" % os.environ.get("MAILHAUL", "mailhaul")])
        self.assertStatus(result, 0)
        self.assertEqual(len(self.logged()), 3)

    def test_min_interval(self):
        self.assertStatus(self.run_with(min_interval="1h"), 0)
        self.drop.add(*mail.small(1, seed=73))
        result = self.run_with(min_interval="1h")
        self.assertEqual((result.status, result.out, result.err), (0, b"", ""))
        summary = self.json_lines(self.world.run("--json"))[-1]
        self.assertEqual((summary["event"], summary["not_asked"]), ("summary", "min_interval"))
        self.assertEqual(len(self.world.maildir()), 2)
        self.assertStatus(self.run_with(), 0)
        self.assertEqual(len(self.world.maildir()), 3)


if __name__ == "__main__":
    unittest.main()
