# SPDX-License-Identifier: MIT
"""Mistakes in the configuration: the text, the position and the status."""
import json
import os
import unittest

from support.py import mail
from support.py.world import Case


class Mistakes(Case):
    """The server is never contacted: port 1 would refuse the connection."""

    def check(self, text, status=78, *words, command=("config", "check")):
        self.world.write_config(text)
        for run in (command, ("fetch",)):
            result = self.world.run(*run)
            self.assertStatus(result, status)
            self.assertSays(result.err, *words)
        return result

    def with_account(self, **keys):
        return json.dumps({"accounts": {"home": self.account(1, **keys)}}, indent=2)

    def test_a_typo_names_the_nearest_key_and_its_place(self):
        text = self.with_account(leave_on_sever=True)
        line = next(n for n, row in enumerate(text.split("\n"), 1) if "leave_on_sever" in row)
        self.check(text, 78, "leave_on_sever", "leave_on_server", "config.json:%d:" % line)

    def test_a_typo_at_the_top(self):
        self.check('{ "acounts": {} }', 78, "acounts", "accounts", "config.json:1:")

    def test_a_wrong_type(self):
        text = self.with_account(max_messages="many")
        line = next(n for n, row in enumerate(text.split("\n"), 1) if "max_messages" in row)
        self.check(text, 78, "max_messages", "config.json:%d:" % line)

    def test_a_wrong_type_of_boolean(self):
        self.check(self.with_account(leave_on_server="yes"), 78, "leave_on_server", ("true", "boolean"))

    def test_a_duplicate_key(self):
        self.check('{ "accounts": { "a": {\n  "user": "x",\n  "user": "y" } } }', 78, "user",
                   ("twice", "duplicate", "already"), "config.json:3:")

    def test_a_duplicate_account(self):
        self.check('{ "accounts": {\n "a": {},\n "a": {} } }', 78, ("twice", "duplicate", "already"), "config.json:3:")

    def test_broken_syntax_has_line_and_column(self):
        self.check('{\n  "accounts": {\n    "home": { "user" "anna" }\n  }\n}\n', 78, "config.json:3:")

    def test_comments_are_allowed_and_trailing_rubbish_is_not(self):
        self.check('{ "accounts": {} } x', 78, "config.json:1:")
        self.world.write_config("// mine\n" + self.with_account() + "\n/* end */\n")
        self.assertStatus(self.world.run("config", "check"), 0)

    def test_required_keys_are_named(self):
        for key in ("server", "user", "deliver"):
            with self.subTest(key):
                account = self.account(1)
                del account[key]
                self.check(json.dumps({"accounts": {"home": account}}), 78, "home", key)

    def test_values_that_make_no_sense(self):
        for key, value in (("server", "imap://127.0.0.1"), ("server", "pop3://"), ("server", "pop3://x:99999"),
                           ("server", "pop3://x:0"), ("tls", "maybe"), ("tls_min_version", "0.9"), ("user", "a\nb"),
                           ("max_size", "10X"), ("max_size", "-1"), ("timeout", "soon"), ("order", "random"),
                           ("auth", "telepathy"), ("deliver", "pigeon:~/x"), ("deliver", "maildir:"),
                           ("deliver", {"kind": "maildir"}), ("deliver", []), ("deliver", "mda:"), ("deliver", "mda:x %q"),
                           ("delete_after", "30d"), ("password_command", []), ("tls_pin", "md5//abc")):
            with self.subTest(key=key, value=value):
                self.check(self.with_account(**{key: value}), 78, "home", key.split("_")[0])

    def test_clear_text_over_pop3s_is_a_contradiction(self):
        self.check(self.with_account(server="pop3s://127.0.0.1", tls="none"), 78, "tls")

    def test_two_passwords(self):
        self.check(self.with_account(password_env="X"), 78, "password")

    def test_two_enabled_accounts_for_one_mailbox(self):
        one = self.account(1)
        self.check(json.dumps({"accounts": {"one": one, "two": one}}), 78, "one", "two")
        self.world.configure({"one": one, "two": {**one, "enabled": False}})
        self.assertStatus(self.world.run("config", "check"), 0)

    def test_names_that_are_no_account_names(self):
        for name in ("-x", "", "a b", "fetch", "check", "watch", "a/b"):
            with self.subTest(name):
                self.check(json.dumps({"accounts": {name: self.account(1)}}), 78)


    def test_each_comes_with_a_hint(self):
        for keys in ({"max_size": "10X"}, {"max_sice": "1k"}, {"deliver": "pigeon:x"}, {"oauth": {}}):
            with self.subTest(keys):
                self.world.write_config(self.with_account(**keys))
                self.assertIn("hint:", self.world.run("config", "check").err)

    def test_an_editor_may_be_told_of_the_schema(self):
        self.world.configure({"home": self.account(1)}, **{"$schema": "schema.json"})
        self.assertStatus(self.world.run("config", "check"), 0)
        self.check('{ "$schema": 1, "accounts": {} }', 78, "$schema", "string")

    def test_a_mechanism_that_this_libcurl_lacks(self):
        for auth in ("scram-sha-1", "ntlm", "gssapi"):
            with self.subTest(auth):
                self.world.configure({"home": self.account(1, auth=auth)})
                check, run = self.world.run("config", "check"), self.world.run("check")
                lacks = "not in this build of libcurl" in run.err
                self.assertEqual("not in this build of libcurl" in check.err, lacks)
                self.assertStatus(check, 78 if lacks else 0)


    @unittest.skipIf(os.geteuid(), "only root is refused")
    def test_a_program_that_root_would_run(self):
        self.world.configure({"home": self.account(1, deliver="mda:true")})
        result = self.world.run("config", "check")
        self.assertStatus(result, 78)
        self.assertHint(result, "would run as root", '"allow_root": true in')


