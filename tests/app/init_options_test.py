# SPDX-License-Identifier: MIT
"""init without a person, and with answers from hostile servers."""
import json
import os
import re
import unittest

from crash import strace
from support.py.newcomer import AUTOCONFIG, CONFIG_XML, InitCase
from support.py.world import sanitized


class Hostile(InitCase):
    def test_a_host_that_is_not_confirmed_is_not_connected_to(self):
        self.mailbox("pop.hoster.example")
        self.pages.pages["autoconfig.example.org", CONFIG_XML] = AUTOCONFIG % "pop.hoster.example"
        run = self.at_terminal("anna@example.org")
        run.expect(rb"another domain, hoster.example. Log in there\? \[y/n, or another server\] ")
        run.type("\n")  # this question has no default answer
        run.expect(rb"server\] .*\n.*Log in there\?[^\n]*server\] ")
        run.type("n\n")
        run.expect(rb"The POP3 server[^\n]*\): ")
        run.type("\x03")
        self.assertEqual(run.end(), 130, run.screen)
        self.assertEqual(self.tried("pop.hoster.example"), [])
        self.assertNothingWritten()

    def test_a_server_beside_the_domain_is_in_another_one(self):
        """Both names may be below a suffix where everybody can register a name."""
        for host in ("pop.hoster.example", "evilexample.org", "example.org.hoster.example"):
            self.pages.pages["autoconfig.example.org", CONFIG_XML] = AUTOCONFIG % host
            run = self.at_terminal("anna@example.org")
            run.expect(rb"another domain, [^\n]* \[y/n, or another server\] ")
            run.type("\x03")
            self.assertEqual(run.end(), 130, run.screen)

    def test_without_a_terminal_a_found_host_has_to_be_named(self):
        self.mailbox()
        self.pages.pages["autoconfig.example.org", CONFIG_XML] = AUTOCONFIG % "pop.example.org"
        result = self.run_init("anna@example.org", "--password-file", self.password_file())
        self.assertStatus(result, 64)
        self.assertHint(result, "it has not been confirmed", "--server pop3s://pop.example.org --user anna")
        self.assertEqual(self.tried("pop.example.org"), [])
        self.assertNothingWritten()
        self.pages.pages["autoconfig.example.org", CONFIG_XML] = \
            (AUTOCONFIG % "pop.example.org").replace("%EMAILLOCALPART%", "anna;date")
        result = self.run_init("anna@example.org", "--password-file", self.password_file())
        self.assertHint(result, "it has not been confirmed", "--user 'anna;date'")

    def test_bombs_entities_and_odd_hosts_reach_nothing(self):
        secret = self.world.home / "secret"
        secret.write_text("hunter2.example")
        bomb = "".join('<!ENTITY a%d "%s">' % (i, "&a%d;" % (i - 1) * 10) for i in range(1, 20))
        answers = ['<!DOCTYPE x [<!ENTITY a0 "lol">%s]>' % bomb + AUTOCONFIG % "&a19;",
                   '<!DOCTYPE x [<!ENTITY e SYSTEM "file://%s">]>' % secret + AUTOCONFIG % "&e;",
                   AUTOCONFIG % "file:///etc/passwd", AUTOCONFIG % "127.0.0.1", AUTOCONFIG % "localhost",
                   AUTOCONFIG % "pop.example.org" + " " * (10 << 20), AUTOCONFIG % "\x1b]0;x\x07.example.org"]
        for text in answers:
            with self.subTest(text[:200]):
                self.pages.pages["autoconfig.example.org", CONFIG_XML] = text
                result = self.run_init("anna@example.org", "--password-file", self.password_file())
                self.assertStatus(result, 69)
                self.assertNotIn(b"hunter2", result.out)
                self.assertNotIn(b"\x1b", result.out)
        self.assertEqual({port for _, port in self.network.tried}, {443})
        self.assertFalse(self.world.config.exists())

    def test_what_was_tried_is_shown(self):
        result = self.run_init("anna@example.org", "--password-file", self.password_file())
        self.assertStatus(result, 69)
        self.assertHint(result, "no POP3 server was found", "--server pop3s://HOST", "--ask-others")
        self.assertSays(result.out.decode(), "the table of providers: has no entry for example.org",
                        "autoconfig.example.org: has no such file (HTTP 404)", "example.org/.well-known/autoconfig: has no such file",
                        "ua-auto-config.example.org: has no such file", "SRV record _pop3s._tcp.example.org: none",
                        "SRV record _pop3._tcp.example.org: none", "MX record example.org: none", "others: not asked")

    def test_a_machine_without_a_network_is_not_told_that_the_domain_has_nothing(self):
        nowhere = ["--proxy", "http://127.0.0.1:%d" % self.closed_port(), "--name-server", "127.0.0.1:%d" % self.closed_port()]
        result = self.world.run("init", "anna@example.org", "--password-file", self.password_file(), *nowhere)
        self.assertStatus(result, 75)
        self.assertHint(result, "no usable answer", "the network", "--server pop3s://HOST")
        self.assertNothingWritten()

    def test_behind_a_proxy_no_name_server_is_asked(self):
        result = self.world.run("init", "anna@example.org", *self.options[:4])
        self.assertStatus(result, 69)
        self.assertSays(result.out.decode(), "DNS: not asked: a proxy is in use")


