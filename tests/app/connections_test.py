# SPDX-License-Identifier: MIT
"""The ways to a server besides a plain connection: a local socket, a tunnel, one family of addresses."""
import os
import sys

from support.py import mail
from support.py.bridge import BRIDGE
from support.py.certificates import Certificates
from support.py.maildrop import Maildrop
from support.py.scripted import server_context
from support.py.world import Case

PYTHON = sys.executable


class Connections(Case):
    def setUp(self):
        super().setUp()
        self.mail = mail.corpus(20)

    def bridge(self, port):
        return [PYTHON, "-c", BRIDGE, str(port)]

    def fetched(self, **keys):
        self.world.configure({"home": self.account(1, **keys)})
        result = self.world.run("-v")
        self.assertStatus(result, 0)
        self.assertSameMail(self.world.maildir(), self.mail)
        return result

    def certificates(self):
        return Certificates(self.world.root / "certificates")

    def test_a_local_socket(self):
        path = self.world.path("pop.sock")
        drop = Maildrop(self.mail)
        self.serve(drop, path=path)
        keys = self.account(1, server="unix:~/pop.sock")
        del keys["tls"]
        self.world.configure({"home": keys})
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.world.maildir(), self.mail)
        self.assertEqual(drop.messages, [])

    def test_a_tunnel(self):
        drop, server = self.maildrop(*self.mail)
        # The name of the host is not looked up, and nothing connects to it.
        self.fetched(server="pop3://pop.nowhere.invalid", tls="none", tunnel=self.bridge(server.port))
        self.assertEqual((drop.messages, len(server.connections)), ([], 1))

    def test_tls_in_a_tunnel(self):
        for scheme in ("pop3s", "pop3"):
            with self.subTest(scheme):
                self.begin_anew()
                made = self.certificates()
                context = server_context(*made.good)
                drop = Maildrop(self.mail, tls=context, capabilities=(b"STLS", b"UIDL", b"TOP", b"USER"))
                server = self.serve(drop, **({"tls": context} if scheme == "pop3s" else {}))
                keys = {"server": scheme + "://localhost", "tls": "required", "tls_ca_file": str(made.ca)}
                self.fetched(**keys, tunnel=self.bridge(server.port))
                self.world.configure({"home": self.account(1, **{**keys, "server": scheme + "://elsewhere.invalid"},
                                                           tunnel=self.bridge(server.port))})
                result = self.world.run()
                self.assertStatus(result, 69)
                self.assertSays(result.err, "the certificate of elsewhere.invalid", "DNS:localhost")

    def test_a_tunnel_that_ends_is_shown_with_its_words(self):
        for tls in ("none", "required"):
            with self.subTest(tls):
                self.world.configure({"home": self.account(1, server="pop3%s://h" % ("s" if tls == "required" else ""), tls=tls,
                                                           tunnel=["sh", "-c", "echo 'ssh: host key changed' >&2; exit 9"])})
                result = self.world.run()
                self.assertStatus(result, 75)
                self.assertHint(result, "the tunnel to h:", "ended before the greeting: sh: exit status 9: ssh: host key changed",
                                "by hand")

    def test_a_tunnel_that_cannot_be_started(self):
        self.world.configure({"home": self.account(1, tunnel="no-such-program 110")})
        result = self.world.run()
        self.assertStatus(result, 78)
        self.assertHint(result, "tunnel: cannot run no-such-program", "install it")

    def test_a_tunnel_ends_with_the_session(self):
        note = self.world.path("pid")
        _, server = self.maildrop(*self.mail)
        stays = "open(%r, 'w').write(str(os.getpid()))\n" % str(note)
        bridge = BRIDGE.replace("sock = ", stays + "sock = ").replace("os._exit(0)", "pass") + "threading.Event().wait()\n"
        self.fetched(tunnel=[PYTHON, "-c", "import os\n" + bridge, str(server.port)])
        with self.assertRaises(ProcessLookupError):
            os.kill(int(note.read_text()), 0)

    def test_nobody_at_a_local_socket(self):
        self.world.configure({"home": self.account(1, server="unix:~/pop.sock", tls="none")})
        result = self.world.run()
        self.assertStatus(result, 75)
        self.assertHint(result, "cannot connect to", "/pop.sock: No such file", '"server"')

    def test_a_host_without_addresses_of_the_family(self):
        self.world.configure({"home": self.account(1, address_family="ipv6")})
        result = self.world.run()
        self.assertStatus(result, 68)
        self.assertHint(result, "127.0.0.1 has no IPv6 address", '"address_family"')

    def test_one_family_only(self):
        drop, server = self.maildrop(*self.mail)
        self.fetched(server="pop3://localhost:%d" % server.port, address_family="ipv4")
        self.assertEqual(drop.messages, [])

    def test_a_host_name_with_umlauts_in_every_locale(self):
        asked = []

        def proxy(connection):
            asked.append(connection.line())
            while connection.line():
                pass
            connection.send(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")

        server = self.serve(proxy)
        for locale in ("C", "C.UTF-8"):
            self.world.env["LC_ALL"] = locale
            self.world.configure({"home": self.account(1, server="pop3://B\u00fccher.example",
                                                       proxy="http://127.0.0.1:%d" % server.port)})
            result = self.world.run()
            self.assertStatus(result, 75)
            self.assertSays(result.err, "B\u00fccher.example:110")
        self.assertEqual(asked, [b"CONNECT xn--bcher-kva.example:110 HTTP/1.1"] * 2)
