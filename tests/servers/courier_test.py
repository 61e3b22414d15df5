# SPDX-License-Identifier: MIT
"""UTF8 (RFC 6856) at a real Courier. A client that has not sent UTF8 gets a notice in place of each message with UTF-8
in its header."""
import unittest

from servers import real
from support.py import mail
from support.py.world import Case

EIGHT_BIT = tuple(b"From: J\xc3\xb6rg <joerg@example.org>\r\nSubject: Gr\xc3\xbc\xc3\x9fe %d\r\nMessage-ID: <%d@example.org>\r\n\r\n"
                  b"Sch\xc3\xb6n.\r\n.\r\n..\r\n" % (n, n) for n in range(3))


class Older(real.Courier):
    """The same server, but it does not list UTF8, so that mailhaul does not send UTF8."""
    CAPA = real.Courier.CAPA.replace(b"UTF8 USER\r\n", b"")


class Utf8(Case):
    def setUp(self):
        super().setUp()
        if not real.Courier.usable():
            self.skipTest("this server is not unpacked, or this is not root")

    def configured(self, server, **more):
        account = self.account(server.port, user=server.user, password=real.PASSWORD)
        self.world.configure({"home": {**account, **more}})

    def fetched(self):
        result = self.world.run()
        self.assertStatus(result, 0)
        return result

    def test_messages_with_8_bit_headers_arrive_byte_for_byte(self):
        with real.Courier() as server:
            server.deliver(EIGHT_BIT)
            self.configured(server)
            self.fetched()
            self.assertSameMail(self.world.maildir(), EIGHT_BIT)
            self.assertEqual(self.fetched().out, b"")

    def test_without_utf8_they_are_notices(self):
        """Shows that the case above would fail without UTF8."""
        with Older() as server:
            server.deliver(EIGHT_BIT)
            self.configured(server, leave_on_server=True)
            self.fetched()
            for text in self.world.maildir():
                self.assertNotIn(b"Gr\xc3\xbc\xc3\x9fe", text.split(b"\n\n")[0])

    def test_the_originals_of_notices_stay_on_the_server(self):
        with Older() as server:
            plain = mail.small(2, seed=94)
            server.deliver([*EIGHT_BIT, *plain])
            self.configured(server)
            first = self.fetched()
            self.assertEqual(first.err.count("in place of message"), len(EIGHT_BIT), first.err)
            self.fetched()
            self.assertEqual(len(self.world.maildir()), len(EIGHT_BIT) + len(plain))
            left = [file for folder in ("new", "cur") for file in (server.mailbox / folder).iterdir()]
            self.assertEqual(sorted(file.read_bytes() for file in left), sorted(map(mail.local, EIGHT_BIT)))

    def test_what_is_left_on_the_server_comes_once(self):
        """This also holds for notices, which differ each time, and after the server has begun to list UTF8."""
        for kind in (real.Courier, Older):
            with self.subTest(kind.__name__), kind() as server:
                self.begin_anew()
                wires = [*EIGHT_BIT, *mail.small(2, seed=94)]
                server.deliver(wires)
                self.configured(server, leave_on_server=True)
                self.fetched()
                for capabilities in (kind.CAPA, kind.CAPA, real.Courier.CAPA, real.Courier.CAPA):
                    server.CAPA = capabilities
                    self.assertEqual(self.fetched().out, b"", "nothing is new")
                self.assertEqual(len(self.world.maildir()), len(wires))

    def test_what_was_left_from_before_is_not_fetched_again(self):
        with Older() as server:
            plain = mail.small(4, seed=93)
            server.deliver(plain)
            self.configured(server, leave_on_server=True)
            self.fetched()
            self.assertSameMail(self.world.maildir(), plain)
            server.CAPA = real.Courier.CAPA
            for _ in range(2):
                self.assertEqual(self.fetched().out, b"", "nothing is new")
            server.deliver(EIGHT_BIT)
            self.fetched()
            self.assertSameMail(self.world.maildir(), [*plain, *EIGHT_BIT])


if __name__ == "__main__":
    unittest.main()
