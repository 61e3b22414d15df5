# SPDX-License-Identifier: MIT
"""Accounts that import and init add to a configuration with defaults, which must not change what they mean."""
import json
import unittest

from app import import_test
from support.py.newcomer import InitCase

RC = "account box\nhost pop.example.org\ntls on\nuser anna\npassword secret two\ndelivery maildir ~/Mail\nkeep on\n"
OLD = {"server": "pop3://other.example", "user": "u", "deliver": "maildir:~/Old"}
DEFAULTS = {"tls": "none", "tls_min_version": "1.3", "auth": "apop", "proxy": "socks5h://127.0.0.1:9", "address_family": "ipv6",
            "connect_timeout": "1s", "timeout": "1s", "min_interval": "1h", "netrc": True, "leave_on_server": True,
            "delete_after": "30d", "max_size": 1, "max_messages": 1, "max_bytes": 1, "order": "newest", "fetch_all": True,
            "trace_header": False, "enabled": False}


class Imported(import_test.Import):
    def imported_below(self, defaults):
        """The settings in force of an account that was imported into a file with these defaults; what import said."""
        self.write(".mpoprc", RC)
        self.write(".config/mailhaul/config.json", json.dumps({"defaults": defaults, "accounts": {"old": OLD}}))
        said = self.ok("import", "mpop").err
        shown = json.dumps(self.json_lines(self.ok("--json", "config", "show"))[0]["accounts"]["box"])
        return json.loads(shown.replace(str(self.world.home), "~")), said

    def test_defaults_do_not_change_the_account(self):
        alone, _ = self.imported_below({})
        self.begin_anew()
        below, said = self.imported_below(DEFAULTS)
        self.assertEqual(below, alone)
        self.assertNotIn('"defaults"', said)
        self.assertEqual(self.profile()["box"]["delete_after"], "never")

    def test_keys_that_it_takes_from_the_defaults_are_told(self):
        shown, said = self.imported_below({"tls_ca_file": "~/ca.pem", "password_env": "PW", "on_trouble": "true"})
        self.assertSays(said, 'the account takes these keys from "defaults": "tls_ca_file"\n', "into the accounts that need them")
        self.assertEqual((shown["tls_ca_file"], shown["on_trouble"]), ("~/ca.pem", ["true"]))
        self.assertNotIn("password_env", shown)


class Checked(InitCase):
    def test_defaults_do_not_change_the_account_whose_login_was_checked(self):
        self.mailbox()
        self.world.write_config(json.dumps({"accounts": {"old": OLD},
                                            "defaults": {"auth": "apop", "leave_on_server": True, "delete_after": "30d"}}))
        result = self.run_init("anna@example.org", "--server", "pop3s://pop.example.org", "--user", "anna", "--name", "new",
                               "--password-file", self.password_file())
        self.assertStatus(result, 0)
        profile = json.loads(self.world.config.read_text())["accounts"]["new"]
        self.assertEqual((profile["auth"], profile["delete_after"]), ("auto", "never"))
        self.assertStatus(self.world.run("new"), 0)
        self.assertEqual(len(self.world.maildir("Mail/new")), 3)


if __name__ == "__main__":
    unittest.main()
