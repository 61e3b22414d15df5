# SPDX-License-Identifier: MIT
"""What users and programs see: a live line at a terminal, silence under cron, JSON for scripts, no foreign escapes."""
import fcntl
import os
import re
import signal
import subprocess
import termios
import unittest

from support.py import mail, terminal
from support.py.world import LIMIT, MAILHAUL, Case

DOCUMENTED = {"event", "account", "uid", "number", "bytes", "action", "reason", "deliver", "status", "error", "hint",
              "listed", "fetched", "failed", "removed", "left", "waiting",
              "waiting_bytes", "seconds", "time", "path", "paths", "message_id", "from", "subject", "from_raw", "subject_raw"}
CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")


def at_a_terminal(world, *words, typed=b"", when=None, size=(24, 100), term="xterm-256color"):
    """Runs the program under a pty; returns (status, screen output). `typed` is typed after the text `when` appears."""
    master, slave = terminal.opened(size)
    process = subprocess.Popen([MAILHAUL, *words], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                               env={**world.env, "TERM": term}, cwd=world.root,
                               preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(slave)
    screen = terminal.read_to_the_end(master, process, typed, when)
    return process.returncode, screen


class Terminal(Case):
    def test_a_progress_line_and_a_summary(self):
        self.prepared(*mail.small(30), mail.sized(6000000), mail.sized(6000000, 2))
        status, screen = at_a_terminal(self.world)
        self.assertEqual(status, 0, screen)
        self.assertIn(b"home", screen)
        self.assertTrue(b"\r" in screen.replace(b"\r\n", b"\n"), "a line that is drawn again: %r" % screen)
        last = [line for line in screen.replace(b"\r\n", b"\n").split(b"\n") if line.strip()][-1]
        self.assertIn(b"32", last)
        self.assertFalse(screen.rstrip(b"\r\n").endswith(b"\x1b[K"), "the cursor is left on a clean line")

    def test_progress_never_draws_nothing(self):
        self.prepared(*mail.small(3), mail.sized(3000000))
        status, screen = at_a_terminal(self.world, "--progress", "never", "--color", "never")
        self.assertEqual(status, 0)
        self.assertNotIn(b"\x1b", screen)
        self.assertNotIn(b"\r", screen.replace(b"\r\n", b"\n"))

    def test_no_color_is_respected(self):
        self.prepared(*mail.small(3))
        self.world.env["NO_COLOR"] = "1"
        _, screen = at_a_terminal(self.world)
        self.assertNotRegex(screen, rb"\x1b\[[0-9;]*m")

    def said_to(self, journal, *words):
        """What is written to standard error; $JOURNAL_STREAM names it only if `journal` is true."""
        with open(self.world.path("err"), "w+b") as err, open(self.world.path("other"), "wb") as other:
            stream = os.fstat((err if journal else other).fileno())
            subprocess.run([MAILHAUL, *words], stdout=subprocess.DEVNULL, stderr=err, check=False, cwd=self.world.root,
                           env={**self.world.env, "JOURNAL_STREAM": "%d:%d" % (stream.st_dev, stream.st_ino)})
            err.seek(0)
            return err.read().decode().splitlines()

    def test_in_the_journal_each_line_has_its_priority(self):
        self.prepared(*mail.small(1), leave_on_server=True, log="x")
        lines = self.said_to(True)  # the place of the mistake, the line and a hint
        self.assertGreater(len(lines), 2)
        self.assertEqual({line[:3] for line in lines}, {"<3>"}, lines)
        self.assertFalse([line for line in self.said_to(False) if line.startswith("<")])
        self.world.path("file").touch()
        _, server = self.maildrop(*mail.small(1))
        self.world.configure({"home": self.account(server)}, log="~/file/log")
        lines = self.said_to(True, "-vv")
        warning, = [number for number, line in enumerate(lines) if line.startswith("<4>mailhaul: warning: the log cannot")]
        self.assertTrue(lines[warning + 1].startswith("<4>  hint: "), lines)
        self.assertIn("<6>home > QUIT", lines)
        self.assertEqual({line[:3] for line in lines}, {"<4>", "<6>"})

    def test_a_password_is_asked_for_without_echo(self):
        drop, server = self.maildrop(*mail.small(1))
        account = self.account(server)
        del account["password"]
        self.world.configure({"home": account})
        status, screen = at_a_terminal(self.world, typed=b"secret\n", when=b":")
        self.assertEqual(status, 0, screen)
        self.assertNotIn(b"secret", screen)
        self.assertEqual(drop.uids(), [])

    def asking(self, *messages):
        drop, server = self.maildrop(*messages)
        account = self.account(server)
        del account["password"]
        self.world.configure({"home": account})
        return drop

    def test_a_refused_password_is_asked_for_again(self):
        drop = self.asking(*mail.small(2))
        run = terminal.AtTerminal(self.world)
        run.expect(rb"\(home\): ")
        for wrong in ("geheim1\n", "geheim2\n"):
            run.screen = b""
            run.type(wrong)
            run.expect(rb"home: 127.0.0.1:\d+ refused the login of anna: \[AUTH\] no such user[^\r]*\r\n"
                       rb"password for anna at 127.0.0.1 \(home\): ")
        run.type("secret\n")
        self.assertEqual(run.end(), 0, run.screen)
        self.assertNotRegex(run.screen, rb"geheim|secret")
        self.assertEqual(drop.uids(), [])
        # Only the last attempt counts, so no pause begins.
        self.assertEqual(self.world.run("fetch", "--password-env", "PW", env={"PW": "secret"}).status, 0)

    def test_only_a_refusal_of_the_password_asks_for_another(self):
        for words, asks in ((b"login failed", True), (b"[SYS/TEMP] login failed", False)):
            with self.subTest(words):
                self.begin_anew()
                drop = self.asking(*mail.small(1))
                drop.answers[b"PASS"] = lambda session, typed, words=words: None if typed == b"secret" else b"-ERR " + words + b"\r\n"
                run = terminal.AtTerminal(self.world)
                run.expect(rb"\(home\): ")
                run.screen = b""
                run.type("geheim\n")
                if asks:
                    run.expect(rb"home: 127.0.0.1:\d+ refused the login of anna: login failed[^\r]*\r\npassword for anna at [^\r]*: ")
                    run.type("secret\n")
                self.assertEqual(run.end(), 0 if asks else 75, run.screen)
                self.assertEqual(len(drop.uids()), 0 if asks else 1)

    def test_an_empty_password_is_asked_for_again_and_not_sent(self):
        drop = self.asking(*mail.small(1))
        tried = []
        drop.answers[b"PASS"] = lambda session, argument: tried.append(argument)
        run = terminal.AtTerminal(self.world)
        run.expect(rb"\(home\): ")
        run.type("\n")
        run.expect(rb"nothing was typed; password for anna at 127.0.0.1 \(home\): ")
        run.type("secret\n")
        self.assertEqual(run.end(), 0, run.screen)
        self.assertEqual((tried, drop.uids()), ([b"secret"], []))
        run = terminal.AtTerminal(self.world)
        run.expect(rb"\(home\): ")
        for number in range(3):
            run.screen = b""
            run.type("\n")
            if number != 2:
                run.expect(rb"nothing was typed; password")
        self.assertEqual(run.end(), 78, run.screen)
        self.assertIn(b"is empty", run.screen)
        self.assertEqual(tried, [b"secret"])

    def test_a_password_is_asked_for_three_times_at_most(self):
        drop = self.asking(*mail.small(1))
        tried = []
        drop.answers[b"PASS"] = lambda session, argument: tried.append(argument)
        run = terminal.AtTerminal(self.world)
        for number in range(3):
            run.expect(rb"\(home\): ")
            run.screen = b""
            run.type("wrong%d\n" % number)
        self.assertEqual(run.end(), 77, run.screen)
        self.assertEqual(tried, [b"wrong0", b"wrong1", b"wrong2"])

    def test_a_password_of_any_bytes(self):
        password = b" \t\x01!\"\\\x80\xff '"
        drop, server = self.maildrop(*mail.small(1), password=password)
        account = self.account(server)
        del account["password"]
        for keys in ({"password_command": ["cat", str(self.world.path("pw"))]}, {"password_file": "pw"}):
            self.world.path("pw").write_bytes(password + b"\n")
            self.world.path("pw").chmod(0o600)
            self.world.configure({"home": {**account, **keys}})
            self.assertStatus(self.world.run(), 0)
        self.assertEqual(drop.uids(), [])

    def test_after_ctrl_z_and_fg_the_password_is_still_not_echoed(self):
        drop = self.asking(*mail.small(1))
        shell = terminal.AtTerminal(self.world, "--norc", "--noprofile", "-i", program="bash")
        shell.type("PS1='ready> '\n")
        shell.expect(rb"\r?\nready> ")
        shell.type("%s fetch --progress never\n" % MAILHAUL)
        for _ in range(2):
            shell.expect(rb"\(home\): $")
            shell.type("sec")
            shell.screen = b""
            shell.type("\x1a")
            shell.expect(rb"Stopped[^\n]*\r\n.*ready> ")
            # The terminal is as it was before, so the shell shows what is typed.
            shell.type("stty -a | grep -ow -- -echo; echo its echo is on\n")
            shell.expect(rb"\r\nits echo is on\r\n.*ready> ")
            self.assertNotIn(b"\r\n-echo", shell.screen)
            shell.screen = b""
            shell.type("fg\n")
        shell.expect(rb"\(home\): $")
        shell.screen = b""
        shell.type("secret\n")
        shell.expect(rb"ready> $")
        shell.type("exit\n")
        shell.end()
        self.assertNotIn(b"sec", shell.screen)
        self.assertEqual(drop.uids(), [])

    def test_a_dumb_terminal_gets_no_codes(self):
        self.prepared(*mail.small(3))
        status, screen = at_a_terminal(self.world, term="dumb")
        self.assertEqual(status, 0, screen)
        self.assertNotIn(b"\x1b", screen)

    def test_an_empty_mailbox_is_said_to_be_empty(self):
        self.prepared()
        self.assertEqual(at_a_terminal(self.world, "list", "home", "--progress", "never"), (0, b"home: no messages\r\n"))
        self.assertEqual(self.world.run("list", "home").out, b"")

    def test_stopped_at_the_question_the_cursor_is_on_a_new_line(self):
        _, server = self.maildrop(*mail.small(1))
        account = self.account(server)
        del account["password"]
        self.world.configure({"home": account})
        status, screen = at_a_terminal(self.world, typed=b"\x03", when=b"(home): ")
        self.assertEqual(status, 130)
        self.assertRegex(screen, rb"\(home\): (\^C)?\r\n")

    def test_a_signal_at_the_question_decides_the_status(self):
        self.asking(*mail.small(1))
        for words, number, status in ((("fetch",), signal.SIGTERM, 143), (("fetch",), signal.SIGHUP, 129),
                                      (("fetch",), signal.SIGINT, 130), (("watch",), signal.SIGTERM, 0)):
            with self.subTest((words, number)):
                run = terminal.AtTerminal(self.world, *words)
                run.expect(rb"\(home\): ")
                run.process.send_signal(number)
                self.assertEqual(run.end(), status, run.screen)

    def test_ctrl_backslash_at_the_question_leaves_the_echo_on(self):
        self.asking(*mail.small(1))
        run = terminal.AtTerminal(self.world)
        run.expect(rb"\(home\): ")
        self.assertFalse(termios.tcgetattr(run.master)[3] & termios.ECHO)
        run.type("\x1c")
        self.assertEqual(run.process.wait(LIMIT), -signal.SIGQUIT)
        self.assertTrue(termios.tcgetattr(run.master)[3] & termios.ECHO)
        run.end()

    def test_sigquit_stays_ignored_at_the_question(self):
        drop = self.asking(*mail.small(1))
        run = terminal.AtTerminal(self.world, "-c", "trap '' QUIT; exec \"$0\"", MAILHAUL, program="sh")
        run.expect(rb"\(home\): ")
        run.process.send_signal(signal.SIGQUIT)
        run.type("secret\n")
        self.assertEqual(run.end(), 0, run.screen)
        self.assertEqual(drop.uids(), [])

    def test_an_mbox_stream_is_refused_at_a_terminal(self):
        self.prepared(*mail.small(1))
        status, _ = at_a_terminal(self.world, "fetch", "--deliver", "stdout")
        self.assertEqual(status, 64)


class Cron(Case):
    def test_one_line_per_account_that_had_mail_and_no_control_codes(self):
        drop, server = self.maildrop(*mail.small(7), mail.sized(2000000))
        self.world.configure({"home": self.account(server)})
        result = self.world.run()
        self.assertStatus(result, 0)
        self.assertEqual(result.out.count(b"\n"), 1, result.out)
        self.assertSays(result.out.decode(), "home", "8")
        self.assertIsNone(CONTROL.search(result.out))
        self.assertEqual(result.err, "")
        again = self.world.run()
        self.assertEqual((again.status, again.out, again.err), (0, b"", ""))

    def test_quiet_is_silent_with_and_without_mail(self):
        for switch in ("-q", "-s", "--quiet"):
            self.begin_anew()
            drop, server = self.maildrop(*mail.small(2))
            self.world.configure({"home": self.account(server)})
            for _ in range(2):
                result = self.world.run(switch)
                self.assertEqual((result.status, result.out, result.err), (0, b"", ""))
            self.assertEqual(drop.uids(), [])

    def test_quiet_keeps_temporary_trouble_to_itself_for_a_day(self):
        drop, server = self.maildrop()
        drop.greeting = b"-ERR [SYS/TEMP] later\r\n"
        self.world.configure({"home": self.account(server)})
        result = self.world.run("-q")
        self.assertEqual((result.status, result.out, result.err), (75, b"", ""))

    def test_quiet_tells_what_is_wrong_for_good(self):
        _, server = self.maildrop()
        self.world.configure({"home": self.account(server, password="drowssap")})
        result = self.world.run("-q")
        self.assertStatus(result, 77)
        self.assertSays(result.err, "home")

    def test_a_message_too_large_is_told_once_when_quiet(self):
        drop, server = self.maildrop(*mail.small(1), mail.sized(50000))
        self.world.configure({"home": self.account(server, max_size="10k")})
        first, second = self.world.run("-q"), self.world.run("-q")
        self.assertEqual((first.status, second.status), (0, 0))
        self.assertSays(first.err, "home", ("max_size", "larger", "large"))
        self.assertEqual(second.err, "")
        self.assertEqual(len(drop.uids()), 1)


class Escapes(Case):
    EVIL = b"\x1b]0;owned\x07\x1b[31m\x9b1m\x08\xc2\x9b"

    def clean(self, *words, status=None):
        result = self.world.run(*words)
        if status is not None:
            self.assertStatus(result, status)
        for text in (result.out, result.err.encode("utf-8", "surrogateescape")):
            self.assertIsNone(CONTROL.search(text), text)
            self.assertNotIn(b"\x9b", text)
        return result

    def test_nothing_a_server_says_reaches_the_terminal_raw(self):
        drop, server = self.maildrop(b"From: " + self.EVIL + b"\r\nSubject: " + self.EVIL + b"\r\n\r\nx\r\n",
                                     *mail.small(2))
        drop.greeting = b"+OK " + self.EVIL + b"\r\n"
        drop.messages[1].uid = self.EVIL
        self.world.configure({"home": self.account(server, leave_on_server=True)})
        for words in (("check",), ("list", "home"), ("list", "home", "--json"), ("-n",), ("check", "-vv")):
            self.clean(*words, status=0)
        drop.answers[b"RETR"] = lambda session, argument: b"-ERR " + self.EVIL + b"\r\n"
        self.clean()
        self.clean("--json")
        drop.greeting = b"-ERR " + self.EVIL + b"\r\n"
        self.clean()
        self.clean("check", "--json")

    def test_escaped_unique_ids_are_read_back(self):
        message = mail.small(1)[0]
        drop, server = self.maildrop(message)
        drop.messages[0].uid = b"\x1b[31m"
        self.world.configure({"home": self.account(server)})
        result = self.world.run("list", "home")
        self.assertSays(result.out.decode(), "\\x1b[31m")
        got = self.world.run("get", "home", "\\x1b[31m")
        self.assertStatus(got, 0)
        self.assertEqual(got.out, mail.local(message))


class Json(Case):
    def test_every_line_is_an_object_with_documented_fields(self):
        drop, server = self.maildrop(*mail.small(3), mail.sized(50000))
        self.world.configure({"home": self.account(server, max_size="10k")})
        result = self.world.run("--json")
        self.assertStatus(result, 0)
        lines = self.json_lines(result)
        for line in lines:
            self.assertIn(line["event"], ("account", "message", "warning", "error", "summary"))
            self.assertEqual(line.get("account", "home"), "home")
            self.assertFalse(set(line) - DOCUMENTED, line)
        messages = [line for line in lines if line["event"] == "message"]
        self.assertEqual(sorted(line["action"] for line in messages if line["action"] in ("fetch", "skip")),
                         ["fetch"] * 3 + ["skip"])
        self.assertEqual({line["uid"] for line in messages}, {"uid-%06d" % n for n in range(1, 5)})
        summary, = [line for line in lines if line["event"] == "summary"]
        self.assertEqual((summary["listed"], summary["fetched"], summary["failed"], summary["removed"], summary["left"]),
                         (4, 3, 0, 3, 1))
        self.assertEqual(summary["status"], 0)
        for name in ("bytes", "seconds"):
            self.assertIsInstance(summary[name], (int, float))
        for line in (summary, *messages):
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_quiet_leaves_no_error_out(self):
        drop, server = self.maildrop(*mail.small(1))
        drop.answers[b"RETR"] = lambda session, argument: b"-ERR [SYS/TEMP] later\r\n"
        self.world.configure({"home": self.account(server)})
        for _ in range(2):
            result = self.world.run("-q", "--json")
            self.assertStatus(result, 75)
            self.assertEqual([line["status"] for line in self.json_lines(result) if line["event"] == "error"], [75])
        drop.greeting = b"-ERR [SYS/TEMP] later\r\n"
        result = self.world.run("-q", "--json")
        self.assertEqual([line["status"] for line in self.json_lines(result) if line["event"] == "error"], [75])

    def test_errors_come_as_json_too(self):
        _, server = self.maildrop()
        self.world.configure({"home": self.account(server, password="drowssap")})
        result = self.world.run("--json")
        self.assertStatus(result, 77)
        error, = [line for line in self.json_lines(result) if line["event"] == "error"]
        self.assertEqual((error["account"], error["status"]), ("home", 77))
        self.assertSays(error["error"], "no such user, or wrong password")
        self.assertTrue(error["hint"])

    def test_a_broken_configuration_is_json_too(self):
        self.world.write_config("{")
        result = self.world.run("--json")
        self.assertStatus(result, 78)
        error, = self.json_lines(result)
        self.assertEqual((error["event"], error["status"]), ("error", 78))


if __name__ == "__main__":
    unittest.main()
