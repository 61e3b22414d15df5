# SPDX-License-Identifier: MIT
"""NTLM, which libcurl implements except for the POP3 commands around it: a whole login, and a wrong password."""
import unittest

from support.py import mail, ntlm
from support.py.world import Case


class Support(unittest.TestCase):
    def test_md4_as_in_rfc_1320(self):
        for text, digest in ((b"", "31d6cfe0d16ae931b73c59d7e0c089c0"), (b"abc", "a448017aaf21d8525fc10ae87aa6729d"),
                             (b"1234567890" * 8, "e33b4ddc9c38f2199c3e7b164fcc0536")):
            self.assertEqual(ntlm.md4(text).hex(), digest)


class Ntlm(Case):
    def configure(self, *messages, hangs_up_at=None, **keys):
        self.drop, self.server = self.maildrop(*messages)
        self.world.configure({"home": self.account(self.server, auth="ntlm", **keys)})
        if "is not in this build of libcurl" in self.world.run("config", "check").err:
            self.skipTest("this libcurl has no NTLM")
        return ntlm.log_in_at(self.drop, hangs_up_at=hangs_up_at)

    def test_a_whole_login_and_the_next_one(self):
        messages = mail.small(3)
        tried = self.configure(*messages)
        result = self.world.run("-vv")
        self.assertStatus(result, 0)
        self.assertSameMail(self.world.maildir(), messages)
        self.assertEqual(self.drop.uids(), [])
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(tried, [("anna", "")] * 2)
        self.assertEqual(len(self.server.connections), 2)

    def test_a_user_with_a_domain(self):
        tried = self.configure(*mail.small(1), user="WORK\\anna")
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(tried, [("anna", "WORK")])

    def test_a_wrong_password_goes_out_once_and_begins_a_pause(self):
        tried = self.configure(*mail.small(1), password="another-one")
        self.world.secrets = ["another-one"]
        result = self.world.run("-vv")
        self.assertStatus(result, 77)
        self.assertHint(result, "refused the login of anna: [AUTH] wrong password", "user name and password")
        self.assertStatus(self.world.run(), 75)
        self.assertEqual((len(tried), len(self.server.connections)), (1, 1))
        self.assertEqual(len(self.drop.uids()), 1)

    def test_a_server_that_hangs_up_at_the_response_is_asked_once_in_a_run_and_paused_at_from_the_second_one_on(self):
        tried = self.configure(*mail.small(1), hangs_up_at="response")
        for runs in (1, 2):
            result = self.world.run()
            self.assertStatus(result, 75)
            self.assertHint(result, "closed the connection when it was given the credentials of anna", "a wrong password",
                            "POP3 is switched off")
            self.assertEqual((len(tried), len(self.server.connections)), (runs, runs))
        result = self.world.run()
        self.assertStatus(result, 75)
        self.assertSays(result.err, "no login at 127.0.0.1 before")
        self.assertEqual(len(self.server.connections), 2)

    def test_a_server_that_hangs_up_at_a_message_on_the_line_of_the_name_gets_it_in_two_steps(self):
        tried = self.configure(*mail.small(1), hangs_up_at="message on the line of the name")
        self.assertStatus(self.world.run(), 0)
        self.assertStatus(self.world.run(), 0)
        self.assertEqual((len(tried), len(self.server.connections)), (2, 3))  # the method that worked is remembered

    def test_a_server_that_hangs_up_at_the_name_alone_has_been_given_nothing(self):
        self.configure(*mail.small(1), hangs_up_at="name")
        result = self.world.run()
        self.assertStatus(result, 75)
        self.assertSays(result.err, "lost: closed by the server")
        self.assertEqual(len(self.server.connections), 2)


if __name__ == "__main__":
    unittest.main()
