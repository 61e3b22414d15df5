# SPDX-License-Identifier: MIT
"""--json: each line is an object that `config schema --output` describes."""
import json
import unittest

from support.py import mail, output
from support.py.world import MAILHAUL, Case


class Json(Case):
    def setUp(self):
        super().setUp()
        self.drop, self.server = self.maildrop(*mail.small(4))
        self.world.configure({"home": self.account(self.server, leave_on_server=True)})

    def lines(self, *words, status=0):
        result = self.world.run("--json", *words)
        self.assertStatus(result, status)
        self.assertEqual(result.err, "")
        return self.json_lines(result)

    def test_every_command_prints_what_the_schema_describes(self):
        document = self.world.path("state.json")
        fetchmailrc = self.world.path("fetchmailrc")
        fetchmailrc.write_text("poll pop.example.org protocol pop3 user anna there with password secret ssl mda /usr/bin/procmail\n")
        fetchmailrc.chmod(0o600)
        seen = []
        for status, words in (
                (0, ("check",)), (0, ("list",)), (0, ("-n",)), (0, ("fetch",)), (0, ("list",)), (0, ("status",)), (0, ("state", "show")),
                (0, ("state", "verify")), (0, ("state", "rebuild")), (0, ("delete", "-n", "home", "uid-000001")),
                (0, ("delete", "--yes", "home", "uid-000001")), (0, ("state", "mark-seen", "home", "uid-000002")),
                (0, ("state", "forget", "home", "uid-000002")), (0, ("version",)), (0, ("logout",)), (64, ("login",)), (64, ("chekc",)),
                (64, ("check", "--user",)), (0, ("import", "fetchmail", str(fetchmailrc), "--print")),
                (0, ("init", "anna@example.org", "--server", "pop3s://pop.example.org", "--user", "anna", "--name", "work", "--print"))):
            with self.subTest(words):
                lines = self.lines(*words, status=status)
                self.assertTrue(lines)
                seen += [line["event"] for line in lines]
        document.write_bytes(self.world.run("state", "export").out)
        seen += [line["event"] for line in self.lines("state", "import", str(document))]
        seen += [line["event"] for line in self.json_lines(self.world.run("--json", "doctor"))]
        self.server.stop()
        seen += [line["event"] for line in self.json_lines(self.world.run("--json"))]
        self.world.configure({"home": self.account(self.server, server="pop3://localhost:%d" % self.server.port)})
        seen += [line["event"] for line in self.lines("state", "move", "127.0.0.1:%d" % self.server.port)]
        described = {form["properties"]["event"]["const"] for form in output.forms(MAILHAUL)}
        # Other suites check the remaining events: a login, a found server, trouble that is over.
        self.assertLessEqual(described - set(seen), {"added", "asked", "logged_in", "recovered", "warning"})

    def test_the_schema_is_one_line_where_json_is_asked_for(self):
        line, = self.world.run("--json", "config", "schema", "--output").out.splitlines()
        self.assertEqual(json.loads(line)["anyOf"], output.forms(MAILHAUL))

    def test_version_says_what_it_says_to_people(self):
        line, = self.lines("version")
        text = self.world.run("version").out.decode()
        self.assertSays(text, "mailhaul " + line["version"], *line["auth"], *line["kinds"])
        self.assertEqual(self.lines("--version"), [line])

    def test_logout_says_whether_there_was_a_login(self):
        self.assertEqual(self.lines("logout", "home"), [{"event": "logged_out", "account": "home", "was_logged_in": False}])

    def test_a_message_has_its_fields_wherever_its_header_is_read(self):
        message_id = mail.header_field(self.drop.wires()[0], b"Message-ID").decode()
        self.lines("fetch")
        for words in (("list",), ("delete", "-n", "home", "uid-000001"), ("delete", "--yes", "home", "uid-000001")):
            with self.subTest(words):
                line = next(line for line in self.lines(*words) if line["event"] == "message")
                self.assertLessEqual({"message_id", "from", "subject", "time"}, set(line))
                self.assertEqual(line["message_id"], message_id)

    def test_a_dry_run_has_the_time_and_no_header(self):
        for line in self.lines("-n")[:-1]:
            self.assertIn("time", line)
            self.assertFalse({"from", "subject", "message_id", "date"} & set(line))

    def test_a_summary_says_how_many_removals_are_not_confirmed(self):
        self.world.configure({"home": self.account(self.server)})
        self.drop.answers[b"QUIT"] = lambda session, _: b"-ERR not now\r\n"
        summary = self.lines("fetch", status=75)[-1]
        self.assertEqual((summary["event"], summary["left"], summary["unconfirmed"]), ("summary", 4, 4))
        del self.drop.answers[b"QUIT"]
        self.assertNotIn("unconfirmed", self.lines("fetch")[-1])

    def test_times_of_doctor_are_utc(self):
        self.world.env["TZ"] = "Asia/Kolkata"
        clock, = (line for line in self.json_lines(self.world.run("--json", "doctor")) if line["check"] == "clock")
        self.assertRegex(clock["text"], r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

    def test_init_shows_the_account(self):
        line, = self.lines("init", "anna@example.org", "--server", "pop3s://pop.example.org", "--user", "anna", "--print")
        self.assertEqual((line["profile"]["server"], line["profile"]["user"]), ("pop3s://pop.example.org", "anna"))


class Full(Case):
    def setUp(self):
        super().setUp()
        self.drop, self.server = self.maildrop(*mail.small(2))
        self.world.configure({"home": self.account(self.server, leave_on_server=True)})

    def full(self, *words):
        self.world.prefix = ["sh", "-c", 'exec "$@" >/dev/full', "sh"]
        result = self.world.run(*words)
        self.assertStatus(result, 74)
        self.assertEqual(result.err.count("cannot write standard output"), 1, result.err)

    def test_help_that_cannot_be_printed_is_an_error(self):
        for words in (("help",), ("--help",), ("fetch", "--help"), ("help", "state", "show"), ("version",), ("completion", "bash")):
            with self.subTest(words):
                self.full(*words)

    def test_json_that_cannot_be_printed_is_told_on_standard_error(self):
        self.assertStatus(self.world.run(), 0)
        for words in (("check",), ("list",), ("status",), ("state", "show"), ("state", "verify"), ("doctor",), ("config", "show"),
                      ("-n",), ("fetch",), ("version",), ("config", "schema", "--output")):
            with self.subTest(words):
                self.full("--json", *words)


if __name__ == "__main__":
    unittest.main()
