# SPDX-License-Identifier: MIT
"""init: from an address to the first mail, at a terminal and without one, in an internet on loopback."""
import base64
import hashlib
import json
import ssl
import tempfile
import types
import unittest

from support.py import dovecot, mail
from support.py.certificates import Certificates
from support.py.maildrop import Maildrop
from support.py.network import NameServer, Network, Pages
from support.py.oauth import AtTerminal
from support.py.provider import Provider
from support.py.world import Case

MOST_ANSWERS = 6  # answers that a newcomer has to give

AUTOCONFIG = """<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x">
<incomingServer type="pop3"><hostname>%s</hostname><port>995</port><socketType>SSL</socketType>
<username>%%EMAILLOCALPART%%</username></incomingServer></emailProvider></clientConfig>"""
CONFIG_XML = "/mail/config-v1.1.xml"
WELL_KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"


def setUpModule():
    global certificates
    folder = tempfile.TemporaryDirectory(prefix="mailhaul-certificates-")
    unittest.addModuleCleanup(folder.cleanup)
    certificates = Certificates(folder.name)


class InitCase(Case):
    def setUp(self):
        super().setUp()
        self.names, self.pages, self.network = NameServer(), Pages(certificates.providers), Network()
        for one in (self.names, self.pages, self.network):
            self.addCleanup(one.stop)
        for host in ("example.org", "autoconfig.example.org", "ua-auto-config.example.org", "autoconfig.hoster.example",
                     "autoconfig.thunderbird.net"):
            self.network.hosts[host, 443] = self.pages.port
        self.options = ["--proxy", self.network.proxy, "--tls-ca-file", certificates.ca, "--name-server", self.names.at]

    def mailbox(self, host="pop.example.org", user=b"anna", messages=3, **more):
        """A POP3 server of this name."""
        self.drop = Maildrop(mail.small(messages), user=user, **more)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, certificates.providers))
        server = self.serve(self.drop, tls=context)
        self.network.hosts[host, 995] = server.port
        return self.drop

    def microsoft(self):
        """Where Outlook's users log in; the mailbox takes its tokens."""
        microsoft = Provider(types.SimpleNamespace(good=certificates.providers))
        self.addCleanup(microsoft.stop)
        plain, paths = microsoft.answer, {"devicecode": "/device", "token": "/token"}
        microsoft.answer = lambda path, fields: plain(paths[path.rsplit("/", 1)[1]], fields)
        microsoft.log_in_at(self.drop)
        self.network.hosts["login.microsoftonline.com", 443] = int(microsoft.url.rsplit(":", 1)[1])
        return microsoft

    def at_terminal(self, *words, options=None):
        self.answers = 0
        return AtTerminal(self.world, "init", *words, *map(str, self.options if options is None else options))

    def answer(self, run, question, text):
        run.expect(question)
        self.answers += 1
        self.assertLessEqual(self.answers, MOST_ANSWERS)
        run.screen = b""
        run.type(text + "\n")

    def answer_rest(self, run, password="secret"):
        self.answer(run, rb"Password for [^\n]*: ", password)
        self.answer(run, rb"Where shall the mail go[^\n]*\] ", "")
        self.answer(run, rb"stay on the server[^\n]*\] ", "")
        self.assertEqual(run.end(), 0, run.screen)

    def run_init(self, *words, **more):
        return self.world.run("init", *words, *self.options, **more)

    def password_file(self):
        file = self.world.home / "pw"
        file.write_text("secret\n")
        file.chmod(0o600)
        return str(file)

    def assertNothingWritten(self):
        self.assertFalse(self.world.config.exists())
        self.assertEqual([file for file in self.world.home.rglob("*") if file.is_file() and file.name != "pw"], [])

    def assertFetches(self, messages, box="Mail/example"):
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.world.maildir(box)), messages)

    def tried(self, host):
        return [at for at in self.network.tried if at[0] == host]


