# SPDX-License-Identifier: MIT
"""doctor at the server: what can be wrong between the look-up and the listing, each with what to do; and how findings
are shown."""
import email.utils
import os
import subprocess
import time
import unittest

from support.py import mounts, terminal
from support.py.certificates import of_module as certificates_of_module
from support.py.doctor import Doctor
from support.py.world import MAILHAUL


def setUpModule():
    global certificates
    certificates = Doctor.certificates = certificates_of_module()


class Servers(Doctor):
    def test_a_host_that_does_not_exist(self):
        self.set_up(server="pop3://nowhere.invalid")
        found = self.findings()
        self.assertEqual([f["check"] for f in found if f["grade"] == "fault"], ["look-up"])
        self.assertIn(found[-1]["status"], (68, 75))
        self.assertSays(found[-1]["hint"], ('check the name in "server"', "check that the network is up"))

    @unittest.skipUnless(mounts.usable(), "neither root nor a user namespace may mount here")
    def test_a_host_with_umlauts_is_looked_up_as_fetch_does_it(self):
        hosts = self.world.path("hosts")
        hosts.write_text("127.0.0.1 localhost xn--bcher-kva.test\n")
        self.world.prefix = mounts.instead(hosts, "/etc/hosts")
        self.world.env["LC_ALL"] = "C"
        self.set_up(server="pop3://B\u00fccher.test:%d" % self.server.port, leave_on_server=True)
        self.assertStatus(self.world.run(), 0)
        found = {finding["check"]: finding for finding in self.findings(status=0)}
        self.assertEqual(found["look-up"]["text"], "B\u00fccher.test has addresses: 1 of IPv4, 0 of IPv6")
        self.assertEqual(found["listing"]["text"], "3 messages")

    def test_a_host_without_addresses_of_the_family(self):
        self.set_up(address_family="ipv6")
        self.fault("look-up", 68, "127.0.0.1 has no IPv6 address", hint=('remove "address_family"',))

    def test_only_addresses_of_the_family_count(self):
        self.set_up(address_family="ipv4")
        found = {finding["check"]: finding["text"] for finding in self.findings(status=0)}
        self.assertEqual(found["look-up"], "127.0.0.1 has addresses: 1 of IPv4")

    def test_nobody_listens(self):
        self.set_up(server="pop3://127.0.0.1:%d" % self.closed_port())
        self.assertIn("look-up", self.fault("connection", 75, "refused", hint=("port",)))

    def test_another_protocol(self):
        self.server = self.serve(lambda connection: (connection.send("* OK IMAP4rev1\r\n"), connection.line()))
        self.set_up()
        self.fault("greeting", 76, "does not speak POP3", hint=("port",))

    def test_a_provider_without_pop3(self):
        self.set_up(server="pop3s://imap.mail.me.com", tls="required")
        self.fault("server", 78, "iCloud has no POP3 server", hint=("IMAP only",))

    def test_a_server_that_a_provider_may_have_told_is_asked(self):
        self.set_up(server="pop3s://pop.daum.net", tls="required", proxy="http://127.0.0.1:%d" % self.closed_port())
        faults = [finding for finding in self.findings() if finding["grade"] == "fault"]
        self.assertEqual([finding["check"] for finding in faults], ["connection"], faults)
        self.assertNotIn("no POP3 server", faults[0]["hint"])

    def test_an_untrusted_certificate(self):
        self.secure(certificates.selfsigned)
        self.fault("TLS", 69, "certificate", hint=("tls_ca_file",))

    def test_a_certificate_of_another_host(self):
        self.secure(certificates.elsewhere)
        self.fault("TLS", 69, "certificate", hint=("mail.example.org",))

    def test_an_expired_certificate(self):
        self.secure(certificates.expired)
        self.fault("TLS", 69, "expired", hint=("2021",))

    def test_a_certificate_that_ends_soon(self):
        self.secure(certificates.ending)
        self.warning("TLS", "the certificate of the server expires on ", hint=("the server's administrator must renew it",))

    def test_another_pin(self):
        self.secure(certificates.good, tls_pin="sha256//" + "A" * 43 + "=")
        self.fault("TLS", 69, "pin", hint=("tls_pin",))

    def test_no_stls(self):
        self.set_up(tls="required")
        self.fault("TLS", 69, "STLS", hint=("pop3s://", '"tls": "none"'))

    def test_a_wrong_password(self):
        self.drop.password = b"other"
        self.set_up()
        self.assertIn("capabilities", self.fault("login", 77, "refused the login", hint=("password",)))

    def test_each_fault_has_a_cure(self):
        self.drop.greeting = b"-ERR busy\r\n"
        self.set_up()
        self.fault("greeting", 75, "busy", hint=("try again later",))
        for verb, check, answer, hint in ((b"PASS", "login", b"-ERR [SYS/TEMP] later\r\n", "try again later"),
                                          (b"LIST", "listing", b"-ERR no\r\n", "")):
            with self.subTest(verb):
                self.drop.behave()
                self.drop.answers[verb] = lambda _session, _argument, answer=answer: answer
                faults = [finding for finding in self.findings() if finding["grade"] == "fault"]
                self.assertEqual([fault["check"] for fault in faults], [check], faults)
                self.assertIn(hint, faults[0]["hint"])
                self.assertTrue(faults[0]["hint"])

    def test_no_uidl(self):
        self.drop.capabilities = [b"TOP", b"USER"]
        self.set_up()
        self.warning("listing", "no UIDL", hint=("headers",))

    def test_mail_that_expires(self):
        self.drop.capabilities += [b"EXPIRE 0"]
        self.set_up()
        self.warning("capabilities", "EXPIRE 0", hint=("leave_on_server",))

    def test_the_clock_is_behind_the_servers(self):
        for hours, grade in ((-1, "ok"), (3, "warning")):
            with self.subTest(hours):
                date = email.utils.formatdate(time.time() + hours * 3600)
                self.drop, self.server = self.maildrop(b"Subject: x\r\nReceived: from a by b\r\n\tfor <c>; %s\r\n"
                                                       b"Received: from z by y; Thu, 1 Jan 2099 00:00:00 +0000\r\n\r\nx\r\n" % date.encode())
                self.set_up()
                self.assertEqual([f["check"] for f in self.findings(status=0) if f["grade"] != "ok"],
                                 ["clock"] if grade == "warning" else [])

    def test_a_login_delay_is_told(self):
        self.drop.capabilities += [b"LOGIN-DELAY 900"]
        self.set_up()
        found = {f["check"]: f for f in self.findings(status=0)}
        self.assertSays(found["login delay"]["text"], "15m")

    def test_the_worst_decides(self):
        self.world.configure({"home": self.account(self.closed_port()), "work": self.account(self.server, user="b", sever="x")})
        self.findings(status=78)

    def test_text_names_the_cure_on_a_line_of_its_own(self):
        self.drop.password = b"other"
        self.set_up()
        text = self.world.run("doctor").out.decode()
        self.assertRegex(text, r"(?m)^fault    home: login: .*refused.*\n         hint: ")

    def test_at_a_terminal_hints_are_as_wide_as_the_window(self):
        self.set_up(server="pop3://127.0.0.1:%d" % self.closed_port())
        master, slave = terminal.opened()
        process = subprocess.Popen([MAILHAUL, "doctor"], stdin=slave, stdout=slave, stderr=slave, env=self.world.env,
                                   cwd=self.world.root, start_new_session=True)
        os.close(slave)
        lines = terminal.read_to_the_end(master, process).decode().splitlines()
        hint = next(at for at, line in enumerate(lines) if line.startswith("         hint: "))
        self.assertRegex(lines[hint + 1], r"^ {9}\S")
        self.assertLessEqual(max(map(len, lines[hint:hint + 2])), 80)


if __name__ == "__main__":
    unittest.main()
