# SPDX-License-Identifier: MIT
"""-q, as under cron: trouble that the database cannot remember is reported when it begins, and then once a day."""
import contextlib
import os
import sqlite3
import time
import unittest

from support.py import mail
from support.py.world import Case


class OnceADay(Case):
    def setUp(self):
        super().setUp()
        self.drop, self.server = self.maildrop(*mail.small(2), user=b"good")
        self.configure()

    def configure(self, **mistakes):
        self.world.configure({"good": self.account(self.server, user="good", leave_on_server=True),
                              "bad": self.account(1, user="bad", enabled=bool(mistakes), **mistakes)})

    def told(self, status, *words):
        """What cron would send by mail after this run."""
        result = self.world.run(*words or ("-q",))
        self.assertStatus(result, status)
        self.assertEqual(result.out, b"")
        return result.err

    def a_day_later(self, name):
        os.utime(self.world.state_dir / name, (time.time() - 25 * 3600,) * 2)

    def assertBegins(self, status, *words):
        """Asserts that the trouble is reported once, and not again."""
        self.assertSays(self.told(status), *words)
        self.assertEqual(self.told(status), "")

    def test_a_mistake_in_an_account(self):
        self.configure(sever="x", delivr="y")
        self.assertBegins(78, "bad.sever", "bad.delivr")
        self.assertEqual(len(self.world.maildir()), 2)  # of the account without mistakes
        self.assertSays(self.world.run().err, "bad.sever")
        self.assertSays(self.world.run("-q", "--json").out.decode(), "bad.sever")
        self.a_day_later("mistake-told-bad")
        self.assertBegins(78, "bad.sever")
        self.configure(timeot="3m")
        self.assertBegins(78, "bad.timeot")
        self.world.configure({"bad": self.account(self.server, user="good")})
        self.assertEqual(self.told(0), "")
        self.assertFalse((self.world.state_dir / "mistake-told-bad").exists())

    def test_a_mistake_in_the_file(self):
        right = self.world.config.read_text()
        self.world.write_config("{")
        self.assertBegins(78, "config.json:1")
        self.assertSays(self.world.run("check", "-q").err, "config.json:1")
        self.a_day_later("config-told")
        self.assertBegins(78, "config.json:1")
        self.world.write_config(right)
        self.assertEqual(self.told(0), "")
        self.world.write_config("{")
        self.assertBegins(78, "config.json:1")
        self.world.config.unlink()
        self.assertBegins(78, "there is no configuration file")

    def test_a_damaged_database(self):
        self.assertEqual(self.told(0), "")
        database = self.world.state_dir / "state.db"
        right = database.read_bytes()
        database.write_bytes(b"not a database at all" * 500)
        self.assertBegins(74, "good: error: ", "damaged")
        self.assertSays(self.world.run().err, "damaged")
        self.a_day_later("trouble-told-good")
        self.assertBegins(74, "damaged")
        database.write_bytes(right)
        self.assertEqual(self.told(0), "")
        database.write_bytes(b"not a database at all" * 500)
        self.assertBegins(74, "damaged")

    def test_since_when_it_has_failed_is_told_in_local_time(self):
        begun = 1583438400  # 5 Mar 2020, 20:00 UTC
        self.drop.answers[b"LIST"] = lambda *_: b"-ERR [SYS/TEMP] come back later\r\n"
        self.assertEqual(self.told(75), "")
        with contextlib.closing(sqlite3.connect(self.world.state_dir / "state.db")) as database, database:
            for table in ("mailboxes", "runs"):
                database.execute("UPDATE %s SET failing_since = ?" % table, (begun,))
        self.world.env["TZ"] = "IST-5:30"
        self.assertSays(self.world.run("status", "good").out.decode(), "good: failing since 6 Mar 2020 (")
        self.assertSays(self.told(75), "good: error: failing since 6 Mar 2020: ", "come back later")
        self.drop.behave()
        self.assertIn("good: works again; it had failed since 6 Mar 2020\n", self.world.run("-q").out.decode())

    def test_where_nothing_can_be_noted_it_is_told_each_time(self):
        self.world.path("file").touch()
        for _ in range(2):
            self.assertSays(self.told(74, "-q", "--state", str(self.world.path("file/state.db"))), "good: error: ")
        self.configure(sever="x")
        for _ in range(2):
            self.assertSays(self.told(78, "-q", "--state", str(self.world.path("file/state.db"))), "bad.sever")


if __name__ == "__main__":
    unittest.main()
