# SPDX-License-Identifier: MIT
"""Where secrets come from, which accounts a problem with them affects, and who must not see them."""
import base64
import json
import os
import sys
import unittest

from support.py import leaks, mail, mounts
from support.py.bridge import BRIDGE
from support.py.certificates import Certificates
from support.py.scripted import server_context
from support.py.world import Case, World

SHOW_ENVIRONMENT = {"kind": "mda", "command": ["sh", "-c", 'env > "$HOME/seen"; cat > /dev/null'], "allow_root": True}


class Search(unittest.TestCase):
    """Every run of every suite is searched for secrets (World.must_not_tell). This tests that the search finds them."""

    def test_a_secret_is_found_in_any_form(self):
        for text in (b"> PASS secret\r\n", b'{"password":"secret"}', b"anna\0secret\0", b"not with 'secret'",
                     base64.b64encode(b"\0anna\0secret"), base64.b64encode(b"anna secret"), base64.b64encode(b"secret"),
                     b"a token rt-7Qx"):
            self.assertIsNotNone(leaks.found_secret(text, ["rt-7Qx"]), text)
        self.assertIsNotNone(leaks.found_secret(base64.b64encode(b"user=anna\1auth=Bearer at-long-token\1\1"), ["at-long-token"]))

    def test_words_of_the_program_are_not_secrets(self):
        for text in (b"cannot run secret-tool", b"client_secret_command", b"a program that prints the client's secret, if it has one",
                     b"/home/anna/secret", b"secrets", b"> PASS ***"):
            self.assertIsNone(leaks.found_secret(text, ["rt-7Qx"]), text)

    def test_a_run_that_prints_one_fails_its_test(self):
        world = World()
        self.addCleanup(world.close)
        world.prefix = ["echo", "> PASS secret"]
        with self.assertRaisesRegex(AssertionError, "a secret was printed"):
            world.run("version")


class Environment(Case):
    def test_no_program_sees_the_password_of_any_account(self):
        _, server = self.maildrop(*mail.small(1))
        mine = self.account(server, password_env="MINE", deliver=SHOW_ENVIRONMENT)
        del mine["password"]
        others = {name: {**mine, "user": name, "password_env": name.upper()} for name in ("unnamed", "disabled")}
        others["disabled"]["enabled"] = False
        self.world.configure({"home": mine, **others}, defaults={"password_env": "FALLBACK"})
        self.world.env.update({name: "secret" for name in ("MINE", "UNNAMED", "DISABLED", "FALLBACK")})
        self.world.env["HARMLESS"] = "visible"
        self.assertStatus(self.world.run("fetch", "home"), 0)
        seen = self.world.path("seen").read_text()
        self.assertIn("HARMLESS=visible", seen)
        self.assertNotIn("=secret", seen)

    def test_programs_do_not_get_a_password_that_the_command_line_replaced(self):
        _, server = self.maildrop(*mail.small(1))
        mine = self.account(server, password_env="MINE", deliver=SHOW_ENVIRONMENT)
        del mine["password"]
        self.world.configure({"home": mine})
        self.world.env.update({"MINE": "hidden", "OTHER": "secret"})
        self.assertStatus(self.world.run("--password-env", "OTHER"), 0)
        seen = self.world.path("seen").read_text()
        for name in ("MINE", "OTHER"):
            self.assertNotIn(name + "=", seen)

    def test_the_tunnel_of_init_gets_no_password(self):
        _, server = self.maildrop(*mail.small(1))
        self.world.configure({"other": {**self.account(server, user="bert"), "password_env": "OTHER"}})
        self.drop_password("other")
        tunnel = self.world.path("tunnel")
        tunnel.write_text('#!/bin/sh\nenv >"$HOME/seen"\nexec "%s" -c "$BRIDGE" %d\n' % (sys.executable, server.port))
        tunnel.chmod(0o755)
        self.world.env.update({"MINE": "secret", "OTHER": "secret", "BRIDGE": BRIDGE})
        result = self.world.run("init", "anna@example.org", "--server", "pop3://pop.nowhere.invalid", "--user", "anna", "--tls", "none",
                                "--password-env", "MINE", "--tunnel", tunnel)
        self.assertStatus(result, 0)
        self.assertNotIn("=secret", self.world.path("seen").read_text())
        self.assertEqual(json.loads(self.world.config.read_text())["accounts"]["example"]["password_env"], "MINE")

    def drop_password(self, name):
        whole = json.loads(self.world.config.read_text())
        del whole["accounts"][name]["password"]
        self.world.write_config(json.dumps(whole))


