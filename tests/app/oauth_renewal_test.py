# SPDX-License-Identifier: MIT
"""A stored OAuth 2 login: renewal, trouble at the provider, refused tokens, kills; and no secret is shown."""
import json
import os
import re
import signal
import threading
import unittest
import urllib.request

from crash import strace
from support.py.oauth import CLOCK, HTML, AtTerminal, OAuthCase
from support.py.world import LIMIT


@unittest.skipUnless(CLOCK, "MAILHAUL_SHIFTED_CLOCK is not set")
class Renewal(OAuthCase):
    def prepared(self, **more):
        self.provide(**more)
        self.log_in()
        before = self.kept()
        self.later(3700)
        return before

    def test_trouble_that_passes_is_75_and_leaves_the_login_alone(self):
        before = self.prepared()
        answers = {"500": (500, {}, b"oops"), "503": (503, {"Retry-After": "77"}, b""), "429": (429, {}, {"error": "slow"}),
                   "HTML": HTML, "cut": (200, {}, b'{"access_token": "at-x", "refr'), "empty": (200, {}, {}),
                   "no token": (200, {}, {"token_type": "Bearer"}),
                   "server_error": (400, {}, {"error": "temporarily_unavailable"})}
        for name, answer in answers.items():
            with self.subTest(name):
                self.provider.special["/token"] = [answer]
                result = self.world.run()
                self.assertStatus(result, 75)
                self.assertEqual(self.kept(), before)
                self.assertNoSecret(result.err)
                if name == "503":
                    self.assertHint(result, "77 s")
        self.assertStatus(self.world.run(), 0)

    def test_a_signal_before_the_answer_of_the_provider_does_not_lose_the_new_login(self):
        before = self.prepared()
        started, running = threading.Event(), []

        def stop_then_answer(fields):
            started.wait(LIMIT)
            running[0].send_signal(signal.SIGTERM)
            status, headers, body = self.provider.token(fields)
            return status, {**headers, "Content-Length": None}, body  # its length is not known in advance

        self.provider.special["/token"] = [stop_then_answer]
        running.append(self.world.start())
        started.set()
        self.assertStatus(self.world.ended(running[0]), 128 + signal.SIGTERM)
        self.assertNotEqual(self.kept()["refresh_token"], before["refresh_token"])
        self.assertStatus(self.world.run(), 0)

    def test_a_provider_that_cannot_be_reached_is_75(self):
        before = self.prepared()
        text = self.world.config.read_text()
        for url in ("https://127.0.0.1:%d/token" % self.closed_port(), "https://nowhere.invalid/token"):
            self.world.config.write_text(text.replace(self.provider.url + "/token", url))
            self.token_file.write_text(json.dumps({**before, "token_url": url}))
            self.assertStatus(self.world.run(), 75)
            self.assertEqual(self.kept()["refresh_token"], before["refresh_token"])

    def test_an_answer_without_a_refresh_token_keeps_the_old_one(self):
        before = self.prepared(rotates=False)
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(self.kept()["refresh_token"], before["refresh_token"])
        self.assertNotEqual(self.kept()["access_token"], before["access_token"])
        self.later(3700)
        self.assertStatus(self.world.run(), 0)

    def test_invalid_grant_is_77_with_the_words_that_fit(self):
        self.prepared()
        for token in self.provider.refreshes.values():
            token.family.alive = False
        for _ in range(2):  # no pause hides the error from the second run
            result = self.world.run()
            self.assertStatus(result, 77)
            self.assertHint(result, "invalid_grant", "the password was changed, or the access was withdrawn",
                            "mailhaul login home")
            self.assertNoSecret(result.err)

    def test_two_runs_at_once_make_one_renewal(self):
        self.prepared()
        profile = json.loads(self.world.config.read_text())
        runs = [self.world.start("check", "home") for _ in range(4)]
        statuses = {self.world.ended(run).status for run in runs}
        self.assertLessEqual(statuses, {0, 75})  # 75: another run holds the mailbox
        self.assertIn(0, statuses)
        self.assertEqual(len(self.provider.forms("/token", "refresh_token")), 1)
        self.assertEqual(self.provider.forms("/token")[0]["scope"], profile["accounts"]["home"]["oauth"]["scope"])

    def test_a_token_that_ends_in_minutes_is_renewed_before_the_session(self):
        self.provide()
        self.log_in()
        self.later(3400)
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.provider.forms("/token", "refresh_token")), 1)

    def test_a_token_that_soon_ends_is_used_while_the_provider_has_trouble(self):
        self.provide()
        self.log_in()
        self.later(3400)
        self.provider.special["/token"] = [HTML]
        self.assertStatus(self.world.run(), 0)

    @unittest.skipUnless(strace.usable(), "strace is not here or may not trace")
    def test_a_full_disk_shows_before_the_provider_replaces_the_token(self):
        before = self.prepared()
        self.world.prefix = strace.injecting("fallocate", "error=ENOSPC:when=1+", self.token_file.with_suffix(".json.new"))
        result = self.world.run("check")
        self.world.prefix = []
        self.assertStatus(result, 74)
        self.assertEqual(self.provider.forms("/token"), [])
        self.assertEqual(self.kept(), before)
        self.assertStatus(self.world.run(), 0)


