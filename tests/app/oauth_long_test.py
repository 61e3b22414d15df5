# SPDX-License-Identifier: MIT
"""Access tokens of 8 KB, as Microsoft makes them: too long for the line of AUTH, and for most buffers."""
import re
import unittest

from support.py.oauth import CLOCK, AtTerminal, OAuthCase

CLAIMS = {"aud": "https://outlook.office.com", "scp": "POP.AccessAsUser.All", "upn": "anna", "exp": 4102444800,
          "wids": "x" * 5900}
LONGEST_AUTH_LINE = 255  # RFC 2449 section 4, with its CRLF


@unittest.skipUnless(CLOCK, "MAILHAUL_SHIFTED_CLOCK is not set")
class Long(OAuthCase):
    def test_a_token_of_8_kb_from_login_to_renewal(self):
        for mechanism in ("XOAUTH2", "OAUTHBEARER"):
            with self.subTest(mechanism):
                self.begin_anew()
                self.provide(mechanisms=mechanism.encode(), jwt=CLAIMS, account={"leave_on_server": True})
                run = AtTerminal(self.world, "login", "home")
                self.provider.approve(run.expect(rb"code (WXYZ-\d)"))
                self.assertEqual(run.end(), 0, run.screen)
                token = self.kept()["access_token"]
                self.assertGreater(len(token), 8000)
                first = self.fetched(mechanism, 1)
                self.later(3700)
                second = self.fetched(mechanism, 2)
                self.assertNotEqual(self.kept()["access_token"], token)
                self.assertEqual(len(self.provider.forms("/token", "refresh_token")), 1)
                self.assertNoSecret(run.screen, first.out, first.err, second.out, second.err)

    def fetched(self, mechanism, connections):
        result = self.world.run("-vv")
        self.assertStatus(result, 0)
        self.assertEqual(re.findall(r"> AUTH.*", result.err), ["> AUTH " + mechanism])  # in two steps, at the first try
        server = self.servers[-1]
        self.assertEqual(len(server.connections), connections)
        lines = server.connections[-1].lines
        name = lines.index(b"AUTH " + mechanism.encode())
        self.assertGreater(len(lines[name + 1]), 8000 * 4 // 3)
        self.assertFalse([line for line in lines if line.startswith(b"AUTH") and len(line) + 2 > LONGEST_AUTH_LINE])
        return result

    def test_one_that_is_refused_is_explained_and_not_shown(self):
        self.provide(jwt={**CLAIMS, "upn": "berta"}, oauth={"provider": "microsoft"})
        self.log_in()
        self.provider.accepts = lambda token: False
        result = self.world.run("-vv")
        self.assertStatus(result, 77)
        self.assertHint(result, "another mailbox", "the token is for https://outlook.office.com")
        self.assertNoSecret(result.out, result.err)
        self.assertNotIn("x" * 100, result.err)
        self.assertLess(len(result.err), 20000)

    def serve(self, drop, **more):
        self.servers = [*getattr(self, "servers", []), super().serve(drop, **more)]
        return self.servers[-1]


if __name__ == "__main__":
    unittest.main()