class Files(Case):
    def spoiled(self, mode, **keys):
        file = self.world.path("file")
        file.write_text("secret\n")
        file.chmod(mode)
        _, server = self.maildrop(*mail.small(1))
        good = self.account(server)
        bad = {**good, "user": "other", **keys}
        if "password_file" in keys:
            del bad["password"]
        return good, bad

    def test_a_key_that_others_can_read_stops_its_own_account_only(self):
        good, bad = self.spoiled(0o640, server="pop3s://127.0.0.1", tls="required", tls_client_cert="~/file",
                                 tls_client_key="~/file")
        self.world.configure({"bad": bad, "good": good})
        result = self.world.run()
        self.assertStatus(result, 78)
        self.assertHint(result, "bad: error: tls_client_key", "chmod")
        self.assertEqual(len(self.world.maildir()), 1)

    def test_nobody_is_warned_of_a_file_of_a_disabled_account(self):
        good, bad = self.spoiled(0o640, server="pop3s://127.0.0.1", tls="required", tls_client_cert="~/file",
                                 tls_client_key="~/file", enabled=False)
        self.world.configure({"bad": bad, "good": good})
        result = self.world.run()
        self.assertEqual((result.status, result.err), (0, ""))

    @unittest.skipUnless(mounts.usable(), "neither root nor a user namespace may mount here")
    def test_a_container_platform_sets_the_modes_of_its_secrets(self):
        for folder in ("secrets", "credentials/mail.service", "other"):
            with self.subTest(folder):
                there = self.world.path("run") / folder
                there.mkdir(parents=True, exist_ok=True)
                (there / "mail").write_text("secret\n")
                (there / "mail").chmod(0o444)
                _, server = self.maildrop(*mail.small(1))
                account = self.account(server, password_file="/run/%s/mail" % folder)
                del account["password"]
                self.world.configure({"home": account})
                self.world.prefix = mounts.instead(self.world.path("run"), "/run")
                self.assertStatus(self.world.run(), 78 if folder == "other" else 0)

    @unittest.skipUnless(mounts.usable() and os.geteuid() == 0, "only root may mount, and give files to somebody else")
    def test_a_mount_that_is_read_only_and_not_ours_sets_the_modes_of_its_files(self):
        here, there = self.world.path("here"), self.world.path("there")
        here.mkdir()
        there.mkdir()
        _, server = self.maildrop(*mail.small(1))
        account = self.account(server, leave_on_server=True)
        texts = {"password": "secret\n", "netrc": "machine 127.0.0.1 login anna password secret\n",
                 "config": json.dumps({"accounts": {"home": account}})}
        withheld = {key: value for key, value in account.items() if key != "password"}
        for name, text in texts.items():
            (here / name).write_text(text)
            (here / name).chmod(0o440)
        self.world.env["NETRC"] = str(there / "netrc")
        for keys in ({**withheld, "password_file": str(there / "password")}, {**withheld, "netrc": True}, None):
            if keys:
                self.world.configure({"home": keys})
            words = [] if keys else ["-c", there / "config"]
            for prefix, status in ((mounts.read_only(here, there, 4711), 0),
                                   (mounts.read_only(here, there, 0), 0),  # in a container whose user is root
                                   (mounts.instead(here, there), 78)):     # not read-only
                with self.subTest(keys=keys, prefix=prefix):
                    self.world.prefix = prefix
                    for command in (("config", "check"), ("fetch",)):
                        result = self.world.run(*words, *command)
                        self.assertStatus(result, status)
                        if status:
                            self.assertSays(result.err, "mode 0440")

    def test_a_credential_of_systemd(self):
        _, server = self.maildrop(*mail.small(1))
        account = self.account(server, password_credential="mail")
        del account["password"]
        self.world.configure({"home": account})
        self.assertHint(self.world.run(), "home: error: password_credential", "CREDENTIALS_DIRECTORY", "LoadCredential=mail:FILE")
        folder = self.world.path("credentials")
        folder.mkdir()
        (folder / "mail").write_text("secret\n")
        (folder / "mail").chmod(0o440)
        self.world.env["CREDENTIALS_DIRECTORY"] = str(folder)
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.world.maildir()), 1)

    def test_systemd_sets_the_modes_of_all_its_credentials(self):
        folder = self.world.path("credentials")
        folder.mkdir()
        made = Certificates(self.world.root / "certificates")
        drop, _ = self.maildrop(*mail.small(1))
        server = self.serve(drop, tls=server_context(*made.good))
        account = self.account(server, server="pop3s://localhost:%d" % server.port, tls="required", tls_ca_file=str(made.ca),
                               leave_on_server=True)
        withheld = {key: value for key, value in account.items() if key != "password"}
        texts = {"password": "secret\n", "netrc": "machine localhost login anna password secret\n",
                 "key": made.good[1].read_text(), "config": json.dumps({"accounts": {"home": account}})}
        for name, text in texts.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o440)
        elsewhere = str(self.world.path("credentials.other"))
        for name, keys in (("password", {**withheld, "password_file": str(folder / "password")}),
                           ("netrc", {**withheld, "netrc": True}),
                           ("key", {**account, "tls_client_cert": str(made.good[0]), "tls_client_key": str(folder / "key")}),
                           ("config", None)):
            for directory, status in ((str(folder), 0), (elsewhere, 78), (None, 78)):
                with self.subTest(name, directory=directory):
                    if keys:
                        self.world.configure({"home": keys})
                    words = [] if keys else ["-c", folder / "config"]
                    self.world.env["NETRC"] = str(folder / "netrc")
                    self.world.env.pop("CREDENTIALS_DIRECTORY", None)
                    if directory is not None:
                        self.world.env["CREDENTIALS_DIRECTORY"] = directory
                    for command in (("config", "check"), ("fetch",), ("doctor",)):
                        result = self.world.run(*words, *command)
                        self.assertStatus(result, status)
                        if status:
                            self.assertSays(result.out.decode() + result.err, "mode 0440")

    def test_config_check_finds_what_a_run_would_find(self):
        there = str(self.world.path("file"))
        for words, mode, keys in ((("tls_ca_file", "No such file"), 0o600, {"tls_ca_file": "~/none.pem"}),
                                  (("tls_client_cert", "No such file"), 0o600, {"tls_client_cert": "~/none.pem"}),
                                  (("tls_client_key", "0640"), 0o640,
                                   {"tls_client_cert": there, "tls_client_key": there}),
                                  (("password_file", "0604"), 0o604, {"password_file": there})):
            with self.subTest(words):
                good, bad = self.spoiled(mode, **{"server": "pop3s://127.0.0.1", "tls": "required", **keys})
                self.world.configure({"good": good, "bad": bad})
                for command in (("config", "check"), ("check", "bad")):
                    result = self.world.run(*command)
                    self.assertStatus(result, 78)
                    self.assertHint(result, "bad: error: " + words[0], *words)
                    self.assertEqual(result.out, b"")

    def test_a_missing_file_names_key_and_account(self):
        good, bad = self.spoiled(0o600, password_file="~/none")
        self.world.configure({"home": bad})
        self.assertHint(self.world.run(), "home: error: password_file", str(self.world.path("none")))
        del bad["password_file"]
        self.world.configure({"home": {**bad, "netrc": True}})
        self.assertHint(self.world.run(), "home: error: netrc", ".netrc")
        self.assertStatus(self.world.run("config", "check"), 78)