class Newcomer(InitCase):
    @unittest.skipUnless(dovecot.program(), "Dovecot is not installed")
    def test_an_address_becomes_mail_in_a_maildir(self):
        with dovecot.Dovecot(*certificates.providers) as server:
            server.add_user("anna", mail.small(3))
            self.network.hosts["pop.example.org", 995] = server.tls
            self.pages.pages["autoconfig.example.org", CONFIG_XML] = AUTOCONFIG % "pop.example.org"
            run = self.at_terminal()
            self.answer(run, rb"Your mail address: ", "anna@example.org")
            self.answer(run, rb"your own domain, example.org. Log in there\? \[Y/n, or another server\] ", "")
            self.answer_rest(run)
            self.assertIn(b"mailhaul -n shows what would be fetched", run.screen)
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
        self.assertTrue(run.expect(rb"Found: pop3s://pop.example.org, says SRV record _pop3s._tcp.example.org"))
        self.answer(run, rb"Log in there\?[^\n]*\] ", "y")
        self.answer_rest(run)
        self.assertFetches(3)

    def test_a_known_provider_found_by_mx_only(self):
        self.mailbox("pop.gmail.com", user=b"anna@example.org")
        self.names.records["MX", "example.org"] = [(10, "alt1.aspmx.l.google.com"), (1, "aspmx.l.google.com")]
        run = self.at_terminal("anna@example.org")
        run.expect(rb"app password")
        self.assertIn(b"Before the first login: switch POP on", run.screen)
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
        self.answer(run, rb"They learn the domain example.org: autoconfig.hoster.example, autoconfig.thunderbird.net "
                         rb"\[y/N\] ", "y")
        run.expect(rb"another domain, hoster.example. Log in there\? \[y/n")
        self.assertFalse(self.tried("pop.hoster.example"))
        self.answer(run, rb"another server\] ", "y")
        self.answer_rest(run)
        self.assertEqual(self.answers, 6)
        self.assertFetches(3)
        self.assertFalse([path for host, path in self.pages.asked if "hoster" in host and "anna" in path])

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
        run.expect(rb"refused the login of anna")
        self.assertNothingWritten()
        self.answer_rest(run)
        self.assertEqual((self.world.config.parent / "passwords/example").read_text(), "secret\n")
        self.assertFetches(3)

    def test_after_three_refused_logins_nothing_is_written(self):
        self.mailbox()
        self.pages.pages["example.org", WELL_KNOWN] = AUTOCONFIG % "pop.example.org"
        run = self.at_terminal("anna@example.org")
        self.answer(run, rb"Log in there\?[^\n]*\] ", "")
        for _ in range(3):
            self.answer(run, rb"Password for anna: ", "wrong")
        self.assertEqual(run.end(), 77, run.screen)
        self.assertIn(b"no account was written", run.screen)
        self.assertNothingWritten()

    def test_pop3_that_is_switched_off_is_said_with_the_place_to_switch_it_on(self):
        drop = self.mailbox("pop.gmail.com", user=b"anna@gmail.com")
        drop.answers[b"PASS"] = lambda session, argument: b"-ERR [SYS/PERM] Your account is not enabled for POP access.\r\n"
        run = self.at_terminal("anna@gmail.com")
        self.answer(run, rb"Password for [^\n]*: ", "secret")
        self.assertNotEqual(run.end(), 0)
        self.assertIn(b"not enabled for POP access", run.screen)
        self.assertIn(b"Forwarding and POP/IMAP", run.screen)
        self.assertNothingWritten()

    def test_an_address_without_any_hint(self):
        self.mailbox(user=b"anna@example.org")
        run = self.at_terminal("anna@example.org")
        self.answer(run, rb"May others be asked\?[^\n]*\] ", "")
        self.assertFalse(self.tried("autoconfig.thunderbird.net"))
        run.expect(rb"others: not asked")
        self.answer(run, rb"The POP3 server[^\n]*\): ", "pop.example.org")
        self.answer_rest(run)
        self.assertFetches(3)

    def test_a_provider_without_pop3_says_what_to_do_instead(self):
        run = self.at_terminal("anna@icloud.com")
        self.assertEqual(run.end(), 69, run.screen)
        self.assertIn(b"iCloud has no POP3 server", run.screen)
        self.assertIn(b"mbsync", run.screen)
        self.assertEqual(self.network.tried, [])
        self.assertNothingWritten()

    def test_outlook_begins_a_login_by_oauth(self):
        self.mailbox("outlook.office365.com", user=b"anna@outlook.com")
        microsoft = self.microsoft()
        run = self.at_terminal("anna@outlook.com")
        self.answer(run, rb"The client id: ", "client-1")
        microsoft.approve(run.expect(rb"code (WXYZ-\d)"))
        self.answer(run, rb"Where shall the mail go[^\n]*\] ", "~/Inbox")
        self.answer(run, rb"stay on the server[^\n]*\] ", "n")
        self.assertEqual(run.end(), 0, run.screen)
        profile = json.loads(self.world.config.read_text())["accounts"]["outlook"]
        self.assertEqual(profile["oauth"], {"provider": "microsoft", "client_id": "client-1"})
        self.assertEqual((profile["leave_on_server"], profile["deliver"]), (False, "maildir:~/Inbox"))
        self.assertFetches(3, "Inbox")
        self.assertEqual(self.drop.uids(), [])

    def test_a_login_by_oauth_is_forgotten_when_the_server_refuses_it(self):
        self.mailbox("outlook.office365.com")
        microsoft = self.microsoft()
        self.drop.answers[b"AUTH"] = lambda session, argument: b"-ERR POP is disabled for this mailbox\r\n"
        run = self.at_terminal("anna@outlook.com", "--client-id", "client-1")
        microsoft.approve(run.expect(rb"code (WXYZ-\d)"))
        self.assertNotEqual(run.end(), 0)
        self.assertIn(b"POP is disabled for this mailbox", run.screen)
        self.assertIn(b"allow POP in the settings of Outlook", run.screen)
        self.assertFalse(self.world.config.exists())
        self.assertEqual([*self.world.state_dir.rglob("*.json")], [])

    def test_ctrl_c_and_ctrl_d_write_nothing(self):
        self.mailbox()
        for key in ("\x03", "\x04"):
            run = self.at_terminal("anna@example.org", "--server", "pop3s://pop.example.org", "--user", "anna")
            self.answer(run, rb"Password for anna: ", "secret")
            run.expect(rb"Where shall the mail go[^\n]*\] ")
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

    def test_the_password_is_shown_nowhere(self):
        self.mailbox(password=b"geheim-47")
        run = self.at_terminal("anna@example.org", "--server", "pop3s://pop.example.org", "--user", "anna", "-vv")
        shown = b""
        for question, text in ((rb"Password for [^\n]*: ", "geheim-47"), (rb"Where shall the mail go[^\n]*\] ", ""),
                               (rb"stay on the server[^\n]*\] ", "")):
            run.expect(question)
            shown, run.screen = shown + run.screen, b""
            run.type(text + "\n")
        self.assertEqual(run.end(), 0, run.screen)
        self.assertIn(b"+OK", shown + run.screen)
        self.assertNotIn(b"geheim", shown + run.screen)
        self.assertNotIn("geheim", self.world.config.read_text())


