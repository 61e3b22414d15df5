# SPDX-License-Identifier: MIT
"""Environment variables that stand for options."""
import json
import unittest

from support.py import mail
from support.py.world import Case


class Variables(Case):
    def setUp(self):
        super().setUp()
        self.drop, self.server = self.maildrop(*mail.small(2))
        self.world.configure({"home": self.account(self.server, leave_on_server=True)})

    def ok(self, *words, **variables):
        return super().ok(*words, env={"MAILHAUL_" + name: value for name, value in variables.items()})

    def fetched(self, *words, **variables):
        """Returns what a run that fetches both messages again prints."""
        result = self.ok("-a", *words, **variables)
        return result.out.decode() + result.err

    def test_quiet(self):
        for value in ("1", "true", "YES"):
            self.assertEqual(self.fetched(QUIET=value), "")
        for value in ("0", "false", "no", ""):
            self.assertSays(self.fetched(QUIET=value), "home: 2 new messages")

    def test_json(self):
        self.assertTrue(self.json_lines(self.ok("check", JSON="1")))
        self.assertSays(self.ok("check", JSON="0").out.decode(), "home:")

    def test_verbose(self):
        self.assertNotIn("uid-", self.fetched(VERBOSE="0"))
        self.assertIn("uid-", self.fetched(VERBOSE="1"))
        self.assertNotIn("RETR", self.fetched(VERBOSE="1"))
        self.assertIn("RETR", self.fetched(VERBOSE="2"))
        self.assertNotIn("RETR", self.fetched("-v", VERBOSE="2"))

    def test_state(self):
        place = self.world.path("other.db")
        self.ok(STATE=str(place))
        self.assertTrue(place.exists())
        self.assertEqual(json.loads(self.ok("config", "show", STATE=str(place)).out)["state"], str(place))
        typed = self.world.path("typed.db")
        self.assertEqual(json.loads(self.ok("config", "show", "--state", typed, STATE=str(place)).out)["state"], str(typed))

    def test_jobs(self):
        self.assertEqual(json.loads(self.ok("config", "show", JOBS="3").out)["jobs"], 3)
        self.assertEqual(json.loads(self.ok("config", "show", "-j5", JOBS="3").out)["jobs"], 5)

    def test_colour(self):
        for words, value, coloured in (((), "always", True), ((), "never", False), (("--color=never",), "always", False)):
            result = self.world.run("fetch", "nobody", *words, env={"MAILHAUL_COLOR": value})
            self.assertStatus(result, 64)
            self.assertEqual("\x1b[" in result.err, coloured)

    def test_progress(self):
        self.assertIn("\r", self.ok(PROGRESS="always").err)
        self.assertNotIn("\r", self.ok("-a", "--progress=never", PROGRESS="always").err)

    def test_quiet_and_verbose_replace_each_other(self):
        self.assertSays(self.fetched("-v", QUIET="1"), "uid-")
        self.assertEqual(self.fetched("-q", VERBOSE="2"), "")

    def test_a_value_that_makes_no_sense_is_an_error_that_names_the_variable(self):
        for name, value, must in (("QUIET", "maybe", "1, true or yes, or 0, false or no"), ("JSON", "2", "1, true or yes"), ("VERBOSE", "3", "0, 1 or 2"),
                                  ("VERBOSE", "-1", "0, 1 or 2"), ("PROGRESS", "on", "auto, always or never"),
                                  ("COLOR", "red", "auto, always or never"), ("JOBS", "0", "from 1 to 1000"),
                                  ("JOBS", "many", "from 1 to 1000"), ("JOBS", "1001", "from 1 to 1000")):
            with self.subTest(name=name, value=value):
                result = self.world.run("check", env={"MAILHAUL_" + name: value})
                self.assertStatus(result, 64)
                self.assertHint(result, "MAILHAUL_" + name + " is '" + value + "'", "MAILHAUL_" + name)
                self.assertSays(result.err, must)
        self.assertEqual(self.drop.retrieved, [])


if __name__ == "__main__":
    unittest.main()