class Scripts(InitCase):
    def test_everything_by_option(self):
        self.mailbox()
        result = self.run_init("anna@example.org", "--server", "pop3s://pop.example.org", "--user", "anna", "--name", "home",
                               "--password-file", self.password_file(), "--deliver", "maildir:~/In", "--deliver",
                               "mbox:~/Box", "--no-leave-on-server", "--timeout", "5m")
        self.assertStatus(result, 0)
        profile = json.loads(self.world.config.read_text())["accounts"]["home"]
        self.assertEqual(profile, {
            "server": "pop3s://pop.example.org", "user": "anna", "proxy": self.network.proxy,
            "tls_ca_file": str(self.certificates.ca), "password_file": self.password_file(), "timeout": "5m",
            "leave_on_server": False, "deliver": ["maildir:~/In", "mbox:~/Box"]})
        self.assertFetches(3, "In")
        self.assertEqual(self.drop.uids(), [])

    def test_json_says_what_was_found_and_added(self):
        self.mailbox("pop.gmail.com", user=b"anna@gmail.com")
        result = self.run_init("anna@gmail.com", "--json", "--password-file", self.password_file())
        self.assertStatus(result, 0)
        asked, added = self.json_lines(result)
        self.assertEqual((asked["event"], asked["who"]), ("asked", "the table of providers"))
        self.assertEqual({key: added[key] for key in ("event", "account", "server", "user", "messages")},
                         {"event": "added", "account": "gmail", "server": "pop3s://pop.gmail.com",
                          "user": "anna@gmail.com", "messages": 3})
        self.assertGreater(added["bytes"], 0)

    def test_print_shows_the_account_and_does_nothing(self):
        self.pages.pages["autoconfig.example.org", CONFIG_XML] = AUTOCONFIG % "pop.example.org"
        result = self.run_init("anna@example.org", "--print")
        self.assertStatus(result, 0)
        self.assertSays(result.out.decode(), '"server": "pop3s://pop.example.org"', '"user": "anna"', "nothing was written")
        self.assertEqual(self.tried("pop.example.org"), [])
        self.assertNothingWritten()

    def test_the_form_of_the_user_name_is_the_provider_s(self):
        for address, user in (("jane@web.de", "jane"), ("jane@gmx.de", "jane@gmx.de")):
            result = self.run_init(address, "--print")
            self.assertStatus(result, 0)
            self.assertIn('"user": "%s"' % user, result.out.decode())
        self.assertNotIn("min_interval", result.out.decode())
        result = self.run_init("jane@outlook.com", "--print")
        self.assertSays(result.out.decode(), '"provider": "microsoft"', '"client_id": "YOUR-CLIENT-ID"')
        result = self.run_init("jane@legalmail.it", "--password-file", self.password_file())
        self.assertStatus(result, 64)
        self.assertHint(result, "is not known: the provider assigns it", "--user")

    def test_how_often_the_provider_may_be_asked_is_written(self):
        result = self.run_init("jane@web.de", "--print")
        self.assertStatus(result, 0)
        self.assertIn('"min_interval": "15m"', result.out.decode())

    @unittest.skipUnless(strace.usable() and not sanitized(), "strace is not here or may not trace")
    def test_what_is_written_is_private_from_its_first_byte(self):
        self.mailbox()
        log = self.world.root / "calls"
        self.world.prefix = ["strace", "-f", "-qq", "-y", "-s", "400", "-o", str(log), "-e", "signal=none", "-e",
                             "trace=openat,?open,?creat,?chmod,fchmod,fchmodat,?rename,?renameat,renameat2,linkat"]
        old = os.umask(0)
        try:
            result = self.run_init("anna@example.org", "--server", "pop3s://pop.example.org", "--user", "anna",
                                   "--password-file", self.password_file(), "--deliver", "maildir:~/Mail/example")
        finally:
            os.umask(old)
        self.assertStatus(result, 0)
        text = log.read_text(errors="replace")
        folder = re.escape(str(self.world.config.parent))
        made = [re.search(r"O_CREAT[^)]*, (0\d+)\)", line).group(1) for line in text.splitlines()
                if "O_CREAT" in line and re.search(folder + '(>, "|/)[^"/]*"', line)]
        self.assertTrue(made, text)
        self.assertEqual(set(made), {"0600"})
        self.assertNotRegex(text, r"chmod\w*\([^\n]*" + folder)
        self.assertRegex(text, r"(rename|link)\w*\([^\n]*" + re.escape(self.world.config.name))
        self.assertEqual(self.world.config.stat().st_mode & 0o777, 0o600)

    def test_the_configuration_that_is_there_is_kept(self):
        self.mailbox()
        before = '// mine\n{"accounts": {\n  "example": {"server": "pop3s://other.example", "user": "u", ' \
                 '"deliver": "maildir:~/M"} // first\n}}\n'
        self.world.write_config(before)
        words = ("anna@example.org", "--server", "pop3s://pop.example.org", "--user", "anna", "--password-file",
                 self.password_file())
        result = self.run_init(*words)
        self.assertStatus(result, 0)
        self.assertSays(result.out.decode(), "mailhaul -n example-2")
        text = self.world.config.read_text()
        self.assertTrue(text.startswith("// mine\n") and "// first\n" in text)
        self.assertStatus(self.world.run("example-2"), 0)
        again = self.run_init(*words)
        self.assertStatus(again, 78)
        self.assertHint(again, "already has this mailbox", "mailhaul example-2")
        self.assertEqual(self.world.config.read_text(), text)

    def test_what_is_missing_is_named(self):
        for words, status, hints in (
                ((), 64, ("the mail address is missing",)), (("anna",), 64, ("is not a mail address",)),
                (("anna@gmail.com",), 64, ("--password-file",)),
                (("anna@outlook.com",), 64, ("--client-id",)),
                (("anna@gmail.com", "--name", "fetch"), 64, ("--name fetch-2",)),
                (("anna@example.org", "--name-server", "x"), 64, ("not the address of a name server",)),
                (("anna@gmail.com", "--deliver", "nowhere:x"), 64, ("--deliver",))):
            with self.subTest(words):
                result = self.world.run("init", *words, *([] if "--name-server" in words else self.options))
                self.assertStatus(result, status)
                self.assertHint(result, *hints)
        self.assertNothingWritten()

    def test_a_server_that_cannot_be_reached_leaves_nothing_behind(self):
        result = self.run_init("anna@example.org", "--server", "pop3s://pop.example.org", "--password-file",
                               self.password_file())
        self.assertStatus(result, 75)
        self.assertHint(result, "no account was written")
        self.assertNothingWritten()


if __name__ == "__main__":
    unittest.main()