class Refusals(OAuthCase):
    JWT = {"aud": "https://outlook.office.com", "scp": "POP.AccessAsUser.All", "upn": "anna", "exp": 4102444800}

    def test_a_kept_token_that_is_refused_is_renewed_once(self):
        self.provide()
        self.log_in()
        self.provider.accesses.clear()
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.provider.forms("/token", "refresh_token")), 1)

    def test_a_refused_token_that_cannot_be_renewed_is_shown_once_and_begins_a_pause(self):
        for answer, words in (((503, {}, {}), "status 503"), ((400, {}, {"error": "invalid_grant"}), "invalid_grant")):
            with self.subTest(words):
                self.begin_anew()
                self.provide()
                self.log_in()
                self.provider.accesses.clear()
                self.provider.special["/token"] = [answer] * 3
                result = self.world.run()
                self.assertStatus(result, 77)
                self.assertSays(result.err, "invalid token", words)
                self.assertStatus(self.world.run(), 75)
                self.assertEqual(len(self.provider.forms("/token")), 1)

    def test_a_refused_token_without_a_refresh_token_is_told_in_the_words_of_the_mail_server(self):
        self.provide()
        self.log_in()
        self.provider.accesses.clear()
        self.token_file.write_text(json.dumps({**self.kept(), "refresh_token": ""}))
        result = self.world.run()
        self.assertStatus(result, 77)
        self.assertSays(result.err, "invalid token", "cannot be renewed: the provider gave no refresh token", "mailhaul login home")
        self.assertNotIn("has expired", result.err)

    def test_a_new_token_that_is_refused_is_explained_by_what_it_says_itself(self):
        for claims, words in (({}, "POP may be switched off"), ({"upn": "berta"}, "another mailbox"),
                              ({"aud": "https://graph.microsoft.com"}, "not for mail"),
                              ({"scp": "IMAP.AccessAsUser.All"}, "does not allow POP"),
                              ({"exp": 1}, "clock")):
            with self.subTest(words):
                self.begin_anew()
                self.provide(jwt={**self.JWT, **claims}, oauth={"provider": "microsoft"})
                self.log_in()
                self.provider.accepts = lambda token: False
                result = self.world.run()
                self.assertStatus(result, 77)
                self.assertHint(result, words, "the token is for " + {**self.JWT, **claims}["aud"])
                self.assertEqual(len(self.provider.forms("/token", "refresh_token")), 1)
                self.assertNoSecret(result.err)
                self.assertStatus(self.world.run(), 75)  # a pause, as after any refused login

    def test_the_mechanism_is_the_one_that_the_server_offers(self):
        for mechanisms, chosen in ((b"XOAUTH2", "XOAUTH2"), (b"OAUTHBEARER", "OAUTHBEARER"),
                                   (b"PLAIN XOAUTH2 OAUTHBEARER", "OAUTHBEARER")):
            with self.subTest(mechanisms):
                self.begin_anew()
                self.provide(mechanisms=mechanisms)
                self.log_in()
                for _ in range(2):
                    result = self.world.run("-vv")
                    self.assertStatus(result, 0)
                    self.assertEqual(re.findall(r"> AUTH (\S+)", result.err), [chosen])  # one connection, one try


@unittest.skipUnless(strace.usable() and CLOCK, "strace is not here or may not trace")
class Kills(OAuthCase):
    def test_kill_9_at_any_call_of_a_renewal_loses_no_login(self):
        self.provide()
        self.log_in()
        self.later(3700)
        log = self.world.path("log")
        self.world.prefix = strace.recording(log)
        self.assertStatus(self.world.run("check"), 0)
        points = strace.points(log, after="tokens/home.json")
        last = max(n for n, point in enumerate(points) if "tokens" in point.line)
        chosen = strace.sample(points[:last + 12], int(os.environ.get("MAILHAUL_OAUTH_KILLS", "200")))
        killed = 0
        for point in chosen:
            self.later(3700)
            self.world.prefix = strace.injecting(point.call, "signal=KILL:when=%d" % point.number)
            killed += self.world.run("check").status in (-9, 137)
            self.world.prefix = []
            result = self.world.run("check")
            self.assertEqual(result.status, 0, "%s\n%s" % (point.line, result.err))
        self.assertGreater(killed, len(chosen) / 2)


class Secrets(OAuthCase):
    def test_no_child_sees_a_token_and_no_output_has_one(self):
        seen = self.world.path("seen")
        secret = self.world.path("client")
        secret.write_text("the-client-secret\n")
        script = 'env >> "%s"; cat /proc/$PPID/cmdline /proc/$PPID/environ >> "%s"; cat "%s"' % (seen, seen, secret)
        self.provide(oauth={"client_secret_command": ["sh", "-c", script], "device_url": None})
        self.provider.secrets.append("the-client-secret")
        run = AtTerminal(self.world, "login", "home")
        urllib.request.urlopen(self.browse(run.expect(rb"(https://\S+/authorize\S+)\r"))).close()
        self.assertEqual(run.end(), 0, run.screen)
        self.provider.accesses.clear()
        results = [self.world.run(*words) for words in (("fetch", "-vv"), ("check", "-vv", "--json"), ("config", "show"))]
        for result in results:
            self.assertStatus(result, 0)
        self.assertEqual(self.provider.forms("/token")[0]["client_secret"], "the-client-secret")
        self.assertNoSecret(seen.read_bytes(), run.screen, *(text for result in results for text in (result.out, result.err)))
        others = [path.read_bytes() for path in self.world.root.rglob("*") if path.is_file() and path not in (self.token_file, secret)]
        self.assertNoSecret(*others)


if __name__ == "__main__":
    unittest.main()
