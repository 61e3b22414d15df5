# SPDX-License-Identifier: MIT
"""If a login fails at a known provider, the hint says what helps there. The provider is behind a proxy of ours."""
import contextlib
import ssl

from support.py.certificates import of_module as certificates_of_module
from support.py.world import Case


def setUpModule():
    global certificates
    certificates = certificates_of_module()


def provider(talk, certificate=None):
    """A SOCKS 5 proxy that connects every host and port to this server; with a certificate, there is a TLS handshake, and
    the server ends it."""
    def through(connection):
        sock = connection.sock
        sock.recv(257)
        sock.sendall(b"\x05\x00")
        sock.recv(512)
        sock.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        if certificate is None:
            talk(connection)
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, certificate))
        with contextlib.suppress(OSError), context.wrap_socket(sock, server_side=True) as secured:
            secured.sendall(b"-ERR closed\r\n")
    return through


def refusing(connection, words="[AUTH] Username and password not accepted."):
    connection.send("+OK ready\r\n")
    while (line := connection.line()) is not None:
        if line.upper() == b"CAPA":
            connection.send("+OK\r\nSASL PLAIN\r\nUSER\r\n.\r\n")
        else:
            connection.send("-ERR %s\r\n" % words)


def unwilling(connection):
    refusing(connection, "unknown mechanism")


def imap(connection):
    connection.send("* OK IMAP4rev1 ready\r\n")
    connection.line()


class Providers(Case):
    def hint(self, talk, status, certificate=None, **keys):
        server = self.serve(provider(talk, certificate))
        account = self.account(1, proxy="socks5h://127.0.0.1:%d" % server.port, **keys)
        if certificate:
            del account["tls"]
        self.world.configure({"home": account})
        result = self.world.run()
        self.assertStatus(result, status)
        return result.err.split("hint:", 1)[1]

    def test_a_refused_login_names_the_app_password_first(self):
        hint = self.hint(refusing, 77, server="pop3://pop.gmail.com", user="jane@gmail.com")
        self.assertSays(hint, "app password", "https://myaccount.google.com/apppasswords", "Forwarding and POP/IMAP")

    def test_a_local_part_where_the_provider_wants_one(self):
        hint = self.hint(refusing, 77, server="pop3://pop3.web.de", user="jane@web.de")
        self.assertSays(hint, "the part of the address before the @", "15m")

    def test_an_unknown_provider_gets_the_general_hint(self):
        hint = self.hint(refusing, 77, server="pop3://mail.example.org", user="jane@example.org")
        self.assertSays(hint, "check user name and password")

    def test_a_wrong_server_names_the_right_one(self):
        hint = self.hint(imap, 76, server="pop3://imap.gmx.net:143", user="jane@gmx.de")
        self.assertSays(hint, "pop3s://pop.gmx.net")

    def test_a_method_that_is_not_there(self):
        hint = self.hint(unwilling, 69, server="pop3://outlook.office365.com", user="jane@outlook.com",
                         auth="scram-sha-256")
        self.assertSays(hint, "only OAuth 2", "mailhaul login")

    def test_an_untrusted_certificate_is_described_before_the_right_server_is_named(self):
        for server in ("pop3s://pop.googlemail.com", "pop3s://pop.gmail.com:1995"):
            with self.subTest(server):
                hint = self.hint(unwilling, 69, certificates.elsewhere, server=server, user="jane@gmail.com")
                self.assertSays(hint, "it is for", "mail.example.org", "issued by", "valid from", "until", "sha256//",
                                '"tls_ca_file"')
                said = " ".join(hint.split())
                self.assertRegex(said, "; the POP3 server of Gmail is pop3s://pop.gmail.com$")

    def test_what_the_server_offers_is_said_where_a_method_is_not_there(self):
        hint = self.hint(unwilling, 69, server="pop3://popmail.libero.it", user="jane@libero.it", auth="cram-md5")
        self.assertSays(hint, "it offers: plain")
        self.assertNotIn("new password", hint)

    def test_where_oauth_is_not_taken_the_app_password_is_named_in_a_sentence(self):
        hint = self.hint(unwilling, 69, server="pop3://pop.mail.yahoo.com", user="jane@yahoo.com", auth="xoauth2")
        self.assertSays(" ".join(hint.split()), "Yahoo accepts a password over POP3, but not OAuth 2",
                        "Yahoo requires an app password here, not the password of the account: make one at https://")

    def test_a_firm_s_own_domain_at_outlook_s_server_is_microsoft_365(self):
        for user, words in (("jane@firm.com", ("Microsoft 365 accepts only OAuth 2", "an administrator may have to allow POP")),
                            ("anna@outlook.com", ("Outlook.com accepts only OAuth 2", "settings of Outlook on the web"))):
            hint = self.hint(refusing, 77, server="pop3://outlook.office365.com", user=user)
            self.assertSays(" ".join(hint.split()), *words)
