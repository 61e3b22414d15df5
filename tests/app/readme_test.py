# SPDX-License-Identifier: MIT
"""The capture in README.md shows what the program prints: from an address to the first mail, in an internet on
loopback."""
import pathlib
import re
import threading
import unittest

from support.py.newcomer import AUTOCONFIG, CONFIG_XML, InitCase
from support.py.screen import Screen, needed
from support.py.terminal import AtTerminal
from support.py.world import LIMIT

README = pathlib.Path(__file__).parents[2] / "README.md"
MAIL = (("The library <loans@library.example>", "Two books are due on Friday", 1_400, 2),
        ("The choir <choir@example.net>", "Photos of the concert", 6_000_000, 3),
        ("City waterworks <bills@water.example>", "Your bill for October", 48_000, 5))


def messages():
    line = b"x" * 70 + b"\r\n"
    for sender, subject, size, day in MAIL:
        head = "From: %s\r\nTo: anna@example.org\r\nSubject: %s\r\nDate: Mon, %d Nov 2024 08:00:00 +0000\r\n\r\n" % (
            sender, subject, day)
        yield head.encode() + line * (size // len(line))


def lasting(text):
    """The text without what differs from run to run: how long a fetch took, and how fast it was."""
    text = re.sub(r"in \d+\.\d s", "in 0.1 s", text)
    return re.sub(r"( MB of .* MB)  .*", r"\1", text)


@needed
class Capture(InitCase):
    def shown(self, text):
        return "".join(line.rstrip() + "\n" for line in text.replace(str(self.world.home), "/home/anna").rstrip().splitlines())

    def newcomer(self):
        """The dialogue of init, as it stands on the screen."""
        self.pages.pages["autoconfig.example.org", CONFIG_XML] = AUTOCONFIG % "pop.example.org"
        run = AtTerminal(self.world, "init", "anna@example.org", *map(str, self.options))
        screen = b""
        for question, answer in ((rb"Log in there\?[^\n]*\] ", ""), (rb"Password for anna: ", "secret"),
                                 (rb"Where should the mail go[^\n]*\] ", ""), (rb"on the server after[^\n]*\? [^\n]*\] ", "")):
            run.expect(question)
            screen, run.screen = screen + run.screen, b""
            run.type(answer + "\n")
        self.assertEqual(run.end(), 0, run.screen)
        return self.shown((screen + run.screen).decode())

    def command(self, words):
        screen = Screen(self, *words.split()[1:], before="$ " + words, size=(40, 100))
        self.assertEqual(screen.end(), 0)
        return self.shown(screen.text())

    def live(self):
        """Fetches, and stops half way in the second message. Returns the live line at that time, and the end."""
        gate = threading.Event()
        self.addCleanup(gate.set)

        def answer(session, argument):
            if argument == b"2":
                wire = session.messages[1].wire
                session.connection.send(b"+OK\r\n" + wire[:len(wire) // 2])
                gate.wait(LIMIT)
                return wire[len(wire) // 2:] + b".\r\n"
            return None

        self.drop.answers[b"RETR"] = answer
        screen = Screen(self, before="$ mailhaul", size=(40, 100))
        screen.wait_for("1/3 messages  2.9 MB of 5.8 MB")
        during = self.shown(screen.text())
        gate.set()
        self.assertEqual(screen.end(), 0)
        return during + self.shown(screen.text()).partition("\n")[2]

    def test_it_is_what_the_program_says(self):
        self.mailbox()
        self.drop.messages.clear()
        self.drop.add(*messages())
        said = "$ mailhaul init anna@example.org\n" + self.newcomer() + self.command("mailhaul list --new") + self.live() + \
            self.command("mailhaul check")
        kept = re.search(r"```console\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
        self.assertIsNotNone(kept, "README.md has no capture:\n" + said)
        self.assertEqual(lasting(said), lasting(kept[1]), "in README.md it should be:\n" + said)


if __name__ == "__main__":
    unittest.main()
