# SPDX-License-Identifier: MIT
"""Delivery to standard output of every kind: mail is removed from the server only if it was certainly read."""
import socket
import sys
import unittest

from support.py import mail
from support.py.world import Case

REDIRECT = "import os, sys; os.dup2(%d, 1); os.execv(sys.argv[1], sys.argv[1:])"


class Stdout(Case):
    def setUp(self):
        super().setUp()
        self.drop, self.server = self.maildrop(*mail.small(3))
        self.world.configure({"home": self.account(self.server, deliver="stdout")})

    def into(self, redirection, *words):
        self.world.prefix = ["sh", "-c", 'exec "$@" ' + redirection, "sh"]
        return self.world.run(*words)

    def into_socket(self, end, *words):
        self.world.prefix = [sys.executable, "-c", REDIRECT % end.fileno()]
        return self.world.start(*words, pass_fds=[end.fileno()])

    def ends(self, process, status, *words):
        result = self.world.ended(process)
        self.assertStatus(result, status)
        self.assertSays(result.err, *words)

    def untouched(self):
        self.assertEqual(len(self.drop.uids()), 3)

    def test_a_closed_one_is_refused(self):
        for words in (("-K",), ()):
            result = self.into(">&-", *words)
            self.assertStatus(result, 64)
            self.assertHint(result, "standard output is closed")
            self.untouched()
        self.assertStatus(self.into(">&-", "get", "home", "uid-000001"), 74)

    def test_a_summary_that_cannot_be_written_is_an_error_and_the_mail_is_here(self):
        for redirection, words in ((">&-", ()), ("> /dev/full", ()), ("> /dev/full", ("--json",)),
                                   ("> /dev/full", ("-v", "-a"))):
            with self.subTest(redirection=redirection, words=words):
                before = len(self.world.maildir())
                result = self.into(redirection, "-k", "-a", "--deliver", "maildir:~/Mail", *words)
                self.assertStatus(result, 74)
                self.assertSays(result.err, "cannot write standard output")
                self.assertEqual(len(self.world.maildir()), before + 3)

    def test_nothing_to_say_needs_no_standard_output(self):
        self.assertStatus(self.into("> /dev/full", "-q", "--deliver", "maildir:~/Mail"), 0)
        self.assertStatus(self.into("> /dev/full", "--deliver", "maildir:~/Mail"), 0)

    def test_a_reader_that_went_away_is_no_error(self):
        self.world.prefix = ["sh", "-c", 'mkfifo gone; exec 3<> gone 4> gone 3>&-; exec "$@" >&4', "sh"]
        for words in (("--deliver", "maildir:~/Mail", "-k"), ("list", "home"), ("list", "home", "--json"), ("check",),
                      ("-n",), ("state", "show"), ("get", "home", "uid-000001")):
            with self.subTest(words):
                (self.world.root / "gone").unlink(missing_ok=True)
                result = self.world.run(*words)
                self.assertEqual((result.status, result.err), (0, ""))
        self.assertEqual(len(self.world.maildir()), 3)

    def test_one_that_keeps_nothing_removes_nothing(self):
        for words in (("-K",), (), ("-q", "--deliver", "maildir:~/Mail", "--deliver", "stdout")):
            result = self.into("> /dev/null", *words)
            self.assertStatus(result, 64)
            self.assertHint(result, "/dev/null, which keeps nothing", "mailhaul list")
            self.untouched()
        self.assertStatus(self.into("> /dev/null", "-n"), 0)
        self.world.prefix = []
        self.assertSays(self.world.run("check").out.decode(), "3 new")

    def test_list_says_where_it_went(self):
        self.assertStatus(self.into('> "$HOME/out"'), 0)
        self.world.prefix = []
        self.assertStatus(self.world.run("state", "mark-seen", "home", "uid-000002"), 0)
        reasons = {row["uid"]: row["reason"] for row in self.json_lines(self.world.run("--json", "list"))}
        self.assertEqual(reasons, {"uid-000001": "handed to standard output", "uid-000002": "marked as seen",
                                   "uid-000003": "handed to standard output"})
        self.assertSays(self.world.run("list").out.decode(), "handed to standard output")

    def test_a_file_keeps_it(self):
        file = self.world.path("out")
        self.assertStatus(self.into('> "$HOME/out"', "-K"), 0)
        self.assertEqual(len(list(mail.entries(file.read_bytes()))), 3)
        self.assertEqual(self.drop.uids(), [])

    def test_mail_in_a_maildir_stays_delivered_when_it_is_also_written(self):
        self.assertStatus(self.world.run("-k", "--deliver", "maildir:~/Mail"), 0)
        self.assertStatus(self.into('> "$HOME/out"', "-a"), 0)
        self.assertEqual(len(list(mail.entries(self.world.path("out").read_bytes()))), 3)
        self.assertStatus(self.world.run("--deliver", "maildir:~/Mail"), 0)
        self.assertEqual((len(self.world.maildir()), self.drop.uids()), (3, []))

    def test_what_a_maildir_has_stays_delivered_when_only_the_reader_was_missing(self):
        self.world.configure({"home": self.account(self.server, deliver=["maildir:~/Mail", "stdout"], leave_on_server=True)})
        ours, theirs = socket.socketpair()
        with theirs:
            process = self.into_socket(theirs)
        ours.close()
        self.assertStatus(self.world.ended(process), 74)
        self.assertEqual(len(self.world.maildir()), 3)
        self.assertStatus(self.into('> "$HOME/out"'), 0)
        self.assertStatus(self.world.run("-K", "--deliver", "maildir:~/Mail"), 0)
        self.assertEqual((len(self.world.maildir()), self.drop.uids()), (3, []))

    def test_a_socket_that_is_read(self):
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                process = self.into_socket(theirs, "-K")
            with ours.makefile("rb") as stream:
                text = stream.read()
            self.ends(process, 0)
        self.assertEqual(len(list(mail.entries(text))), 3)
        self.assertEqual(self.drop.uids(), [])

    def test_a_socket_whose_reader_goes_without_reading(self):
        ours, theirs = socket.socketpair()
        with theirs:
            process = self.into_socket(theirs, "-K")
        with ours:
            while 0 < len(seen := ours.recv(65536, socket.MSG_PEEK)) and seen.count(b"\nFrom ") < 2:
                pass
        self.ends(process, 74, "home", "reader has gone", "hint:")
        self.untouched()

    def test_one_beyond_this_machine_cannot_tell(self):
        with socket.create_server(("127.0.0.1", 0)) as listener, \
                socket.create_connection(listener.getsockname()) as end:
            self.ends(self.into_socket(end, "-K"), 64, "neither a pipe nor a file", "hint:")
        self.untouched()


if __name__ == "__main__":
    unittest.main()
