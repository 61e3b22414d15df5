# SPDX-License-Identifier: MIT
"""The cost of a poll that finds nothing: one connection, and these round trips. Each further one delays users on slow
lines."""
import tempfile

from support.py import maildrop
from support.py.certificates import Certificates
from support.py.scripted import server_context
from support.py.world import Case


class Counting(maildrop.Session):
    """Records the last command of each flight, after which the client waits."""

    def answer(self, verb, argument):
        if not self.connection.pending():
            self.drop.waits.append(verb.decode())
        return super().answer(verb, argument)

    def before_login(self, verb, argument):
        if verb == b"AUTH":
            return self.log_in()
        return super().before_login(verb, argument)

    def capa(self):
        return super().capa().replace(b"+OK\r\n", b"+OK\r\nSASL PLAIN\r\n", 1)


class RoundTrips(Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="mailhaul-certificates-")
        cls.addClassCleanup(folder.cleanup)
        cls.certificates = Certificates(folder.name)

    def poll(self, tls, **keys):
        """The commands for whose answers the client waits, in a first and in a second empty poll."""
        context = None if tls == "none" else server_context(*self.certificates.good)
        drop = maildrop.Maildrop(tls=context if tls == "starttls" else None)
        drop.session = Counting
        server = self.serve(drop, **({"tls": context} if tls == "implicit" else {}))
        scheme = "pop3s" if tls == "implicit" else "pop3"
        self.world.configure({"home": self.account(server, server="%s://localhost:%d" % (scheme, server.port),
                                                   tls="none" if tls == "none" else "required",
                                                   tls_ca_file=str(self.certificates.ca), **keys)})
        found = []
        for number in (1, 2):
            drop.waits = []
            self.assertStatus(self.world.run(), 0)
            self.assertEqual(len(server.connections), number)
            found.append(drop.waits)
        return found

    def test_an_empty_poll(self):
        for tls, words in (("none", "CAPA AUTH UIDL QUIT"), ("starttls", "CAPA STLS CAPA AUTH UIDL QUIT"),
                           ("implicit", "CAPA AUTH UIDL QUIT")):
            with self.subTest(tls):
                self.begin_anew()
                self.assertEqual([" ".join(waits) for waits in self.poll(tls)], [words, words])

    def test_an_empty_poll_with_user_and_pass(self):
        first, second = self.poll("implicit", auth="user")
        self.assertEqual((first, second), (["CAPA", "USER", "PASS", "UIDL", "QUIT"],) * 2)
