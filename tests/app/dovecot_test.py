# SPDX-License-Identifier: MIT
"""With a real Dovecot: plain, STLS and TLS; thousands of awkward messages into every kind of destination."""
import re
import unittest

from support.py import mail
from support.py.certificates import of_module as certificates_of_module
from support.py.dovecot import PASSWORD
from support.py.dovecot import of_module as dovecot_of_module
from support.py.world import Case, hashes

BULK = 2000  # two batches


def without_from_line(wire):
    """procmail takes a leading From_ line as the envelope, and does not write it into a Maildir."""
    return re.sub(rb"\AFrom .*\n", b"", mail.local(wire))


def setUpModule():
    global certificates, dovecot
    certificates = certificates_of_module()
    dovecot = dovecot_of_module(certificates)


class Connections(Case):
    def fetch_and_compare(self, user, **keys):
        dovecot.add_user(user, mail.corpus(60, seed=3))
        served = dovecot.serves(user)
        self.world.configure({"home": self.account(dovecot.plain, user=user, password=PASSWORD, **keys)})
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.world.maildir(), served)
        self.assertEqual(dovecot.count(user), 0)
        self.assertClean("Mail")

    def test_plain_text_when_written_down(self):
        self.fetch_and_compare("plain")

    def test_stls_is_demanded_by_default(self):
        self.fetch_and_compare("stls", server="pop3://localhost:%d" % dovecot.plain, tls="required",
                               tls_ca_file=str(certificates.ca))

    def test_tls_from_the_first_byte(self):
        self.fetch_and_compare("tls", server="pop3s://localhost:%d" % dovecot.tls, tls="required",
                               tls_ca_file=str(certificates.ca))

    def test_a_pin_that_fits_is_accepted(self):
        self.fetch_and_compare("pinned", server="pop3s://localhost:%d" % dovecot.tls, tls="required",
                               tls_ca_file=str(certificates.ca), tls_pin=certificates.pin(certificates.good),
                               tls_min_version="1.3")

    def test_sasl_mechanisms_by_name(self):
        for auth in ("plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256", "user"):
            with self.subTest(auth):
                self.fetch_and_compare("sasl-" + auth, auth=auth)
                for file in self.world.maildir_files():
                    file.unlink()


class Bulk(Case):
    """Many messages; then a run with nothing new; then ten more messages; then all are removed from the server."""

    def four_runs(self, user, arrived, form=mail.local, count=BULK, **keys):
        dovecot.add_user(user, mail.corpus(count, seed=5))
        served = dovecot.serves(user)
        self.assertEqual(len(served), count)
        account = self.account(dovecot.plain, user=user, password=PASSWORD, leave_on_server=True, **keys)
        self.world.configure({"home": account})
        first = self.world.run()
        self.assertStatus(first, 0)
        self.assertSays(first.out.decode(), "home", str(count))
        self.assertSameMail(arrived(), served, form)
        self.assertEqual(dovecot.count(user), count)

        second = self.world.run()
        self.assertStatus(second, 0)
        self.assertEqual((second.out, second.err), (b"", ""))
        self.assertSameMail(arrived(), served, form)

        dovecot.deliver(user, mail.corpus(10, seed=6))
        served = dovecot.serves(user)
        self.assertEqual(len(served), count + 10)
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(arrived(), served, form)

        self.world.configure({"home": {**account, "leave_on_server": False}})
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(arrived(), served, form)
        self.assertEqual(dovecot.count(user), 0)
        self.assertClean("Mail")

    def test_into_a_maildir(self):
        self.four_runs("bulk-maildir", self.world.maildir)
        for file in self.world.maildir_files():
            self.assertRegex(file.name, r",S=%d$" % file.stat().st_size)
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)

    def test_into_an_mbox(self):
        self.four_runs("bulk-mbox", self.world.mbox, deliver="mbox:~/mbox")
        self.assertEqual(self.world.path("mbox").stat().st_mode & 0o777, 0o600)

    def test_through_procmail(self):
        box, recipes = self.world.path("Proc"), self.world.path("recipes")
        recipes.write_text("LOGFILE=%s\nLOGABSTRACT=no\n:0\n%s/\n" % (self.world.path("procmail.log"), box))
        command = ["procmail", "-Y", "-m", "ACCOUNT=%a", str(recipes)]
        # These are fewer, because each message starts a program, and they are not delivered in batches.
        self.four_runs("bulk-procmail", lambda: self.world.maildir("Proc"), without_from_line, count=300,
                       deliver={"kind": "mda", "command": command, "allow_root": True})


class Policy(Case):
    def configured(self, user, **keys):
        self.world.configure({"home": self.account(dovecot.plain, user=user, password=PASSWORD, **keys)})

    def test_delete_after_removes_what_is_due_in_a_later_run(self):
        """A message is marked in one run and removed an hour later at the earliest: two runs in a row remove nothing."""
        dovecot.add_user("due", mail.small(3))
        self.configured("due", leave_on_server=True, delete_after="1s")
        for _ in range(3):
            self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.world.maildir()), 3)
        self.assertEqual(dovecot.count("due"), 3)

    def test_the_trace_header_comes_first_and_is_all_that_is_added(self):
        dovecot.add_user("trace", mail.small(5))
        served = dovecot.serves("trace")
        self.configured("trace", trace_header=True)
        self.assertStatus(self.world.run(), 0)
        bodies = []
        for text in self.world.maildir():
            lines = text.split(b"\n")
            self.assertTrue(lines[0].startswith(b"Received:"), lines[0])
            count = 1
            while lines[count][:1] in (b" ", b"\t"):
                count += 1
            self.assertIn(b"POP3", b" ".join(lines[:count]).upper())
            bodies.append(b"\n".join(lines[count:]))
        self.assertSameMail(bodies, served)

    def test_a_maildir_and_an_mbox_both_get_every_message(self):
        dovecot.add_user("both", mail.corpus(46, seed=8))
        served = dovecot.serves("both")
        self.configured("both", deliver=["maildir:~/Mail", "mbox:~/mbox"])
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(hashes(self.world.maildir()), hashes(self.world.mbox()))
        self.assertSameMail(self.world.mbox(), served)
        self.assertEqual(dovecot.count("both"), 0)

    def test_fetch_all_asks_for_what_was_seen_before(self):
        dovecot.add_user("again", mail.small(4))
        served = dovecot.serves("again")
        self.configured("again", leave_on_server=True)
        self.assertStatus(self.world.run(), 0)
        self.assertStatus(self.world.run("-a"), 0)
        self.assertSameMail(self.world.maildir(), served * 2)


if __name__ == "__main__":
    unittest.main()
