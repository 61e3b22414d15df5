# SPDX-License-Identifier: MIT
"""The first login by OAuth 2: device code, browser, pasted address, a token made elsewhere; and logout."""
import json
import os
import re
import select
import socket
import unittest
import urllib.error
import urllib.parse
import urllib.request

from support.py import mail
from support.py.oauth import CLOCK, AtTerminal, OAuthCase
from support.py.ports import free_port
from support.py.provider import Family, Token
from support.py.world import LIMIT, MAILHAUL


class DeviceCode(OAuthCase):
    @unittest.skipUnless(CLOCK, "MAILHAUL_SHIFTED_CLOCK is not set")
    def test_login_then_fetch_then_an_hour_later_fetch_again(self):
        self.provide(messages=2)
        run = AtTerminal(self.world, "login", "home")
        run.expect(rb"Open (https://\S+/activate)")
        self.provider.approve(run.expect(rb"code (WXYZ-\d)"))
        self.assertEqual(run.end(), 0, run.screen)
        self.assertIn(b"home: logged in as anna", run.screen)
        self.assertEqual(self.token_file.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.token_file.parent.stat().st_mode & 0o777, 0o700)
        self.assertStatus(self.world.run("fetch"), 0)
        self.assertEqual(self.provider.forms("/token", "refresh_token"), [])
        self.drop.add(*mail.small(1, seed=9))
        self.later(3700)
        second = self.world.run("fetch", "-vv")
        self.assertStatus(second, 0)
        self.assertEqual(len(self.world.maildir()), 3)
        self.assertEqual(len(self.provider.forms("/token", "refresh_token")), 1)
        self.assertNoSecret(run.screen, second.out, second.err)

    def test_the_requests_have_the_client_and_the_scope_and_no_secret(self):
        self.provide()
        run = AtTerminal(self.world, "login")
        self.provider.approve(run.expect(rb"code (WXYZ-\d)"))
        self.assertEqual(run.end(), 0, run.screen)
        self.assertEqual(self.provider.forms("/device"), [{"client_id": "client-1", "scope": "mail offline"}])
        for form in self.provider.forms("/token"):
            self.assertEqual(set(form), {"grant_type", "client_id", "device_code"})

    def test_the_server_may_ask_for_a_slower_pace(self):
        self.provide()
        pending = (400, {}, {"error": "authorization_pending"})
        self.provider.special["/token"] = [pending, (400, {}, {"error": "slow_down"})]
        run = AtTerminal(self.world, "login")
        self.provider.approve(run.expect(rb"code (WXYZ-\d)"))
        self.assertEqual(run.end(), 0, run.screen)
        self.assertEqual(len(self.provider.forms("/token")), 3)

    def test_a_refusal_is_told_in_words(self):
        for error, words in (("access_denied", b"declined"), ("expired_token", b"in time")):
            with self.subTest(error):
                self.begin_anew()
                self.provide()
                run = AtTerminal(self.world, "login")
                self.provider.approve(run.expect(rb"code (WXYZ-\d)"), error)
                self.assertEqual(run.end(), 77, run.screen)
                self.assertIn(words, run.screen)
                self.assertIn(b"mailhaul login home", run.screen)
                self.assertFalse(self.token_file.exists())

    def test_where_device_codes_are_forbidden_a_browser_is_next(self):
        self.provide()
        self.provider.special["/device"] = [
            (400, {}, {"error": "invalid_grant", "error_description": "AADSTS53003: Access has been blocked."})]
        run = AtTerminal(self.world, "login")
        back = self.browse(run.expect(rb"(https://\S+/authorize\S+)"))
        self.assertIn(b"your organisation forbids", run.screen)
        urllib.request.urlopen(back).close()
        self.assertEqual(run.end(), 0, run.screen)

    def test_ctrl_c_ends_the_wait(self):
        self.provide()
        run = AtTerminal(self.world, "login")
        run.expect(rb"code (WXYZ-\d)")
        run.type("\x03")
        self.assertEqual(run.end(), 130, run.screen)