class Check(Case):
    """What config check reports, but a run does not."""

    def test_all_mistakes_outside_of_the_accounts_are_named_with_those_inside(self):
        self.world.configure({"home": self.account(1, timeout="soon"), "work": self.account(2)}, jobs=0, logs="x", defaults={"kep": True})
        result = self.world.run("config", "check")
        self.assertStatus(result, 78)
        self.assertSays(result.err, "jobs: must be", "logs: unknown key", "defaults.kep: unknown key", "accounts.home.timeout: must be")
        self.assertEqual(result.out, b"")
        result = self.world.run()
        self.assertStatus(result, 78)
        self.assertNotIn("defaults.kep", result.err)

    def test_a_state_database_that_no_run_could_use(self):
        self.world.state_dir.mkdir(parents=True)
        (self.world.state_dir / "state.db").write_text("")
        self.world.configure({"home": self.account(1)})
        result = self.world.run("config", "check")
        self.assertStatus(result, 74)
        self.assertHint(result, "state.db is damaged")


class Secrets(Case):
    def test_a_configuration_that_others_can_read(self):
        for mode in (0o640, 0o604, 0o660, 0o644):
            with self.subTest(oct(mode)):
                self.world.write_config(json.dumps({"accounts": {"home": self.account(1)}}), mode)
                result = self.world.run()
                self.assertStatus(result, 78)
                self.assertHint(result, "config.json", "chmod")
                self.assertNotIn("secret", result.err)

    def test_without_a_secret_others_may_read_it(self):
        account = self.account(1, password_env="PW")
        del account["password"]
        self.world.write_config(json.dumps({"accounts": {"home": account}}), 0o644)
        self.assertStatus(self.world.run("config", "check"), 0)

    def test_a_password_file_that_others_can_read(self):
        self.world.path("pw").write_text("secret\n")
        self.world.path("pw").chmod(0o640)
        _, server = self.maildrop()
        account = self.account(server, password_file="~/pw")
        del account["password"]
        self.world.configure({"home": account})
        result = self.world.run()
        self.assertStatus(result, 78)
        self.assertHint(result, "pw", "chmod")

    def test_every_source_of_a_password(self):
        for source in ({"password_file": "~/pw"}, {"password_env": "PW"}, {"netrc": True},
                       {"password_command": ["head", "-1", "home/pw"]}, {"password_command": "echo secret"}):
            with self.subTest(source):
                self.begin_anew()  # each server is the same mailbox under another name
                for name, text in (("pw", "secret\nsecond line\n"), (".netrc", "machine 127.0.0.1 login anna password secret\n")):
                    self.world.path(name).write_text(text)
                    self.world.path(name).chmod(0o600)
                self.world.env["PW"] = "secret"
                drop, server = self.maildrop(*mail.small(1))
                account = self.account(server, **source)
                del account["password"]
                self.world.configure({"home": account})
                self.assertStatus(self.world.run(), 0)
                self.assertEqual(drop.uids(), [])

    def test_no_password_and_no_terminal(self):
        _, server = self.maildrop()
        account = self.account(server)
        del account["password"]
        self.world.configure({"home": account})
        result = self.world.run()
        self.assertStatus(result, 78)
        self.assertHint(result, "home", "password")

    def test_a_password_command_that_fails(self):
        _, server = self.maildrop()
        account = self.account(server, password_command=["sh", "-c", "echo locked >&2; exit 3"])
        del account["password"]
        self.world.configure({"home": account})
        result = self.world.run()
        self.assertStatus(result, 75)
        self.assertSays(result.err, "home", "locked")

    def test_what_is_shown_has_no_secret_in_it(self):
        _, server = self.maildrop(*mail.small(1))
        self.world.configure({"home": self.account(server)})
        for words in (("config", "show"), ("-v", "-v"), ("check", "-vv"), ("list", "home", "-vv")):
            result = self.world.run(*words)
            self.assertStatus(result, 0)
            text = result.out.decode() + result.err
            self.assertNotIn("secret", text)
            self.assertNotIn("c2VjcmV0", text, "not in base64 either")
            self.assertNotIn("AGFubmEAc2VjcmV0", text)


