# SPDX-License-Identifier: MIT
"""A disk that is full when an OAuth 2 login is written: no login is lost, and the error says what to do."""
import unittest

from crash import strace
from support.py.oauth import CLOCK, AtTerminal, OAuthCase
from support.py.provider import Family
from support.py.world import MAILHAUL

# The calls that write the new file after the provider has answered. Its space is reserved before, so that these calls
# only find the disk full if the file system cannot keep what it promised, such as NFS or one with a quota.
AFTER_THE_ANSWER = ("pwrite64", "ftruncate", "fsync")


@unittest.skipUnless(strace.usable() and CLOCK, "strace is not here or may not trace")
class FullDisk(OAuthCase):
    def full_at(self, call):
        return strace.injecting(call, "error=ENOSPC:when=1+", self.token_file.with_suffix(".json.new"))

    def run_full(self, call, *words):
        self.world.prefix = self.full_at(call)
        try:
            return self.world.run(*words)
        finally:
            self.world.prefix = []

    def test_during_a_renewal_the_old_login_stays(self):
        for call in AFTER_THE_ANSWER:
            with self.subTest(call):
                self.begin_anew()
                self.provide()
                self.log_in()
                before = self.kept()
                self.later(3700)
                result = self.run_full(call, "check")
                self.assertStatus(result, 74)
                self.assertHint(result, "home.json.new: No space left on device", "run mailhaul again", "mailhaul login home")
                self.assertNotIn("nothing is lost", result.err)
                self.assertEqual(len(self.provider.forms("/token")), 1)
                self.assertEqual(self.kept(), before)
                self.assertEqual(len(self.drop.retrieved), 0)
                self.assertStatus(self.world.run(), 0)
                self.assertEqual(len(self.world.maildir()), 1)

    def test_during_a_renewal_at_the_provider_that_is_not_needed_yet_the_session_goes_on(self):
        self.provide()
        self.log_in()
        self.later(3400)  # the old token is valid for three more minutes
        self.assertStatus(self.run_full("fallocate", "fetch"), 0)
        self.assertEqual(len(self.world.maildir()), 1)
        self.later(300)
        self.assertStatus(self.world.run(), 0)

    def test_a_full_disk_after_the_answer_of_the_provider_ends_the_run(self):
        for call in AFTER_THE_ANSWER:
            with self.subTest(call):
                self.begin_anew()
                self.provide()
                self.log_in()
                self.later(3400)
                result = self.run_full(call, "fetch")
                self.assertStatus(result, 74)
                self.assertHint(result, "home.json.new: No space left on device", "run mailhaul again", "mailhaul login home")
                self.assertStatus(self.world.run(), 0)
                self.assertEqual(len(self.world.maildir()), 1)

    def test_a_new_login_that_was_written_but_not_put_in_place_is_used_by_the_next_run(self):
        self.provide()
        self.log_in()
        self.later(3700)
        self.assertStatus(self.run_full("/^rename", "fetch"), 74)
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.world.maildir()), 1)
        self.assertEqual(len(self.provider.forms("/token")), 1)

    def test_during_login_the_login_that_was_there_stays(self):
        for call in ("fallocate", *AFTER_THE_ANSWER):
            with self.subTest(call):
                self.begin_anew()
                self.provide()
                self.log_in()
                before = self.kept()
                prefix = self.full_at(call)
                run = AtTerminal(self.world, *prefix[1:], MAILHAUL, "login", "home", program=prefix[0])
                if call != "fallocate":
                    self.provider.approve(run.expect(rb"code (WXYZ-\d)"))
                self.assertEqual(run.end(), 74, run.screen)
                said = b" ".join(run.screen.split()).decode()
                self.assertSays(said, "No space left on device", "log in again: mailhaul login home",
                                "was not asked yet" if call == "fallocate" else "could not be kept")
                self.assertNotIn("nothing is lost", said)
                self.assertEqual(self.provider.requests == [], call == "fallocate")
                self.assertEqual(self.kept(), before)
                self.assertStatus(self.world.run(), 0)

    def test_a_full_disk_after_the_answer_may_use_up_a_token_made_elsewhere(self):
        for call in AFTER_THE_ANSWER:
            with self.subTest(call):
                self.begin_anew()
                self.provide()
                token = self.provider.issue(Family(), 1)["refresh_token"]
                self.world.prefix = self.full_at(call)
                result = self.ended_with(token, "login", "--token", "-", "home")
                self.world.prefix = []
                self.assertStatus(result, 74)
                self.assertHint(result, "No space left on device", "may have replaced the token already",
                                "mailhaul login --print-token home")
                self.assertNotIn("nothing is lost", result.err)
                self.assertFalse(self.token_file.exists())


if __name__ == "__main__":
    unittest.main()