class Browser(OAuthCase):
    def begin(self, **oauth):
        self.provide(oauth={"device_url": None, **oauth})
        run = AtTerminal(self.world, "login", "home")
        return run, run.expect(rb"(https://\S+/authorize\S+)\r")

    def test_a_login_on_loopback_with_pkce(self):
        run, url = self.begin()
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        self.assertEqual({name: query[name] for name in ("response_type", "client_id", "scope", "code_challenge_method",
                                                         "login_hint")},
                         {"response_type": "code", "client_id": "client-1", "scope": "mail offline",
                          "code_challenge_method": "S256", "login_hint": "anna"})
        with urllib.request.urlopen(self.browse(url)) as page:
            self.assertIn(b"mailhaul has what it needs", page.read())
        self.assertEqual(run.end(), 0, run.screen)
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.world.maildir()), 1)
        self.assertNoSecret(run.screen)

    def test_neither_the_browser_nor_the_command_of_the_client_sees_the_password_of_another_account(self):
        self.provide(oauth={"device_url": None, "client_secret_command": ["sh", "-c", 'env >"$HOME/command"; echo s']})
        whole = json.loads(self.world.config.read_text())
        whole["accounts"]["other"] = {**whole["accounts"]["home"], "user": "bert", "password_env": "OTHER"}
        del whole["accounts"]["other"]["oauth"]
        self.world.write_config(json.dumps(whole))
        browser = self.world.path("bin/xdg-open")
        browser.parent.mkdir()
        browser.write_text('#!/bin/sh\nenv >"$HOME/browser"\n')
        browser.chmod(0o755)
        os.mkfifo(self.world.path("browser"))
        self.world.env.update({"OTHER": "hidden-7", "DISPLAY": ":0", "PATH": "%s:%s" % (browser.parent, self.world.env["PATH"])})
        with open(self.world.path("browser"), opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as in_browser:
            run = AtTerminal(self.world, "login", "home")
            with urllib.request.urlopen(self.browse(run.expect(rb"(https://\S+/authorize\S+)\r"))):
                self.assertEqual(run.end(), 0, run.screen)
            self.assertTrue(select.select([in_browser], [], [], LIMIT)[0])  # mailhaul does not wait for a browser
            os.set_blocking(in_browser.fileno(), True)
            for seen in (self.world.path("command").read_text(), in_browser.read()):
                self.assertIn("HOME=", seen)
                self.assertNotIn("hidden-7", seen)

    def test_a_redirect_url_of_this_machine_keeps_its_port_and_path(self):
        wanted = "http://127.0.0.1:%d/back/here" % free_port()
        run, url = self.begin(redirect_url=wanted)
        back = self.browse(url)
        self.assertTrue(back.startswith(wanted + "?"), back)
        with urllib.request.urlopen(back) as page:
            self.assertIn(b"mailhaul has what it needs", page.read())
        self.assertEqual(run.end(), 0, run.screen)
        asked = self.provider.forms("/authorize") + self.provider.forms("/token", "authorization_code")
        self.assertEqual([form["redirect_uri"] for form in asked], [wanted] * 2)

    def test_at_a_redirect_url_of_https_mailhaul_does_not_listen_and_the_address_is_pasted(self):
        run, url = self.begin(redirect_url="https://localhost")
        back = self.browse(url)
        self.assertTrue(back.startswith("https://localhost?"), back)
        run.type(back + "\n")
        self.assertEqual(run.end(), 0, run.screen)
        self.assertEqual(self.provider.forms("/token", "authorization_code")[0]["redirect_uri"], "https://localhost")
        self.assertTrue(self.token_file.exists())
        result = self.world.run("login", "home")
        self.assertStatus(result, 64)
        self.assertHint(result, "cannot reach mailhaul at https://localhost", "at a terminal")

    def test_an_answer_with_another_state_changes_nothing(self):
        run, url = self.begin()
        back = self.browse(url)
        forged = re.sub(r"state=[^&]*", "state=forged", back).replace("code=", "code=x")
        for wrong, status in ((forged, 400), (forged.split("?")[0] + "?error=access_denied", 400),
                              (forged.split("?")[0] + "/favicon.ico", 404)):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(wrong)
            refused.exception.close()
            self.assertEqual(refused.exception.code, status)
        self.assertEqual(self.provider.forms("/token"), [])
        urllib.request.urlopen(back).close()
        self.assertEqual(run.end(), 0, run.screen)

    def test_the_address_of_the_page_that_failed_to_load_can_be_pasted(self):
        run, url = self.begin()
        back = self.browse(url)
        run.type("http://127.0.0.1/\n")
        run.expect(b"has no code in it")
        run.type(re.sub(r"state=[^&]*", "state=forged", back) + "\n")
        run.expect(b"not the answer to the login")
        run.type(back + "\n")
        self.assertEqual(run.end(), 0, run.screen)
        self.assertNoSecret(run.screen)
        self.assertStatus(self.world.run(), 0)

    def test_a_refusal_in_the_browser_is_told(self):
        run, url = self.begin()
        back = self.browse(url)
        state = urllib.parse.parse_qs(urllib.parse.urlsplit(back).query)["state"][0]
        urllib.request.urlopen(back.split("?")[0] + "?error=access_denied&state=" + state).close()
        self.assertEqual(run.end(), 77, run.screen)
        self.assertIn(b"declined", run.screen)

    def test_a_client_is_registered_where_the_provider_offers_it(self):
        self.provide(oauth={"device_url": None, "client_id": None})
        self.provider.offers_registration = True
        run = AtTerminal(self.world, "login", "home")
        urllib.request.urlopen(self.browse(run.expect(rb"(https://\S+/authorize\S+)\r"))).close()
        self.assertEqual(run.end(), 0, run.screen)
        redirect = self.provider.forms("/register")[0]["redirect_uris"][0]
        self.assertEqual(self.provider.forms("/authorize")[0]["redirect_uri"], redirect)
        self.assertEqual(self.kept()["client_id"], "registered-client")
        self.assertStatus(self.world.run(), 0)

    def test_without_a_client_id_login_says_how_to_get_one(self):
        for provider, words in (("google", ("Desktop app", "In production", "app password", "Forwarding and POP/IMAP")),
                                ("microsoft", ("public client flows", "tenant", "personal", "allow POP"))):
            self.world.configure({"home": self.account(1, oauth=provider, server="pop3s://127.0.0.1", tls="required")})
            result = self.world.run("login", "home")
            self.assertStatus(result, 78)
            self.assertSays(result.err, "client_id", *words)


class Tokens(OAuthCase):
    def test_a_token_made_elsewhere_is_taken_from_standard_input(self):
        self.provide(oauth={"device_url": None})
        self.world.secrets = []  # the purpose of this command is to show one
        run = AtTerminal(self.world, "login", "--print-token", "home")
        run.expect(rb"\[y/N\]")
        run.type("y\n")
        urllib.request.urlopen(self.browse(run.expect(rb"(https://\S+/authorize\S+)\r"))).close()
        self.assertEqual(run.end(), 0, run.screen)
        self.assertFalse(self.token_file.exists())
        token = re.search(rb"\{.*refresh_token.*\}", run.screen)[0].decode()
        self.world.secrets = self.provider.secrets
        self.assertStatus(self.ended_with(token + "\n", "login", "--token", "-", "home"), 0)
        self.assertStatus(self.world.run(), 0)

    def test_standard_input_may_be_a_socket(self):
        self.provide()
        token = self.provider.issue(Family(), 1)["refresh_token"]
        ours, theirs = socket.socketpair()
        process = self.world.start("login", "--token", "-", "home", stdin=theirs)
        theirs.close()
        with ours:
            ours.sendall(token.encode() + b"\n")
        self.assertStatus(self.world.ended(process), 0)
        self.assertTrue(self.token_file.exists())

    def test_a_token_of_another_provider_or_user_is_sent_nowhere(self):
        self.provide()
        self.log_in()
        for key, other in (("token_url", "https://elsewhere.example/token"), ("user", "bert")):
            with self.subTest(key):
                result = self.ended_with(json.dumps({**self.kept(), key: other}), "login", "--token", "-", "home")
                self.assertStatus(result, 64)
                self.assertHint(result, "for another user or provider", "login --print-token home")
        self.assertEqual(self.provider.requests, [])

    def test_a_token_that_nobody_reads_is_not_a_success(self):
        self.provide()
        self.world.secrets = []  # the purpose of this command is to show one
        script = 'exec 3>&1; { "$0" login --print-token home; echo "status $?" >&3; } | { exec <&-; echo deaf >&3; }'
        run = AtTerminal(self.world, "-c", script, MAILHAUL, program="/bin/sh")
        run.expect(rb"(?s)deaf.*\[y/N\]|\[y/N\].*deaf")
        run.type("y\n")
        self.provider.approve(run.expect(rb"code (WXYZ-\d)"))
        run.expect(rb"status 74")
        run.end()
        self.assertRegex(run.screen, rb"the token is\s+lost")

    def test_print_token_asks_first(self):
        self.provide()
        run = AtTerminal(self.world, "login", "--print-token", "home")
        run.expect(rb"\[y/N\]")
        run.type("\n")
        self.assertEqual(run.end(), 64, run.screen)
        self.assertEqual(self.provider.requests, [])
        self.assertStatus(self.world.run("login", "--print-token", "home"), 64)

    def test_a_token_on_the_command_line_is_refused_and_not_repeated(self):
        self.provide()
        result = self.world.run("login", "--token", "rt-geheim", "home")
        self.assertStatus(result, 64)
        self.assertNotIn("geheim", result.err)

    def test_a_directory_that_takes_no_login_shows_before_the_provider_is_asked(self):
        self.provide()
        blocked = self.world.state_dir / "tokens"
        blocked.parent.mkdir(parents=True, exist_ok=True)
        blocked.write_text("in the way")
        token = self.provider.issue(Family(), 1)["refresh_token"]
        for result in (self.ended_with(token, "login", "--token", "-", "home"), self.world.run("login", "home")):
            self.assertStatus(result, 74)
            self.assertHint(result, "the provider was not asked yet", "mailhaul login home")
        self.assertEqual(self.provider.requests, [])
        blocked.unlink()
        self.assertStatus(self.ended_with(token, "login", "--token", "-", "home"), 0)

    def test_a_long_token_is_pasted_at_a_terminal_and_not_shown(self):
        for end in ("\n", "\x04"):
            with self.subTest(end):
                self.begin_anew()
                self.provide()
                token = "rt-" + "x" * 9000
                self.provider.refreshes[token] = Token(Family(), 1)
                run = AtTerminal(self.world, "login", "--token", "-", "home")
                run.expect(b"Paste the token and press Enter")
                run.type(token + end)
                self.assertEqual(run.end(), 0, run.screen)
                self.assertNotIn(b"xxx", run.screen)
                self.assertEqual(self.provider.forms("/token")[0]["refresh_token"], token)

    def test_a_token_that_the_provider_does_not_know_is_refused(self):
        self.provide()
        result = self.ended_with("rt-unknown\n", "login", "--token", "-", "home")
        self.assertStatus(result, 77)
        self.assertSays(result.err, "refused this token", "the token was used already, has expired or was withdrawn")
        self.assertNotIn("rt-unknown", result.err)
        self.assertFalse(self.token_file.exists())

    def test_config_check_finds_a_missing_login_and_a_missing_client(self):
        self.provide()
        result = self.world.run("config", "check")
        self.assertStatus(result, 77)
        self.assertHint(result, "home", "nobody has logged in yet", "mailhaul login home")
        self.log_in()
        self.assertStatus(self.world.run("config", "check"), 0)
        for provider in ("google", "microsoft"):
            profile = self.account(1, oauth=provider)
            del profile["password"]
            self.world.configure({"work": profile})
            result = self.world.run("config", "check")
            self.assertStatus(result, 78)
            self.assertHint(result, "work", "no \"client_id\"", "mailhaul login work says how to get one")

    def test_logout_forgets_the_login(self):
        self.provide()
        self.log_in()
        self.assertIn(b"logged out", self.world.run("logout", "home").out)
        self.assertFalse(self.token_file.exists())
        self.assertIn(b"there was no login", self.world.run("logout").out)
        result = self.world.run()
        self.assertStatus(result, 77)
        self.assertHint(result, "there is no login for anna yet", "mailhaul login home")
        self.assertStatus(self.world.run(), 77)  # no pause: the server was not asked

    def test_a_login_for_another_user_is_not_used(self):
        self.provide()
        self.log_in()
        text = self.world.config.read_text()
        self.world.config.write_text(text.replace('"anna"', '"berta"'))
        result = self.world.run()
        self.assertStatus(result, 77)
        self.assertHint(result, "another user", "mailhaul login home")

    def test_config_show_has_no_token_and_the_schema_knows_the_key(self):
        self.provide()
        self.log_in()
        shown = self.world.run("config", "show").out
        self.assertEqual(json.loads(shown)["accounts"]["home"]["oauth"]["client_id"], "client-1")
        self.assertNoSecret(shown)


if __name__ == "__main__":
    unittest.main()
