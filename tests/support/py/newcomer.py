# SPDX-License-Identifier: MIT
"""Tests of init: an internet on loopback, and a person at a terminal whose answers are counted."""
import ssl
import tempfile
import types

from support.py import mail
from support.py.certificates import Certificates
from support.py.maildrop import Maildrop
from support.py.network import NameServer, Network, Pages
from support.py.terminal import AtTerminal
from support.py.provider import Provider
from support.py.world import Case

MOST_ANSWERS = 6  # a newcomer must not have to give more answers than this

AUTOCONFIG = """<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x">
<incomingServer type="pop3"><hostname>%s</hostname><port>995</port><socketType>SSL</socketType>
<username>%%EMAILLOCALPART%%</username></incomingServer></emailProvider></clientConfig>"""
CONFIG_XML = "/mail/config-v1.1.xml"
WELL_KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"


class InitCase(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="mailhaul-certificates-")
        cls.certificates = Certificates(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        super().setUp()
        self.names, self.pages, self.network = NameServer(), Pages(self.certificates.providers), Network()
        for one in (self.names, self.pages, self.network):
            self.addCleanup(one.stop)
        for host in ("example.org", "autoconfig.example.org", "ua-auto-config.example.org", "hoster.example",
                     "autoconfig.hoster.example", "autoconfig.thunderbird.net"):
            self.network.hosts[host, 443] = self.pages.port
        self.options = ["--proxy", self.network.proxy, "--tls-ca-file", self.certificates.ca, "--name-server", self.names.at]

    def mailbox(self, host="pop.example.org", user=b"anna", messages=3, **more):
        """A POP3 server of this name."""
        self.drop = Maildrop(mail.small(messages), user=user, **more)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, self.certificates.providers))
        server = self.serve(self.drop, tls=context)
        self.network.hosts[host, 995] = server.port
        return self.drop

    def microsoft(self, tenant="common"):
        """A provider at the host where Outlook's users log in; the mailbox takes its tokens. Other paths,
        such as those of another tenant, do not exist."""
        microsoft = Provider(types.SimpleNamespace(good=self.certificates.providers))
        self.addCleanup(microsoft.stop)
        plain, base = microsoft.answer, "/%s/oauth2/v2.0/" % tenant
        paths = {base + "devicecode": "/device", base + "token": "/token"}
        microsoft.answer = lambda path, fields: plain(paths[path], fields) if path in paths else (404, {}, b"nothing")
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
        self.answer(run, rb"Where should the mail go[^\n]*\] ", "")
        self.answer(run, rb"on the server after[^\n]*\? [^\n]*\] ", "")
        self.assertEqual(run.end(), 0, run.screen)

    def run_init(self, *words, **more):
        return self.world.run("init", *words, *self.options, **more)

    def password_file(self):
        file = self.world.home / "pw"
        file.write_text("secret\n")
        file.chmod(0o600)
        return str(file)

    def assertScreen(self, run, words):
        """The words are on the screen, wherever its lines are broken."""
        self.assertIn(words, b" ".join(run.screen.split()).decode())

    def assertNothingWritten(self):
        self.assertFalse(self.world.config.exists())
        self.assertEqual([file for file in self.world.home.rglob("*") if file.is_file() and file.name != "pw"], [])

    def assertFetches(self, messages, box="Mail/example"):
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.world.maildir(box)), messages)

    def tried(self, host):
        return [at for at in self.network.tried if at[0] == host]
