# SPDX-License-Identifier: MIT
"""The sample files in the peers' packages: each is either taken over completely, or refused with the reason."""
import configparser
import gzip
import pathlib
import re
import unittest

from app import import_test

DOC = pathlib.Path("/usr/share/doc")


class Samples(import_test.Import):
    def sample(self, name):
        file = DOC / name
        if not file.exists():
            self.skipTest("there is no %s here: the package is missing, or is installed without its documentation" % file)
        return file

    def taken_over(self, program, file, *accounts):
        """Asserts that import --print finds accounts with these servers. Returns its output and its errors."""
        result = self.world.run("import", program, file, "--print")
        self.assertStatus(result, 0)
        text = result.out.decode()
        self.assertSays(text, "%d account%s found" % (len(accounts), "" if len(accounts) == 1 else "s"), "nothing was written",
                        *('"server": "%s"' % server for server in accounts))
        self.assertFalse(self.world.config.exists())
        return text, result.err

    def refused(self, program, file, *says):
        result = self.world.run("import", program, file, "--print")
        self.assertStatus(result, 78)
        self.assertSays(result.err, *says)
        self.assertEqual(result.out, b"")

    def test_fdm_with_pop3(self):
        text, said = self.taken_over("fdm", self.sample("fdm/examples/g-lando.conf"), "pop3s://pop.gmail.com")
        self.assertSays(said, "g-lando.conf:35: account stdin does not use POP3", "g-lando.conf:38: exec is not supported",
                        "g-lando.conf:43: a rule depends on the content", "account gmail is switched off")
        text, said = self.taken_over("fdm", self.sample("fdm/examples/w-maier.conf"), "pop3s://mail.messagingengine.com",
                                     "pop3s://wiscmail.wisc.edu", "pop3s://pop.googlemail.com")
        self.assertSays(text, '"max_size": 10485760', ".maildir/Inbox")
        self.assertSays(said, "w-maier.conf:100: fdm does not check the certificate")

    def test_fdm_without_pop3(self):
        for name, account in (("n-marriott.conf", "gmail.nicholas.marriott"), ("t-ulmer.conf", "tmux")):
            self.refused("fdm", self.sample("fdm/examples/" + name), account + " does not use POP3",
                         "no account that mailhaul could take over")

    def test_fdm_with_files_that_are_not_here(self):
        """fdm refuses this file, too, because it includes files of its author."""
        self.refused("fdm", self.sample("fdm/examples/f-terbeck.conf"), "f-terbeck.conf:", "nothing was taken over")

    def test_mpop(self):
        text, said = self.taken_over("mpop", self.sample("mpop/examples/mpoprc.example"), "pop3://pop.freemail.example",
                                     "pop3://mail.company.example", "pop3://pop.freemail.example")
        self.assertSays(text, '"user": "joe.smith"', '"user": "joey"', "gpg2 --no-tty -q -d ~/.mpop-password.gpg", "Mail/inbox")
        self.assertSays(said, "password of company12345", "filter is not supported")

    def test_fetchmail(self):
        """The servers in this file are comments."""
        self.refused("fetchmail", self.sample("fetchmail/examples/fetchmailrc.example"), "no account that mailhaul could take over")

    def test_getmail(self):
        """One file contains several, separated by headings. Each must be read as Python's reader of such
        files reads it."""
        examples = re.split(r"(?m)^#\n# Example \d+:", gzip.open(self.sample("getmail6/getmailrc-examples.gz"), "rt").read())[1:]
        self.assertGreater(len(examples), 10)
        for number, text in enumerate(examples):
            with self.subTest(example=number):
                file = self.write("example-%d" % number, "#" + text)
                wanted = configparser.RawConfigParser(strict=False)
                wanted.read_string("#" + text)
                kind, server = wanted["retriever"]["type"], wanted["retriever"]["server"]
                if "IMAP" in kind:
                    self.refused("getmail", file, kind + " was not taken over", "mailhaul fetches over POP3 only")
                    continue
                text, said = self.taken_over("getmail", file, ("pop3s://" if "SSL" in kind else "pop3://") + server)
                self.assertSays(text, '"user": "%s"' % wanted["retriever"]["username"])
                if wanted["destination"].get("path", "").startswith("~jeffp"):
                    self.assertSays(said, "~jeffp", "is in the home directory of a user who does not exist here", "switched off")


if __name__ == "__main__":
    unittest.main()