class Places(Case):
    def test_bare_mailhaul_without_a_configuration_greets(self):
        bare, asked = self.world.run(), self.world.run("fetch")
        for result in (bare, asked, self.world.run("-q"), self.world.run("--json")):
            self.assertStatus(result, 78)
        self.assertSays(bare.err, "mailhaul init ADDRESS", "--server pop3s://HOST", "man mailhaul", "no configuration file")
        self.assertLess(len(bare.err.splitlines()), 10)
        self.assertNotIn("To begin", asked.err + self.world.run("-q").err)
        self.assertEqual(bare.out, b"")

    def test_no_configuration_says_how_to_begin(self):
        result = self.world.run("fetch")
        self.assertStatus(result, 78)
        self.assertHint(result, "config.json")

    def test_a_named_file_that_is_missing(self):
        for words in (("-c", "/no/such/file"), ("fetch", "--config", "/no/such/file")):
            result = self.world.run(*words)
            self.assertStatus(result, 66)
            self.assertHint(result, "/no/such/file", "check the path")

    def test_a_directory_instead_of_the_file(self):
        self.world.path("folder").mkdir()
        result = self.world.run("-c", self.world.path("folder"))
        self.assertStatus(result, 78)
        self.assertHint(result, "folder is a directory", "config.json")

    def test_the_environment_names_the_file(self):
        _, server = self.maildrop(*mail.small(1))
        other = self.world.path("other.json")
        other.write_text(json.dumps({"accounts": {"home": self.account(server)}}))
        other.chmod(0o600)
        self.world.env["MAILHAUL_CONFIG"] = str(other)
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.world.maildir()), 1)

    def test_comments_trailing_commas_and_units_in_words(self):
        _, server = self.maildrop(*mail.small(1), mail.sized(20000))
        keys = json.dumps(self.account(server))[1:-1]
        self.world.write_config('{ // mine\n "accounts": {"home": {%s,\n "leave_on_server": true, /* , */\n'
                                ' "delete_after": "30 days", "max_size": "10 KB",\n }, },\n}' % keys)
        shown = json.loads(self.world.run("config", "show").out)
        home = shown["accounts"]["home"]
        self.assertEqual((home["delete_after"], home["max_size"]), ("30d", "10k"))
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.world.maildir()), 1)

    def test_paths_begin_at_home(self):
        for path in ("rel/Mail", "~/tilde/Mail", "$HOME/dollar/Mail"):
            with self.subTest(path):
                _, server = self.maildrop(*mail.small(1))
                self.world.configure({"home": self.account(server, deliver="maildir:" + path)})
                place = path.replace("~/", "").replace("$HOME/", "")
                self.world.path(place).parent.mkdir()
                self.assertStatus(self.world.run(), 0)
                self.assertEqual(len(self.world.maildir(place)), 1)
                self.begin_anew()  # the next server is the same mailbox under another name

    def test_a_relative_home_is_not_used(self):
        _, server = self.maildrop(*mail.small(1))
        self.world.configure({"home": self.account(server, deliver="maildir:" + str(self.world.path("Mail")))})
        self.world.env["HOME"] = "relative"
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.world.maildir()), 1)
        self.world.configure({"home": self.account(1, deliver="maildir:~/Mail")})
        shown = json.loads(self.world.run("config", "show").out)
        self.assertTrue(shown["accounts"]["home"]["deliver"]["path"].startswith("/"))
        del self.world.env["XDG_CONFIG_HOME"]
        self.assertNotIn(" relative", self.world.run("config", "check").err)
        self.assertFalse((self.world.root / "relative").exists())

    def test_state_goes_where_it_is_told(self):
        _, server = self.maildrop(*mail.small(1))
        self.world.configure({"home": self.account(server)})
        place = self.world.path("elsewhere/deep/state.db")
        self.assertStatus(self.world.run("--state", place), 0)
        self.assertEqual(place.stat().st_mode & 0o777, 0o600)
        self.assertFalse(self.world.state_dir.exists())

    def test_state_and_places_are_private(self):
        _, server = self.maildrop(*mail.small(1))
        self.world.configure({"home": self.account(server)})
        old = os.umask(0)
        try:
            self.assertStatus(self.world.run(), 0)
        finally:
            os.umask(old)
        self.assertEqual((self.world.state_dir / "state.db").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.world.path("Mail").stat().st_mode & 0o777, 0o700)


if __name__ == "__main__":
    unittest.main()
