# SPDX-License-Identifier: MIT
"""init at a terminal: from an address to the first mail, in an internet on loopback."""
import base64
import hashlib
import json
import unittest

from support.py import dovecot, mail
from support.py.newcomer import AUTOCONFIG, CONFIG_XML, WELL_KNOWN, InitCase
from support.py.terminal import AtTerminal


class Newcomer(InitCase):
    @unittest.skipUnless(dovecot.program(), "Dovecot is not installed")
    def test_an_address_becomes_mail_in_a_maildir(self):
        with dovecot.Dovecot(*self.certificates.providers) as server:
            server.add_user("anna", mail.small(3))
            self.network.hosts["pop.example.org", 995] = server.tls
            self.pages.pages["autoconfig.example.org", CONFIG_XML] = AUTOCONFIG % "pop.example.org"
            run = self.at_terminal()
            self.answer(run, rb"Your mail address: ", "anna@example.org")
            self.answer(run, rb"your own domain, example.org. Log in there\? \[Y/n, or another server\] ", "")
            self.answer_rest(run)
            self.assertScreen(run, "mailhaul -n shows what would be fetched")
            self.assertEqual(self.answers, 5)
            profile = json.loads(self.world.config.read_text())["accounts"]["example"]
            self.assertEqual((profile["server"], profile["user"], profile["leave_on_server"], profile["deliver"]),
                             ("pop3s://pop.example.org", "anna", True, "maildir:~/Mail/example"))
            self.assertEqual(self.world.config.stat().st_mode & 0o777, 0o600)
            password = self.world.config.parent / "passwords/example"
            self.assertEqual((password.read_text(), password.stat().st_mode & 0o777), ("secret\n", 0o600))
            self.assertStatus(self.world.run("-n"), 0)
            self.assertFetches(3)
            self.assertEqual(server.count("anna"), 3)
        self.assertIn(("autoconfig.example.org", CONFIG_XML + "?emailaddress=anna%40example.org"), self.pages.asked)

    def test_a_server_found_by_srv_only(self):
        self.mailbox(user=b"anna@example.org")
        self.names.records["SRV", "_pop3s._tcp.example.org"] = [(10, 1, 995, "pop.example.org")]
        run = self.at_terminal("anna@example.org")
        self.assertTrue(run.expect(rb"Found: pop3s://pop.example.org, named by SRV record _pop3s._tcp.example.org"))
        self.answer(run, rb"Log in there\?[^\n]*\] ", "y")
        self.answer_rest(run)
        self.assertFetches(3)

    def test_a_known_provider_found_by_mx_only(self):
        self.mailbox("pop.gmail.com", user=b"anna@example.org")
        self.names.records["MX", "example.org"] = [(10, "alt1.aspmx.l.google.com"), (1, "aspmx.l.google.com")]
        run = self.at_terminal("anna@example.org")
        run.expect(rb"app password")
        self.assertScreen(run, "Before the first login: switch POP on")
        self.answer_rest(run)
        self.assertEqual(self.answers, 3)
        self.assertFetches(3)

    def test_a_hoster_found_by_mx_is_asked_when_that_is_allowed(self):
        self.mailbox("pop.hoster.example")
        self.names.records["MX", "example.org"] = [(10, "mx1.hoster.example")]
        self.pages.pages["autoconfig.hoster.example", CONFIG_XML] = AUTOCONFIG % "pop.hoster.example"
        run = self.at_terminal()
        self.answer(run, rb"address: ", "anna@example.org")
        self.assertFalse(self.tried("autoconfig.hoster.example") or self.tried("autoconfig.thunderbird.net"))
        self.answer(run, rb"They learn the domain example.org: autoconfig.hoster.example, hoster.example, "
                         rb"autoconfig.thunderbird.net \[y/N\] ", "y")
        run.expect(rb"another domain, hoster.example. Log in there\? \[y/n")
        self.assertFalse(self.tried("pop.hoster.example"))
        self.answer(run, rb"another server\] ", "y")
        self.answer_rest(run)
        self.assertEqual(self.answers, 6)
        self.assertFetches(3)
        self.assertFalse([path for host, path in self.pages.asked if "hoster" in host and "anna" in path])

    def test_the_other_place_of_the_hoster_s_file_is_asked_only_when_that_is_allowed(self):
        self.mailbox("pop.hoster.example")
        self.names.records["MX", "example.org"] = [(10, "mx1.hoster.example")]
        self.pages.pages["hoster.example", WELL_KNOWN] = AUTOCONFIG % "pop.hoster.example"
        run = self.at_terminal("anna@example.org")
        run.expect(rb"May third parties be asked\?")
        self.assertFalse(self.tried("hoster.example"))
        self.answer(run, rb"\[y/N\] ", "y")
        run.expect(rb"Found: pop3s://pop.hoster.example, named by hoster.example/.well-known/autoconfig")
        self.answer(run, rb"another domain, hoster.example. Log in there\?[^\n]*\] ", "y")
        self.answer_rest(run)
        self.assertFetches(3)
        self.assertIn(("hoster.example", WELL_KNOWN), self.pages.asked)

    def test_an_address_with_umlauts_in_its_domain(self):
        for locale in ("C", "C.UTF-8"):
            with self.subTest(locale):
                self.begin_anew()
                self.world.env["LC_ALL"] = locale
                self.mailbox("pop.xn--bcher-kva.example", user=b"anna@xn--bcher-kva.example")
                self.names.records["SRV", "_pop3s._tcp.xn--bcher-kva.example"] = [(10, 1, 995, "pop.xn--bcher-kva.example")]
                run = self.at_terminal("anna@B\u00fccher.example")
                self.answer(run, rb"your own domain, xn--bcher-kva\.example\. Log in there\?[^\n]*\] ", "")
                self.answer_rest(run)
                self.assertFetches(3, "Mail/xn--bcher-kva")

    def test_pacc_counts_with_its_dns_record(self):
        self.mailbox(user=b"anna@example.org")
        text = json.dumps({"protocols": {"pop3": {"host": "pop.example.org"}}, "authentication": {"password": True}})
        self.pages.pages["ua-auto-config.example.org", "/.well-known/user-agent-configuration.json"] = text
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        self.names.records["TXT", "_ua-auto-config.example.org"] = ["v=UAAC1; a=sha256; d=" + digest]
        run = self.at_terminal("anna@example.org")
        self.answer(run, rb"Log in there\?[^\n]*\] ", "")
        self.answer_rest(run)
        self.assertFetches(3)

    def test_a_wrong_password_first(self):
        self.mailbox()
        self.pages.pages["example.org", WELL_KNOWN] = AUTOCONFIG % "pop.example.org"
        run = self.at_terminal("anna@example.org")
        self.answer(run, rb"Log in there\?[^\n]*\] ", "")
        self.answer(run, rb"Password for anna: ", "wrong")
        run.expect(rb"refused\s+the\s+login\s+of\s+anna")
        self.assertNothingWritten()
        self.answer_rest(run)
        self.assertEqual((self.world.config.parent / "passwords/example").read_text(), "secret\n")
        self.assertFetches(3)

    def test_where_logins_must_be_far_apart_a_refused_one_ends_it(self):
        self.mailbox("pop3.web.de", user=b"jane")
        run = self.at_terminal("jane@web.de")
        self.answer(run, rb"Password for jane: ", "wrong")
        self.assertEqual(run.end(), 77, run.screen)
        self.assertScreen(run, "15m")
        self.assertEqual(len(self.tried("pop3.web.de")), 1)

    def test_where_logins_must_be_far_apart_the_first_fetch_waits(self):
        self.mailbox("pop3.web.de", user=b"jane")
        run = self.at_terminal("jane@web.de")
        self.answer_rest(run)
        self.assertScreen(run, "Next: wait 15m, because WEB.DE refuses")
        profile = json.loads(self.world.config.read_text())["accounts"]["web"]
        self.assertEqual(profile["min_interval"], "15m")

    def test_after_three_refused_logins_nothing_is_written(self):
        self.mailbox()
        self.pages.pages["example.org", WELL_KNOWN] = AUTOCONFIG % "pop.example.org"
        run = self.at_terminal("anna@example.org")
        self.answer(run, rb"Log in there\?[^\n]*\] ", "")
        for _ in range(3):
            self.answer(run, rb"Password for anna: ", "wrong")
        self.assertEqual(run.end(), 77, run.screen)
        self.assertScreen(run, "no account was written")
        self.assertNothingWritten()

    def test_pop3_that_is_switched_off_is_said_with_the_place_to_switch_it_on(self):
        drop = self.mailbox("pop.gmail.com", user=b"anna@gmail.com")
        drop.answers[b"PASS"] = lambda session, argument: b"-ERR [SYS/PERM] Your account is not enabled for POP access.\r\n"
        run = self.at_terminal("anna@gmail.com")
        self.answer(run, rb"Password for [^\n]*: ", "secret")
        self.assertNotEqual(run.end(), 0)
        self.assertScreen(run, "not enabled for POP access")
        self.assertScreen(run, "Forwarding and POP/IMAP")
        self.assertNothingWritten()

    def test_an_address_without_any_hint(self):
        self.mailbox(user=b"anna@example.org")
        run = self.at_terminal("anna@example.org")
        self.answer(run, rb"May third parties be asked\?[^\n]*\] ", "")
        self.assertFalse(self.tried("autoconfig.thunderbird.net"))
        run.expect(rb"others: not asked")
        self.answer(run, rb"The POP3 server[^\n]*\): ", "pop.example.org")
        self.answer_rest(run)
        self.assertFetches(3)

    def test_a_provider_without_pop3_says_what_to_do_instead(self):
        run = self.at_terminal("anna@icloud.com")
        self.assertEqual(run.end(), 69, run.screen)
        self.assertScreen(run, "iCloud has no POP3 server")
        self.assertScreen(run, "mbsync")
        self.assertEqual(self.network.tried, [])
        self.assertNothingWritten()
        run = self.at_terminal("anna@daum.net")
        self.assertEqual(run.end(), 69, run.screen)
        self.assertScreen(run, "no POP3 server of Daum is known")
        self.assertScreen(run, "give it with --server")

    def test_outlook_begins_a_login_by_oauth(self):
        self.mailbox("outlook.office365.com", user=b"anna@outlook.com")
        microsoft = self.microsoft()
        run = self.at_terminal("anna@outlook.com")
        self.answer(run, rb"The client id: ", "client-1")
        microsoft.approve(run.expect(rb"code (WXYZ-\d)"))
        self.answer(run, rb"Where should the mail go[^\n]*\] ", "~/Inbox")
        self.answer(run, rb"on the server after[^\n]*\? [^\n]*\] ", "n")
        self.assertEqual(run.end(), 0, run.screen)
        profile = json.loads(self.world.config.read_text())["accounts"]["outlook"]
        self.assertEqual(profile["oauth"], {"provider": "microsoft", "client_id": "client-1"})
        self.assertEqual((profile["leave_on_server"], profile["deliver"]), (False, "maildir:~/Inbox"))
        self.assertFetches(3, "Inbox")
        self.assertEqual(self.drop.uids(), [])

    def test_a_login_at_the_tenant_of_the_profile(self):
        self.mailbox("outlook.office365.com", user=b"anna@outlook.com")
        for tenant in ("common", "consumers"):
            microsoft = self.microsoft(tenant)
            account = {"server": "pop3s://outlook.office365.com", "user": "anna@outlook.com", "deliver": "maildir:~/Inbox",
                       "oauth": {"provider": "microsoft", "client_id": "client-1", "tenant": tenant},
                       "proxy": self.network.proxy, "tls_ca_file": str(self.certificates.ca)}
            if tenant == "common":
                del account["oauth"]["tenant"]
            self.world.configure({"home": account})
            run = AtTerminal(self.world, "login", "home")
            microsoft.approve(run.expect(rb"code (WXYZ-\d)"))
            self.assertEqual(run.end(), 0, run.screen)
        self.assertFetches(3, "Inbox")

    def test_a_login_by_oauth_is_forgotten_when_the_server_refuses_it(self):
        self.mailbox("outlook.office365.com")
        microsoft = self.microsoft()
        self.drop.answers[b"AUTH"] = lambda session, argument: b"-ERR POP is disabled for this mailbox\r\n"
        run = self.at_terminal("anna@outlook.com", "--client-id", "client-1")
        microsoft.approve(run.expect(rb"code (WXYZ-\d)"))
        self.assertNotEqual(run.end(), 0)
        self.assertScreen(run, "POP is disabled for this mailbox")
        self.assertScreen(run, "allow POP in the settings of Outlook")
        self.assertFalse(self.world.config.exists())
        self.assertEqual([*self.world.state_dir.rglob("*.json")], [])

    def test_a_typing_error_in_the_address_is_asked_again(self):
        self.mailbox()
        self.pages.pages["autoconfig.example.org", CONFIG_XML] = AUTOCONFIG % "pop.example.org"
        run = self.at_terminal()
        self.answer(run, rb"address: ", "anna")
        run.expect(rb"'anna' is not a mail address")
        self.answer(run, rb"address: ", "anna@example.org")
        self.answer(run, rb"Log in there\?[^\n]*\] ", "")
        self.answer(run, rb"Password for anna: ", "secret")
        run.expect(rb"The login works")
        run.type("\x03")
        self.assertEqual(run.end(), 130, run.screen)

    def test_a_place_that_cannot_be_used_is_asked_again(self):
        self.mailbox()
        (self.world.home / "letters").write_text("mine")
        run = self.at_terminal("anna@example.org", "--server", "pop3s://pop.example.org", "--user", "anna")
        self.answer(run, rb"Password for anna: ", "secret")
        for place, why in (("~/letters", rb"not\s+a\s+directory"), ("mbox:~", rb"is\s+a\s+directory")):
            self.answer(run, rb"the mail go[^\n]*\] ", place)
            run.expect(why)
        self.answer(run, rb"the mail go[^\n]*\] ", "")
        self.answer(run, rb"on the server[^\n]*\] ", "")
        self.assertEqual(run.end(), 0, run.screen)
        self.assertFetches(3)

    def test_ctrl_c_and_ctrl_d_write_nothing(self):
        self.mailbox()
        for key in ("\x03", "\x04"):
            run = self.at_terminal("anna@example.org", "--server", "pop3s://pop.example.org", "--user", "anna")
            self.answer(run, rb"Password for anna: ", "secret")
            run.expect(rb"Where should the mail go[^\n]*\] ")
            run.type(key)
            self.assertEqual(run.end(), 130, run.screen)
            self.assertNothingWritten()


    def test_a_password_that_is_not_typed_ends_it(self):
        for typed in ("\n" * 3, "\x04" * 3):
            run = self.at_terminal("anna@example.org", "--server", "pop3s://pop.example.org")
            for key in typed:
                run.expect(rb"Password for [^\n]*: ")
                run.screen = b""
                run.type(key)
            self.assertEqual(run.end(), 130, run.screen)
        self.assertEqual(self.tried("pop.example.org"), [])
        self.assertNothingWritten()

    def test_the_key_ring_keeps_the_password_when_that_is_wanted(self):
        self.mailbox()
        ring, tool = self.world.path("ring"), self.world.path("bin/secret-tool")
        tool.parent.mkdir()
        tool.write_text("#!/bin/sh\ncase $1 in store) cat >%s ;; lookup) cat %s ;; esac\n" % (ring, ring))
        tool.chmod(0o755)
        self.world.env["PATH"] = "%s:%s" % (tool.parent, self.world.env["PATH"])
        run = self.at_terminal("anna@example.org", "--server", "pop3s://pop.example.org", "--user", "anna", "--keyring")
        self.answer(run, rb"Password for anna: ", "wrong")
        run.expect(rb"refused\s+the\s+login")
        self.assertFalse(ring.exists())
        self.answer_rest(run)
        self.assertScreen(run, "its password in the keyring")
        self.assertEqual(ring.read_text(), "secret")
        self.assertFalse((self.world.config.parent / "passwords").exists())
        profile = json.loads(self.world.config.read_text())["accounts"]["example"]
        self.assertTrue(profile["keyring"])
        self.assertNotIn("password_file", profile)
        self.assertFetches(3)

    def test_a_configuration_that_changes_meanwhile_is_not_replaced(self):
        self.mailbox()
        tool = self.world.path("bin/secret-tool")
        tool.parent.mkdir()
        tool.write_text("#!/bin/sh\ncat >/dev/null\necho '// mine' >%s\n" % self.world.config)
        tool.chmod(0o755)
        self.world.env["PATH"] = "%s:%s" % (tool.parent, self.world.env["PATH"])
        run = self.at_terminal("anna@example.org", "--server", "pop3s://pop.example.org", "--user", "anna", "--keyring")
        self.answer(run, rb"Password for anna: ", "secret")
        self.answer(run, rb"Where should the mail go[^\n]*\] ", "")
        self.answer(run, rb"on the server after[^\n]*\? [^\n]*\] ", "")
        self.assertEqual(run.end(), 75, run.screen)
        self.assertScreen(run, "was changed meanwhile")
        self.assertScreen(run, "the configuration was not written; try again")
        self.assertEqual(self.world.config.read_text(), "// mine\n")
        self.assertEqual([file.name for file in self.world.config.parent.iterdir()], [self.world.config.name])

    def test_the_password_is_shown_nowhere(self):
        self.mailbox(password=b"geheim-47")
        run = self.at_terminal("anna@example.org", "--server", "pop3s://pop.example.org", "--user", "anna", "-vv")
        shown = b""
        for question, text in ((rb"Password for [^\n]*: ", "geheim-47"), (rb"Where should the mail go[^\n]*\] ", ""),
                               (rb"on the server after[^\n]*\? [^\n]*\] ", "")):
            run.expect(question)
            shown, run.screen = shown + run.screen, b""
            run.type(text + "\n")
        self.assertEqual(run.end(), 0, run.screen)
        self.assertIn(b"+OK", shown + run.screen)
        self.assertNotIn(b"geheim", shown + run.screen)
        self.assertNotIn("geheim", self.world.config.read_text())


if __name__ == "__main__":
    unittest.main()
