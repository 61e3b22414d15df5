# SPDX-License-Identifier: MIT
"""Ctrl-Z and fg while `login` waits for a pasted address or a token: no part of what is typed is ever shown."""
import fcntl
import os
import re
import select
import signal
import subprocess
import termios
import threading
import time
import unittest
import urllib.parse
import urllib.request

from crash import strace
from support.py import terminal
from support.py.oauth import AtTerminal, OAuthCase
from support.py.provider import Family
from support.py.world import LIMIT, MAILHAUL


class Prompts(OAuthCase):
    def shell(self):
        shell = AtTerminal(self.world, "--norc", "--noprofile", "-i", program="bash")
        shell.type("PS1='ready> '\n")
        shell.expect(rb"\r?\nready> ")
        return shell

    def stop_and_go_on(self, shell, typed):
        """Types a part of the answer, stops the program, uses the shell, and lets the program go on."""
        shell.type(typed)
        shell.screen = b""
        shell.type("\x1a")
        shell.expect(rb"Stopped[^\n]*\r\n.*ready> ")
        self.assertNotIn(typed.encode(), shell.screen)
        shell.type("stty -a | grep -owE -- '-(echo|icanon)'; echo the shell is as it was\n")
        shell.expect(rb"\r\nthe shell is as it was\r\n.*ready> ")
        self.assertNotRegex(shell.screen, rb"\r\n-(echo|icanon)\r")
        shell.screen = b""
        shell.type("fg\n")

    def wait_until_it_reads(self, shell):
        """Waits until the program has the terminal again, and its answer to nonsense shows that it reads from there."""
        end = time.monotonic() + LIMIT
        while (termios.tcgetattr(shell.master)[3] & (termios.ECHO | termios.ICANON)) != termios.ICANON:
            self.assertLess(time.monotonic(), end, shell.screen)
        while b"has no code in it" not in shell.screen:
            self.assertLess(time.monotonic(), end, shell.screen)
            shell.type("nonsense\n")  # it may be discarded with what was typed before
            if select.select([shell.master], [], [], 0.1)[0]:
                shell.screen += os.read(shell.master, 65536)
        self.assertNotIn(b"nonsense", shell.screen)

    def ended(self, shell):
        shell.expect(rb"home: logged in as anna\r\n.*ready> $")
        said = shell.screen
        shell.type("stty -a | grep -owE -- '-(echo|icanon)'; exit\n")
        shell.end()
        self.assertNotRegex(shell.screen, rb"\r\n-(echo|icanon)\r")
        self.assertTrue(self.token_file.exists())
        return said

    def test_a_pasted_address(self):
        self.provide(oauth={"device_url": None})
        shell = self.shell()
        shell.type("%s login home\n" % MAILHAUL)
        back = self.browse(shell.expect(rb"(https://\S+/authorize\S+)\r"))
        shell.expect(rb"It is not shown\.\r\n")
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(back).query)["code"][0]
        half = back[:back.index(code) + len(code) // 2]
        for _ in range(2):
            self.stop_and_go_on(shell, half)
            self.wait_until_it_reads(shell)
        shell.type(back + "\n")
        said = self.ended(shell)
        self.assertNotIn(b"code-", said)
        self.assertNoSecret(said)

    def test_a_token(self):
        self.provide()
        token = self.provider.issue(Family(), 1)["refresh_token"]
        shell = self.shell()
        shell.type("%s login --token - home\n" % MAILHAUL)
        for _ in range(2):
            shell.expect(rb"It is not shown\. $")
            self.stop_and_go_on(shell, token[:12])
        shell.expect(rb"It is not shown\. $")
        shell.type(token + "\n")
        said = self.ended(shell)
        self.assertNotIn(token[:12].encode(), said)

    def test_a_second_signal_ends_at_once_and_leaves_the_echo_on(self):
        self.provide()
        asked, goes_on = threading.Event(), threading.Event()
        self.addCleanup(goes_on.set)

        def slow(_):
            asked.set()
            goes_on.wait()
            return 400, {}, {"error": "authorization_pending"}

        self.provider.special["/token"] = [slow]
        run = AtTerminal(self.world, "login", "home")
        run.expect(rb"mailhaul waits until you have agreed")
        asked.wait()
        self.assertFalse(termios.tcgetattr(run.master)[3] & termios.ECHO)
        # The program gets SIGINT and SIGTERM at the same moment.
        for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
            run.process.send_signal(number)
        self.assertIn(run.process.wait(), (128 + signal.SIGINT, 128 + signal.SIGTERM))
        self.assertTrue(termios.tcgetattr(run.master)[3] & termios.ECHO)
        goes_on.set()
        run.end()

    @unittest.skipUnless(strace.usable(), "strace is not here or may not trace")
    def test_a_second_signal_while_the_prompt_ends_leaves_the_echo_on_too(self):
        self.provide()
        log = self.world.path("log")

        def stopped(prefix):
            run = AtTerminal(self.world, *prefix[1:], MAILHAUL, "login", "--token", "-", "home", program=prefix[0])
            run.expect(rb"It is not shown\. $")
            run.type("\x03")
            ended = run.process.wait(LIMIT)
            echo = termios.tcgetattr(run.master)[3] & termios.ECHO
            run.end()
            return ended, echo

        status, echo = stopped(strace.recording(log, ["rt_sigaction"]))
        self.assertTrue(echo)
        # strace counts the calls of each thread, and the first thread asks for the token.
        lines = log.read_text().splitlines()
        calls = [line for line in lines if line.startswith(lines[0].split()[0]) and "rt_sigaction(" in line]
        last = max(number for number, call in enumerate(calls, 1) if "(SIGTSTP," in call)
        ended, echo = stopped(strace.injecting("rt_sigaction", "signal=TERM:when=%d" % last))
        self.assertNotEqual(ended, status)
        self.assertTrue(echo)

    @unittest.skipUnless(strace.usable(), "strace is not here or may not trace")
    def test_when_the_terminal_is_gone_the_browser_is_waited_for_and_nothing_else(self):
        self.provide(oauth={"device_url": None})
        log, said = self.world.path("log"), self.world.path("said")
        master, slave = terminal.opened()

        def prepare():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does

        with open(said, "wb") as file:
            process = subprocess.Popen(strace.recording(log, ["read"]) + [MAILHAUL, "login", "home"], stdin=slave, stdout=file,
                                       stderr=file, env=self.world.env, start_new_session=True, preexec_fn=prepare)
        self.addCleanup(process.kill)
        os.close(slave)
        end = time.monotonic() + LIMIT
        while not (url := re.search(rb"(https://\S+/authorize\S+)\n.*It is not shown", said.read_bytes(), re.DOTALL)):
            self.assertIsNone(process.poll(), said.read_bytes())
            self.assertLess(time.monotonic(), end, said.read_bytes())
        os.close(master)
        urllib.request.urlopen(self.browse(url[1].decode())).close()
        self.assertEqual(process.wait(), 0, said.read_bytes())
        self.assertLess(log.read_text().count("</dev/tty>"), 5)
        self.assertTrue(self.token_file.exists())


if __name__ == "__main__":
    unittest.main()
