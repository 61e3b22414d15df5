# SPDX-License-Identifier: MIT
"""A password in the desktop's keyring, with a program in place of secret-tool. The real one: tests/servers/keyring_test.py"""
import json
import os

from support.py import mail
from support.py.terminal import AtTerminal
from support.py.world import Case

# The keyring is a folder with a file for each set of attributes. It is locked while there is a file named "locked".
SECRET_TOOL = """#!/bin/sh
cd "$HOME/ring" || exit 9
echo "$@" >>calls
env >>calls
if [ -e locked ]; then echo 'secret-tool: The collection is locked' >&2; exit 1; fi
action=$1
shift
case $1 in --label=*) shift ;; esac
name=$(echo "$*" | tr ' /' '__')
case $action in
  store) cat >"$name" ;;
  lookup) test -e "$name" && cat "$name" ;;
  clear) rm -f "$name" ;;
esac
"""
PASSWORD = "geheim-7"
NAME = "host_127.0.0.1_service_pop3_user_anna"


class Keyring(Case):
    def setUp(self):
        super().setUp()
        self.drop, self.server = self.maildrop(*mail.small(2), password=PASSWORD.encode())
        account = self.account(self.server, keyring=True)
        del account["password"]
        self.world.configure({"home": account})
        self.ring = self.world.path("ring")
        self.ring.mkdir()
        tool = self.world.path("bin/secret-tool")
        tool.parent.mkdir()
        tool.write_text(SECRET_TOOL)
        tool.chmod(0o755)
        self.world.env["PATH"] = "%s:%s" % (tool.parent, self.world.env["PATH"])

    def log_in(self, *typed):
        run = AtTerminal(self.world, "login", "home")
        for text in typed:
            run.expect(rb"password for anna at 127.0.0.1 \(home\): $")
            run.screen = b""
            run.type(text + "\n")
        status = run.end()
        self.assertNotRegex(run.screen, rb"geheim|wrong")
        return status, run.screen

    def test_login_stores_what_fetch_reads(self):
        self.assertEqual(self.log_in(PASSWORD), (0, b"\r\nhome: the password of anna is in the keyring\r\n"))
        self.assertEqual((self.ring / NAME).read_bytes(), PASSWORD.encode())
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(self.drop.uids(), [])
        # The password was in no argument and in no environment.
        self.assertNotIn(PASSWORD, (self.ring / "calls").read_text())

    def test_secret_tool_sees_no_password_of_another_account(self):
        whole = json.loads(self.world.config.read_text())
        whole["accounts"]["other"] = {**whole["accounts"]["home"], "user": "bert", "keyring": False, "password_env": "OTHER"}
        self.world.write_config(json.dumps(whole))
        self.world.env["OTHER"] = PASSWORD
        self.assertEqual(self.log_in(PASSWORD)[0], 0)
        self.assertStatus(self.world.run("logout", "home"), 0)
        calls = (self.ring / "calls").read_text()
        self.assertSays(calls, "store ", "clear ")
        self.assertNotIn(PASSWORD, calls)

    def test_login_stores_only_what_the_server_takes(self):
        status, _ = self.log_in("wrong", "wronger", PASSWORD)
        self.assertEqual((status, (self.ring / NAME).read_bytes()), (0, PASSWORD.encode()))
        status, screen = self.log_in("wrong", "wrong", "wrong")
        self.assertEqual((status, (self.ring / NAME).read_bytes()), (77, PASSWORD.encode()), screen)

    def test_without_a_password_the_login_is_named(self):
        for _ in range(2):  # and no pause begins
            result = self.world.run()
            self.assertStatus(result, 77)
            self.assertHint(result, "the keyring has no password for anna at 127.0.0.1", "mailhaul login home")
        self.assertEqual(self.server.lines, [])

    def test_logout_removes_it(self):
        self.log_in(PASSWORD)
        self.assertIn(b"home: logged out", self.world.run("logout", "home").out)
        self.assertFalse((self.ring / NAME).exists())
        self.assertIn(b"there was no login", self.world.run("logout").out)

    def test_a_locked_key_ring_is_tried_later(self):
        self.log_in(PASSWORD)
        (self.ring / "locked").touch()
        for words in ((), ("logout",)):
            result = self.world.run(*words)
            self.assertStatus(result, 75)
            self.assertHint(result, "from the keyring: secret-tool: exit status 1: secret-tool: The collection is locked",
                            "unlocked")
        status, screen = self.log_in(PASSWORD)
        self.assertEqual(status, 75)
        self.assertIn(b"cannot store the password of anna at 127.0.0.1 in the keyring",
                      b" ".join(screen.split()))

    def test_without_secret_tool_the_package_is_named(self):
        os.remove(self.world.path("bin/secret-tool"))
        self.world.env["PATH"] = str(self.world.path("bin"))
        result = self.world.run()
        self.assertStatus(result, 78)
        self.assertHint(result, "keyring: cannot run secret-tool", "libsecret-tools")
        for words in (("doctor",), ("config", "check")):
            text = self.world.run(*words)
            said = " ".join((text.out.decode() + text.err).split())
            self.assertSays(said, "there is no program secret-tool in $PATH", "install it (Debian: libsecret-tools)")
            self.assertNotIn("whole path", said)

    def test_a_token_is_not_what_is_in_the_key_ring(self):
        self.assertStatus(self.world.run("login", "--token", "-"), 64)
        self.assertStatus(self.world.run("login"), 78)  # no terminal
