# SPDX-License-Identifier: MIT
"""Other programs read what mailhaul writes: Python's mailbox, mutt, procmail through formail, maildrop."""
import contextlib
import mailbox
import subprocess
import unittest

from support.py import mail, mutt
from support.py.world import LIMIT, Case


def counted_by_mutt(box, folder):
    """Counts the messages of the mailbox: mutt runs a command for each of them."""
    out = folder / "mutt-count"
    out.write_bytes(b"")
    mutt.run(box, folder, "<tag-pattern>~A<enter><tag-prefix><pipe-message>echo >> %s<enter><exit>" % out, read_only=True)
    return len(out.read_bytes().splitlines())


def counted_by_python(box):
    with contextlib.closing(box):
        return len(box)


class Readers(Case):
    COUNT = 90

    def fetched(self, **keys):
        messages = mail.corpus(self.COUNT, seed=11)
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server, **keys)})
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(drop.uids(), [])
        return messages

    def test_python_reads_the_maildir(self):
        self.fetched()
        self.assertEqual(counted_by_python(mailbox.Maildir(self.world.path("Mail"), create=False)), self.COUNT)

    def test_python_reads_the_mbox(self):
        self.fetched(deliver="mbox:~/mbox")
        self.assertEqual(counted_by_python(mailbox.mbox(self.world.path("mbox"), create=False)), self.COUNT)

    def test_mutt_counts_the_same_in_the_maildir(self):
        self.fetched()
        self.assertEqual(counted_by_mutt(self.world.path("Mail"), self.world.root), self.COUNT)

    def test_mutt_counts_the_same_in_the_mbox(self):
        self.fetched(deliver="mbox:~/mbox")
        self.assertEqual(counted_by_mutt(self.world.path("mbox"), self.world.root), self.COUNT)

    def test_an_mbox_of_somebody_else_is_continued(self):
        """Whatever the last line looks like, existing mail stays and can still be read."""
        old = b"From old@example.org Mon Jan  1 00:00:00 2024\nSubject: old\n\nbody"
        for ending in (b"", b"\n", b"\n\n"):
            with self.subTest(ending=ending):
                self.world.path("mbox").write_bytes(old + ending)
                self.world.path("mbox").chmod(0o600)
                self.fetched(deliver="mbox:~/mbox")
                self.assertTrue(self.world.path("mbox").read_bytes().startswith(old + ending))
                self.assertEqual(counted_by_python(mailbox.mbox(self.world.path("mbox"), create=False)), self.COUNT + 1)

    def test_a_maildir_of_somebody_else_is_continued(self):
        box = mailbox.Maildir(self.world.path("Mail"), create=True)
        box.add(b"Subject: old\n\nold\n")
        self.fetched()
        self.assertEqual(counted_by_python(mailbox.Maildir(self.world.path("Mail"), create=False)), self.COUNT + 1)


class Programs(Case):
    def test_maildrop_gets_every_byte(self):
        messages = [wire for wire in mail.corpus(60, seed=12) if wire]  # maildrop ignores an empty message
        box, filter_ = self.world.path("Drop"), self.world.path("filter")
        subprocess.run(["maildirmake.maildrop", str(box)], check=False, stderr=subprocess.DEVNULL)
        if not box.is_dir():
            mailbox.Maildir(box, create=True)
        filter_.write_text('to "%s"\n' % box)
        filter_.chmod(0o600)
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server, deliver={
            "kind": "mda", "command": ["maildrop", str(filter_)], "allow_root": True})})
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(drop.uids(), [])
        self.assertEqual(len(self.world.maildir("Drop")), len(messages))
        bodies = [self.without_added_header(text) for text in self.world.maildir("Drop")]
        self.assertSameMail(bodies, messages, lambda wire: self.without_added_header(mail.local(wire)))

    @staticmethod
    def without_added_header(text):
        """maildrop drops leading From_ lines; nothing else may differ."""
        return text.split(b"\n", 1)[1] if text.startswith(b"From ") else text

    def test_standard_output_feeds_formail_and_procmail(self):
        messages = mail.small(40, seed=13)
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server)})
        recipes = self.world.path("recipes")
        recipes.write_text("DEFAULT=%s/\nLOGABSTRACT=no\n" % self.world.path("Proc"))
        fetch = self.world.start("fetch", "--deliver", "stdout", "home")
        formail = subprocess.run(["formail", "-Y", "-s", "procmail", "-m", str(recipes)], stdin=fetch.stdout,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT, cwd=self.world.root,
                                 env=self.world.env)
        fetch.stdout.close()
        err = fetch.stderr.read().decode()
        fetch.stderr.close()
        self.assertEqual((fetch.wait(LIMIT), formail.returncode), (0, 0), err)
        self.assertEqual(len(self.world.maildir("Proc")), 40)
        for text in self.world.maildir("Proc"):
            self.assertIn(b"Subject: message", text)
        self.assertEqual(len(drop.uids()), 40, "standard output removes nothing without -K")
        again = self.world.run("fetch", "--deliver", "stdout", "home")
        self.assertStatus(again, 0)
        self.assertEqual(again.out, b"", "handed over messages are remembered")

    def test_standard_output_is_a_whole_mboxrd(self):
        messages = mail.corpus(60, seed=14, raw=True)
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server)})
        result = self.world.run("fetch", "--deliver", "stdout", "-K")
        self.assertStatus(result, 0)
        self.assertSameMail([text for _, text in mail.entries(result.out)], messages)
        self.assertEqual(drop.uids(), [], "-K removes what was read")
        self.assertNotIn(b"home", result.out.split(b"\n", 1)[0], "summaries go to standard error")

    def test_a_closed_standard_output_removes_nothing(self):
        drop, server = self.maildrop(*mail.small(5), mail.sized(400000))
        self.world.configure({"home": self.account(server)})
        process = self.world.start("fetch", "--deliver", "stdout", "-K")
        process.stdout.close()
        process.stderr.read()
        process.stderr.close()
        self.assertNotEqual(process.wait(LIMIT), 0)
        self.assertEqual(len(drop.uids()), 6)

    def test_standard_output_refuses_json(self):
        _, server = self.maildrop(*mail.small(1))
        self.world.configure({"home": self.account(server)})
        self.assertStatus(self.world.run("fetch", "--json", "--deliver", "stdout"), 64)


if __name__ == "__main__":
    unittest.main()
