# SPDX-License-Identifier: MIT
"""Real servers, and mail of every awkward shape: it is left there, the next runs find nothing new, more mail arrives,
and then all of it is removed.

Mail must arrive as the server sends it to another client; if the server rewrites its mbox, as it sends it before that.
"""
import unittest

from servers import real
from support.py import mail
from support.py.maildrop import header_of
from support.py.pop import Pop
from support.py.world import Case


class Real(Case):
    def served(self, kind, wires):
        """These messages as such a server sends them to its first client."""
        with kind() as twin:
            twin.deliver(wires)
            with Pop(twin.port, twin.user, real.PASSWORD) as pop:
                pop.body("UIDL")  # changes what some serve afterwards
                return [kind.sent(wire) for wire in pop.everything()]

    def run_ok(self):
        result = self.world.run()
        self.assertStatus(result, 0)
        return result

    def assertArrived(self, kind, wires):
        self.assertSameMail(map(kind.sent, self.world.maildir()), wires)

    def left_and_fetched_again(self, kind, wires, more):
        if not kind.usable():
            self.skipTest("this server is not unpacked, or this is not root")
        expected, later = self.served(kind, wires), self.served(kind, more)
        with kind() as server:
            account = self.account(server.port, user=server.user, password=real.PASSWORD)
            self.world.configure({"home": {**account, "leave_on_server": True}})
            server.deliver(wires)
            self.run_ok()
            self.assertArrived(kind, expected)
            for _ in range(2):
                again = self.run_ok()
                self.assertEqual(again.out, b"", "nothing is new")
            server.deliver(more)
            self.run_ok()
            self.assertArrived(kind, expected + later)
            self.world.configure({"home": account})
            self.run_ok()
            self.assertArrived(kind, expected + later)
            self.assertEqual(self.run_ok().out, b"")
            with Pop(server.port, server.user, real.PASSWORD) as pop:
                self.assertEqual(pop.count(), 0)

    def test_gnu_pop3d(self):
        self.left_and_fetched_again(real.Gnu, mail.corpus(40, seed=91), mail.small(3, seed=92))

    def test_popa3d(self):
        self.left_and_fetched_again(real.Popa3d, mail.corpus(40, seed=91), mail.small(3, seed=92))

    def test_cyrus(self):
        self.left_and_fetched_again(real.Cyrus, mail.corpus(40, seed=91), mail.small(3, seed=92))

    def test_courier(self):
        plain = [wire for wire in mail.corpus(42, seed=91) if header_of(wire).isascii()]
        self.left_and_fetched_again(real.Courier, plain, mail.small(3, seed=92))

    def test_dovecot_with_an_mbox(self):
        self.left_and_fetched_again(real.Dovecot, mail.corpus(40, seed=91), mail.small(3, seed=92))


if __name__ == "__main__":
    unittest.main()