class Commands(Case):
    def run_with(self, script, *words):
        drop, server = self.maildrop(*mail.small(1))
        account = self.account(server, password_command=["sh", "-c", script])
        del account["password"]
        self.world.configure({"home": account})
        return drop, self.world.run(*words)

    def test_the_words_of_a_command_that_fails_are_in_the_error(self):
        _, result = self.run_with("echo 'gpg: the key store is \033[31mlocked' >&2; exit 2")
        self.assertStatus(result, 75)
        self.assertSays(result.err, "home: error: password_command 'sh'", "exit status 2",
                        "the key store is \\x1b[31mlocked")
        self.assertEqual(len(result.err.splitlines()), 2, result.err)

    def test_with_q_they_are_as_silent_as_the_error(self):
        _, result = self.run_with("echo locked >&2; exit 2", "-q")
        self.assertEqual((result.status, result.out, result.err), (75, b"", ""))

    def test_what_a_good_command_says_is_not_shown(self):
        drop, result = self.run_with("echo a warning >&2; echo secret")
        self.assertEqual((result.status, result.err), (0, ""))
        self.assertEqual(drop.uids(), [])

    def test_an_empty_password_comes_with_the_reason(self):
        _, result = self.run_with("echo no such entry >&2")
        self.assertStatus(result, 78)
        self.assertHint(result, "is empty", "no such entry")


if __name__ == "__main__":
    unittest.main()
