# SPDX-License-Identifier: MIT
"""status: what the state knows of an account, without the network."""
import contextlib
import datetime
import re
import signal
import sqlite3
import threading
import time
import unittest

from support.py import mail
from support.py.certificates import SIGNED
from support.py.certificates import of_module as certificates_of_module
from support.py.scripted import server_context
from support.py.world import LIMIT, Case

def setUpModule():
    global certificates
    certificates = certificates_of_module()


MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def shown(utc, minutes):
    """A time from JSON as people see it, in a time zone so many minutes east of Greenwich."""
    local = datetime.datetime.fromisoformat(utc.replace("Z", "+00:00")) + datetime.timedelta(minutes=minutes)
    return "%d %s %s" % (local.day, MONTHS[local.month - 1], local.strftime("%H:%M"))


class Status(Case):
    def setUp(self):
        super().setUp()
        self.drop, self.server = self.maildrop(*mail.small(4, seed=91))
        self.configure()

    def configure(self, **keys):
        self.world.configure({"home": self.account(self.server, leave_on_server=True, **keys)})

    def status(self, *words, expected=0):
        result = self.world.run("status", *words)
        self.assertStatus(result, expected)
        return result.out.decode() + result.err

    def json(self):
        return self.json_lines(self.world.run("--json", "status"))[0]

    def test_an_account_that_was_never_fetched(self):
        self.assertEqual(self.status(), "home: no run so far\n")
        self.assertEqual(self.json(), {"event": "status", "account": "home"})
        self.assertFalse((self.world.state_dir / "state.db").exists())
        self.assertSays(self.status("--max-age", "1h", expected=75), "no run has succeeded so far")

    def test_a_run_that_succeeded(self):
        self.assertStatus(self.world.run(), 0)
        self.server.stop()
        self.assertSays(self.status(), "home: ok, last run ", "(just now)", "last mail: ", "on the server: 4 messages, all delivered")
        self.assertSays(self.status("home", "--max-age", "1h"), "home: ok")
        found = self.json()
        self.assertEqual((found["status"], found["waiting"], found["left"]), (0, 0, 4))
        self.assertEqual(found["last_run"], found["last_success"])
        self.assertEqual(found["last_run"], found["last_mail"])
        self.assertNotIn("failing_since", found)

    def test_the_end_of_the_certificate(self):
        for which, is_near in ((certificates.good, False), (certificates.ending, True)):
            for implicit in (True, False):
                with self.subTest(is_near=is_near, implicit=implicit):
                    self.begin_anew()
                    self.drop.tls = context = server_context(*which)
                    self.drop.capabilities = (b"STLS", b"UIDL", b"TOP", b"USER")
                    server = self.serve(self.drop, **({"tls": context} if implicit else {}))
                    self.configure(server="pop3%s://localhost:%d" % ("s" if implicit else "", server.port), tls="required",
                                   tls_ca_file=str(certificates.ca))
                    self.assertStatus(self.world.run(), 0)
                    end = self.json()["certificate_until"]
                    self.assertEqual(end, "%s-%s-%sT%s:%s:%sZ" % re.match("(....)(..)(..)(..)(..)(..)Z", SIGNED[which[0].stem][1][1]).groups())
                    said = re.search("server certificate: expires at (.*); unless the server's administrator renews it", self.status())
                    self.assertEqual(bool(said), is_near)
                    before = (self.world.state_dir / "state.db").read_bytes()
                    self.assertStatus(self.world.run(), 0)
                    self.assertEqual((self.world.state_dir / "state.db").read_bytes(), before)

    def test_the_end_of_the_password(self):
        today = datetime.datetime.now(datetime.timezone.utc).date()
        for valid, since, said in (("90d", 80, "expires"), ("90d", 100, "expired"), ("90d", 70, None), (None, 300, None)):
            with self.subTest(valid=valid, since=since):
                day = today - datetime.timedelta(days=since)
                self.configure(password_set=str(day), **({"password_valid": valid} if valid else {}))
                end = str(day + datetime.timedelta(days=90)) + "T00:00:00Z" if valid else None
                self.assertEqual(self.json().get("password_until"), end)
                for lead, text in (("  warning: ", self.status()), ("warning *home: password: ", self.world.run("doctor").out.decode())):
                    found = re.search(lead + "the password (.*) on (.*)\n *hint: create a new one", text)
                    self.assertEqual(found and found.groups(), said and (said, end[:10]))

    def test_the_end_of_the_client_certificate(self):
        for which, is_near in ((certificates.good, False), (certificates.ending, True)):
            with self.subTest(is_near=is_near):
                self.configure(tls_client_cert=str(which[0]), tls_client_key=str(which[1]))
                end = "%s-%s-%sT%s:%s:%sZ" % re.match("(....)(..)(..)(..)(..)(..)Z", SIGNED[which[0].stem][1][1]).groups()
                self.assertEqual(self.json()["client_certificate_until"], end)
                for lead, text in (("  warning: ", self.status()), ("warning *home: tls_client_cert: ", self.world.run("doctor").out.decode())):
                    self.assertEqual(bool(re.search(lead + 'the certificate in "tls_client_cert" expires at ', text)), is_near)

    def test_a_client_certificate_that_cannot_be_read_stops_nothing(self):
        self.world.path("big.pem").write_bytes(b"\n" * 2_000_000)
        self.configure(tls_client_cert="~/big.pem")
        self.assertEqual(self.status(), "home: no run so far\n")
        self.assertSays(self.world.run("doctor").out.decode(), "home: destination: ", "home: look-up: ")

    def test_how_long_a_password_is_valid_means_nothing_without_the_day(self):
        self.configure(password_valid="90d")
        self.assertNotIn("password_until", self.json())
        self.assertSays(self.world.run("config", "check").err, '"password_valid" has no effect', '"password_set"')

    def test_a_run_that_was_stopped(self):
        for earlier in (False, True):
            with self.subTest(earlier=earlier):
                self.begin_anew()
                if earlier:
                    self.configure(max_messages=1)
                    self.assertStatus(self.world.run(), 0)
                    self.configure()
                arrived, release = threading.Event(), threading.Event()
                self.drop.answers[b"RETR"] = lambda _, number: number == b"4" and (arrived.set(), release.wait(LIMIT)) and None or None
                process = self.world.start()
                arrived.wait(LIMIT)
                process.send_signal(signal.SIGINT)
                self.assertStatus(self.world.ended(process), 130)
                release.set()
                if not earlier:
                    self.assertEqual(self.status(), "home: no run so far\n")
                    self.assertEqual(self.json(), {"event": "status", "account": "home"})
                    continue
                self.assertEqual(self.json()["waiting"], 4 - len(self.world.maildir()))

    def test_why_a_login_is_refused_is_shown_during_the_pause_after_it(self):
        self.drop.answers[b"PASS"] = lambda *_: b"-ERR [AUTH] this mailbox is locked\r\n"
        for status in (77, 75):
            self.assertStatus(self.world.run(), status)
            self.assertSays(self.status(), "failing since", "error: ", "this mailbox is locked", "no login before")
            self.assertEqual(self.json()["status"], 77)

    def test_what_waits_on_the_server_is_counted(self):
        self.configure(max_messages=1)
        result = self.world.run("--json")
        summary = [line for line in self.json_lines(result) if line["event"] == "summary"][0]
        self.assertEqual((summary["left"], summary["waiting"]), (4, 3))
        waiting = sum(len(message.wire) for message in self.drop.messages[1:])
        self.assertEqual(summary["waiting_bytes"], waiting)
        found = self.json()
        self.assertEqual((found["waiting"], found["waiting_bytes"]), (3, waiting))
        self.assertSays(self.status(), "on the server: 3 messages not delivered (", "4 in total")
        self.configure()
        self.world.run()
        self.assertEqual(self.json()["waiting"], 0)

    def test_trouble_is_shown_with_its_beginning_and_its_end(self):
        self.assertStatus(self.world.run(), 0)
        self.drop.answers[b"LIST"] = lambda *_: b"-ERR [SYS/TEMP] come back later\r\n"
        self.assertStatus(self.world.run("-q"), 75)
        begun = self.json()
        self.assertEqual((begun["status"], begun["left"]), (75, 4))
        self.assertSays(begun["error"], "come back later")
        self.assertStatus(self.world.run("-q"), 75)
        after = self.json()
        self.assertEqual((after["failing_since"], after["last_success"]), (begun["failing_since"], begun["last_success"]))
        self.assertSays(self.status(), "home: failing since ", "error: ", "come back later", "last success: ")
        self.drop.behave()
        self.assertStatus(self.world.run(), 0)
        self.assertSays(self.status(), "home: ok")
        self.assertNotIn("failing_since", self.json())

    def test_a_refused_login_is_shown_with_the_pause(self):
        self.configure(password="wrong")
        self.assertStatus(self.world.run(), 77)
        found = self.json()
        self.assertEqual(found["status"], 77)
        self.assertIn("not_before", found)
        self.assertSays(self.status(), "failing since", "no login before ")

    def test_people_read_local_times_and_scripts_utc(self):
        self.configure(password="wrong")
        self.assertStatus(self.world.run(), 77)
        until = self.json()["not_before"]
        for zone, minutes in (("UTC", 0), ("IST-5:30", 330), ("ART3", -180)):
            result = self.world.run(env={"TZ": zone})
            self.assertStatus(result, 75)
            self.assertSays(result.err, "no login at", "before %s:" % shown(until, minutes))

    def test_what_was_delivered_is_dated_in_local_time(self):
        self.assertStatus(self.world.run(), 0)
        row = self.json_lines(self.world.run("--json", "state", "show"))[0]
        printed = self.world.run("state", "show", env={"TZ": "IST-5:30"}).out.decode()
        self.assertIn("  %s\n" % shown(row["delivered"], 330), printed)
        self.assertNotIn("Z", printed)

    def test_a_message_that_a_program_refuses_is_trouble(self):
        self.configure(deliver={"kind": "mda", "command": "false", "allow_root": True})
        self.assertStatus(self.world.run(), 74)
        found = self.json()
        self.assertEqual((found["status"], found["waiting"]), (74, 4))
        self.assertSays(found["error"], "false: exit status 1")

    def test_a_success_that_is_older_than_max_age(self):
        self.assertStatus(self.world.run(), 0)
        before = int(time.time()) - 5400
        with contextlib.closing(sqlite3.connect(self.world.state_dir / "state.db")) as database, database:
            database.execute("UPDATE runs SET ended = ?, asked = ?, succeeded = ?", (before,) * 3)
        for lock in (self.world.state_dir / "locks").iterdir():  # the lock has the time of the last poll
            lock.unlink()
        told = self.status("--max-age", "1h", expected=75)
        self.assertSays(told, "the last success was", "ago", "more than 1h")
        self.assertNotIn("more than", self.status("--max-age", "3h"))

    def test_max_age_must_be_a_time(self):
        self.assertSays(self.status("--max-age", "soon", expected=64), "--max-age", "90s")


if __name__ == "__main__":
    unittest.main()