class Hostile(InitCase):
    def test_a_host_that_is_not_confirmed_is_not_connected_to(self):
        self.mailbox("pop.hoster.example")
        self.pages.pages["autoconfig.example.org", CONFIG_XML] = AUTOCONFIG % "pop.hoster.example"
        run = self.at_terminal("anna@example.org")
        run.expect(rb"another domain, hoster.example. Log in there\? \[y/n, or another server\] ")
        run.type("\n")  # there is no usual answer
        run.expect(rb"server\] .*\n.*Log in there\?[^\n]*server\] ")
        run.type("n\n")
        run.expect(rb"The POP3 server[^\n]*\): ")
        run.type("\x03")
        self.assertEqual(run.end(), 130, run.screen)
        self.assertEqual(self.tried("pop.hoster.example"), [])
        self.assertNothingWritten()

    def test_without_a_terminal_a_found_host_has_to_be_named(self):
        self.mailbox()
        self.pages.pages["autoconfig.example.org", CONFIG_XML] = AUTOCONFIG % "pop.example.org"
        result = self.run_init("anna@example.org", "--password-file", self.password_file())
        self.assertStatus(result, 64)
        self.assertHint(result, "nobody has confirmed", "--server pop3s://pop.example.org --user anna")
        self.assertEqual(self.tried("pop.example.org"), [])
        self.assertNothingWritten()

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
        self.assertHint(result, "no POP3 server was found", "--server pop3s://HOST")
        self.assertSays(result.out.decode(), "the table of providers: does not have example.org",
                        "autoconfig.example.org: has nothing (HTTP 404)", "example.org/.well-known/autoconfig: has nothing",
                        "ua-auto-config.example.org: has nothing", "SRV record _pop3s._tcp.example.org: none",
                        "SRV record _pop3._tcp.example.org: none", "MX record example.org: none", "others: not asked")

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
            "tls_ca_file": str(certificates.ca), "password_file": self.password_file(), "timeout": "5m",
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
        result = self.run_init("jane@legalmail.it", "--password-file", self.password_file())
        self.assertStatus(result, 64)
        self.assertHint(result, "one that the provider has given", "--user")

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
        self.assertHint(again, "has this mailbox already", "mailhaul example-2")
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
