# SPDX-License-Identifier: MIT
"""A login that fails at a known provider is answered with what helps there. The provider is behind a proxy of ours."""
from support.py.world import Case


def provider(talk):
    """A SOCKS 5 proxy that connects every host and port to this server."""
    def through(connection):
        sock = connection.sock
        sock.recv(257)
        sock.sendall(b"\x05\x00")
        sock.recv(512)
        sock.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        talk(connection)
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
    def hint(self, talk, status, **keys):
        server = self.serve(provider(talk))
        self.world.configure({"home": self.account(1, proxy="socks5h://127.0.0.1:%d" % server.port, **keys)})
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
        self.assertSays(hint, "OAuth 2 alone", "mailhaul login")
