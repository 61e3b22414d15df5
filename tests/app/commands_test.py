# SPDX-License-Identifier: MIT
"""The other commands: check, list, get, state, config, the dry run, help and version; and runs without a file."""
import fcntl
import json
import re
import signal
import struct
import subprocess
import termios
import unittest

from support.py import mail
from support.py.world import Case


class Command(Case):
    def prepared(self, *messages, **keys):
        self.drop, self.server = self.maildrop(*messages)
        self.configure(**keys)
        return self.drop

    def configure(self, **keys):
        self.world.configure({"home": self.account(self.server, **keys)})

    def untouched(self):
        """Asserts that nothing was fetched or removed."""
        self.assertEqual(self.world.maildir(), [])
        self.assertEqual(self.drop.removed, [])


class Looking(Command):
    def test_check_counts_and_fetches_nothing(self):
        self.prepared(*mail.small(5), leave_on_server=True, max_messages=2)
        self.ok()
        self.drop.retrieved.clear()
        text = self.ok("check").out.decode()
        self.assertSays(text, "home", "new", "seen")
        numbers = re.findall(r"\d+", text)
        for count in ("3", "2", "5"):
            self.assertIn(count, numbers)
        self.assertEqual(self.drop.retrieved, [])

    def test_check_in_json(self):
        messages = mail.small(3)
        self.prepared(*messages)
        lines = self.json_lines(self.ok("check", "--json", "home"))
        account, = [line for line in lines if line["event"] == "account"]
        self.assertEqual((account["account"], account["new"], account["seen"], account["total"], account["bytes"]),
                         ("home", 3, 0, 3, sum(map(len, messages))))
        self.untouched()

    def test_check_tells_what_waits_for_removal_and_what_is_too_large(self):
        old, new = mail.small(2), mail.sized(700)
        keys = {"leave_on_server": True, "max_size": "10k"}
        self.prepared(*old, mail.sized(50000), **keys)
        self.ok()
        self.drop.add(new)
        self.assertRegex(self.ok("check").out.decode(),
                         r"^home: 1 new \(%d B\), 1 too large, 2 seen, 4 in total \(\d.*B\)\n$" % len(new))
        self.configure(**keys, delete_after="30d")
        self.ok("state", "forget", "home", "uid-000001")
        self.ok("state", "mark-delivered", "home", "uid-000001", "--at", "2020-01-01")
        for seen in (2, 3):  # one run marks a message as due, and a run an hour later removes it
            self.assertSays(self.ok("check").out.decode(), ", %d seen, 1 of them waiting for removal, 4 in total" % seen)
            self.ok()
        self.configure(max_size="10k")
        account, = [line for line in self.json_lines(self.ok("check", "--json")) if line["event"] == "account"]
        self.assertEqual({name: account[name] for name in ("new", "too_large", "seen", "to_remove", "total")},
                         {"new": 0, "too_large": 1, "seen": 3, "to_remove": 3, "total": 4})

    def test_the_hint_at_a_message_that_is_too_large_names_commands_that_work(self):
        self.prepared(mail.sized(50000), mail.sized(50000, 2), max_size="10k")
        hint = "  hint: mailhaul fetch --max-size 0 home fetches it, mailhaul delete --unfetched home UID removes it\n"
        self.assertEqual(self.ok().err.count(hint), 1)
        self.ok("delete", "--unfetched", "home", "uid-000001", "--yes")
        self.assertEqual((self.drop.uids(), self.world.maildir()), ([b"uid-000002"], []))
        self.ok("fetch", "--max-size", "0", "home")
        self.assertEqual((self.drop.uids(), len(self.world.maildir())), ([], 1))

    def test_list_has_one_line_per_message_with_what_fetch_would_do(self):
        messages = mail.small(2) + [mail.sized(50000)]
        self.prepared(*messages, max_size="10k")
        lines = self.ok("list", "home").out.decode().splitlines()
        rows = [line for line in lines if "uid-" in line]
        self.assertEqual(len(rows), 3)
        for number, (row, wire) in enumerate(zip(rows, messages), 1):
            self.assertSays(row, str(number), "uid-%06d" % number, "skip" if number == 3 else "fetch")
            self.assertSays(row, mail.header_field(wire, b"Subject").decode()[:20])
        self.assertSays(rows[2], ("max_size", "large"))
        self.untouched()

    def test_list_in_json(self):
        self.prepared(*mail.small(2))
        rows = [line for line in self.json_lines(self.ok("list", "home", "--json")) if line["event"] == "message"]
        self.assertEqual([(row["number"], row["uid"], row["action"]) for row in rows],
                         [(1, "uid-000001", "fetch"), (2, "uid-000002", "fetch")])
        self.untouched()

    def test_a_dry_run_gives_reasons_and_does_nothing(self):
        self.prepared(*mail.small(2), mail.sized(50000), max_size="10k")
        for switch in ("-n", "--dry-run"):
            text = self.ok(switch).out.decode()
            self.assertSays(text, "uid-000001", "fetch", "skip")
        self.untouched()
        self.assertEqual(self.drop.retrieved, [])

    def test_a_dry_run_says_what_would_be_removed_and_counts_it(self):
        old, new = mail.small(2), mail.sized(700)
        drop = self.prepared(*old, leave_on_server=True)
        self.ok()
        drop.add(new)
        self.ok("state", "mark-seen", "home", "uid-000002")
        removing = self.ok("-n", "-K").out.decode().splitlines()
        self.assertIn("home: remove uid-000001 (%d B): delivered before" % len(old[0]), removing)
        self.assertIn("home: leave uid-000002 (%d B): marked as seen" % len(old[1]), removing)
        self.assertIn("home: fetch, then remove uid-000003 (%d B): new" % len(new), removing)
        self.assertEqual(removing[-1],
                         "home: 1 to fetch (%d B), 2 to remove from the server, 1 stays" % len(new))
        leaving = self.ok("-n").out.decode().splitlines()
        self.assertIn("home: fetch uid-000003 (%d B): new" % len(new), leaving)
        self.assertEqual(leaving[-1],
                         "home: 1 to fetch (%d B), 0 to remove from the server, 3 stay" % len(new))
        *messages, total = self.json_lines(self.ok("-n", "-K", "--json"))
        self.assertEqual([line["removes"] for line in messages], [True, False, True])
        self.assertEqual(total, {"event": "plan", "account": "home", "to_fetch": 1, "to_compare": 0, "to_remove": 2,
                                 "stay": 1, "bytes": len(new), "compare_bytes": 0})
        self.assertEqual(drop.removed, [])
        self.ok("-K")  # does what the dry run said
        self.assertEqual(drop.uids(), [b"uid-000002"])

    def test_get_writes_the_raw_message_and_marks_nothing(self):
        messages = mail.corpus(30, seed=51, raw=True)
        self.prepared(*messages)
        for number in (1, 6, 9, 24, 26, 28):
            result = self.ok("get", "home", "uid-%06d" % number)
            self.assertEqual(result.out, mail.local(messages[number - 1]))
        self.ok()
        self.assertSameMail(self.world.maildir(), messages)

    def test_get_of_several_is_an_mbox_stream(self):
        messages = mail.small(4)
        self.prepared(*messages)
        result = self.ok("get", "home", "uid-000003", "uid-000001")
        self.assertSameMail([text for _, text in mail.entries(result.out)], [messages[0], messages[2]])
        self.untouched()

    def test_a_unique_id_that_looks_like_an_option_follows_two_dashes(self):
        message = mail.small(1)[0]
        self.prepared(message).messages[0].uid = b"-rf"
        self.assertEqual(self.ok("get", "home", "--", "-rf").out, mail.local(message))

    def test_get_of_an_unknown_uid_fails(self):
        self.prepared(*mail.small(1))
        result = self.world.run("get", "home", "nothing")
        self.assertStatus(result, 64)
        self.assertSays(result.err, "nothing")
        result = self.world.run("get", "home", "1")
        self.assertStatus(result, 64)
        self.assertHint(result, "'#1' is the message that mailhaul list shows as #1")
        self.assertNotIn("'#2'", self.world.run("get", "home", "2").err)


class State(Command):
    def test_marked_as_seen_is_never_fetched_and_never_removed(self):
        self.prepared(*mail.small(3))
        self.ok("state", "mark-seen", "home", "uid-000002")
        self.ok()
        self.assertEqual(len(self.world.maildir()), 2)
        self.assertEqual(self.drop.uids(), [b"uid-000002"])

    def test_everything_marked_as_seen(self):
        self.prepared(*mail.small(3))
        self.ok("state", "mark-seen", "home", "--all")
        self.assertEqual(self.ok().out, b"")
        self.untouched()
        self.assertEqual(len(self.drop.uids()), 3)

    def test_forgotten_is_fetched_again(self):
        messages = mail.small(3)
        self.prepared(*messages, leave_on_server=True)
        self.ok()
        self.ok("state", "forget", "home", "uid-000001")
        self.ok()
        self.assertSameMail(self.world.maildir(), messages + messages[:1])
        self.ok("state", "forget", "home", "--all", "--yes")
        self.ok()
        self.assertSameMail(self.world.maildir(), messages * 2 + messages[:1])

    def test_a_signal_while_uids_are_read_changes_nothing(self):
        self.prepared(*mail.small(2), leave_on_server=True)
        self.ok()
        process = self.world.start("state", "forget", "home", "-", stdin=subprocess.PIPE)
        process.stdin.write(b"uid-000001\n")
        process.stdin.flush()
        while struct.unpack("i", fcntl.ioctl(process.stdin, termios.FIONREAD, b"\0" * 4))[0] != 0:
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        self.assertStatus(self.world.ended(process), 130)
        self.assertEqual(self.ok().out, b"")  # nothing is new

    def test_show(self):
        self.prepared(*mail.small(2), leave_on_server=True)
        self.ok()
        for words in (("state", "show"), ("state", "show", "home")):
            self.assertSays(self.ok(*words).out.decode(), "home", ("uid-000001", "2"))

    def test_a_uid_with_a_backslash_is_understood_with_and_without_its_escape(self):
        self.prepared(*mail.small(1), leave_on_server=True)
        self.drop.messages[0].uid = b"a\\b"
        for typed in ("a\\b", "a\\x5cb"):
            self.assertSays(self.ok("get", "home", typed).out.decode(), "Subject:")
            self.ok("state", "mark-seen", "home", typed)
            self.ok("state", "forget", "home", typed)

    def test_all_or_some_but_not_neither(self):
        self.prepared(*mail.small(1))
        self.assertStatus(self.world.run("state", "mark-seen", "home"), 64)
        self.assertStatus(self.world.run("state", "forget", "nobody", "--all"), 64)
        self.assertStatus(self.world.run("state", "show", "nobody"), 64)


class Words(Command):
    def test_a_command_behind_an_account(self):
        self.prepared()
        for command in ("check", "list", "state"):
            result = self.world.run("home", command)
            self.assertStatus(result, 64)
            self.assertHint(result, "the command %s must come before account names" % command, "mailhaul %s ..." % command)

    def test_an_empty_name_of_a_file_is_not_the_usual_one(self):
        self.prepared(*mail.small(1))
        for option in ("-c", "--config", "--state"):
            result = self.world.run(option, "")
            self.assertStatus(result, 64)
            self.assertHint(result, "the name of the file is empty")
        self.untouched()

    def test_where_only_contents_tell_check_says_so(self):
        self.prepared(*mail.small(2), leave_on_server=True)
        self.drop.capabilities = [b"USER"]
        self.drop.answers[b"TOP"] = lambda *_: b"-ERR no\r\n"
        self.ok()
        self.assertHint(self.ok("check"), "neither UIDL nor TOP")


class Config(Command):
    def test_check_is_content_with_a_good_file(self):
        self.prepared()
        self.ok("config", "check")
        self.assertEqual(self.server.connections, [])

    def test_show_is_a_configuration_again_with_secrets_masked(self):
        self.prepared(max_size="10M", leave_on_server=True)
        text = self.ok("config", "show").out.decode()
        self.assertNotIn('"secret"', text)
        shown = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.M))
        self.assertIs(shown["accounts"]["home"]["leave_on_server"], True)
        self.assertEqual(shown["accounts"]["home"]["user"], "anna")

    def test_schema_is_json_and_knows_the_keys(self):
        schema = json.loads(self.ok("config", "schema").out)
        self.assertIn("$schema", schema)
        for key in ("server", "leave_on_server", "password_command", "tls_pin", "deliver"):
            self.assertIn('"%s"' % key, json.dumps(schema))


class Line(Command):
    def test_version_and_help(self):
        self.assertRegex(self.ok("--version").out.decode(), r"^mailhaul \d+\.\d+")
        self.assertEqual(self.ok("-V").out, self.ok("--version").out)
        told = dict(line.split(None, 1) for line in re.sub(r"\n +", " ", self.ok("-V").out.decode()).splitlines())
        self.assertRegex(told["libraries"], r"^libcurl \d.*, OpenSSL/\d.*, SQLite \d+\.\d+\.\d+$")
        self.assertSays(told["features"], "IPv6")
        self.assertSays(told["auth"], "scram-sha-256, ", "xoauth2")
        self.assertEqual(told["deliver"], "maildir, mbox, mda, stdout")
        self.assertSays(told["license"], "MIT")
        self.assertEqual(told["configuration"], str(self.world.config))
        for words in (("-V", "-c", "/x/y.json"), ("-c", "/x/y.json", "-V"), ("version", "-c", "/x/y.json")):
            self.assertRegex(self.ok(*words).out.decode(), r"\nconfiguration +/x/y\.json\n")
        for words in (("--help",), ("-h",), ("fetch", "--help"), ("list", "-h"), ("state", "--help")):
            self.assertSays(self.ok(*words).out.decode(), "mailhaul", "--")
        self.assertSays(self.ok("fetch", "--help").out.decode(), "--[no-]leave-on-server", "--max-size", "--dry-run")

    def test_bad_options_are_usage(self):
        self.prepared()
        for words in (("--no-such-option",), ("fetch", "--max-size"), ("fetch", "--max-size", "10X"), ("list", "a", "b"),
                      ("get", "home"), ("fetch", "--password", "x"), ("-j", "many"), ("config", "nonsense"),
                      ("--color", "purple"), ("fetch", "--oauth", "x"), ("fetch", "--enabled")):
            with self.subTest(words):
                self.assertStatus(self.world.run(*words), 64)

    def test_an_unknown_account_names_the_nearest(self):
        self.prepared()
        for words in (("hone",), ("fetch", "hone"), ("check", "hone"), ("list", "hone")):
            result = self.world.run(*words)
            self.assertStatus(result, 64)
            self.assertSays(result.err, "hone", "home")

    def test_without_a_file(self):
        messages = mail.small(3)
        drop, server = self.maildrop(*messages)
        self.world.env["PW"] = "secret"
        line = ("--server", "pop3://127.0.0.1:%d" % server.port, "--tls", "none", "--user", "anna", "--password-env", "PW",
                "--deliver", "maildir:~/Mail", "--no-trace-header")
        self.ok(*line)
        self.assertSameMail(self.world.maildir(), messages)
        self.assertEqual(drop.uids(), [])

    def test_options_win_over_the_file_for_this_run(self):
        messages = mail.small(4)
        self.prepared(*messages)
        self.ok("-k", "--max-messages", "2", "--deliver", "maildir:~/Other")
        self.assertEqual((len(self.world.maildir()), len(self.world.maildir("Other"))), (0, 2))
        self.assertEqual(len(self.drop.uids()), 4)
        self.ok("fetch", "home", "--leave-on-server", "--order", "newest", "--max-messages", "1")
        self.assertSameMail(self.world.maildir(), messages[3:])
        self.ok("--no-leave-on-server")
        self.assertEqual(self.drop.uids(), [])
        self.assertSameMail(self.world.maildir() + self.world.maildir("Other"), messages)

    def test_keep_from_the_command_line_wins_and_its_opposite_too(self):
        self.prepared(*mail.small(2), leave_on_server=True)
        self.ok("-K")
        self.assertEqual(self.drop.uids(), [])

    def test_limits_of_a_run(self):
        messages = mail.small(6)
        self.prepared(*messages, max_bytes="1500")
        for _ in range(6):
            self.ok()
        self.assertSameMail(self.world.maildir(), messages)

    def test_verbose_shows_the_conversation_without_bodies(self):
        message = mail.small(1)[0] + b"a very private line\r\n"
        self.prepared(message)
        result = self.ok("-v", "-v")
        self.assertSays(result.err, "RETR 1", "QUIT")
        self.assertNotIn("a very private line", result.err)
        self.assertNotIn("secret", result.err)

    def test_options_before_and_after_the_command(self):
        self.prepared(*mail.small(1))
        other = self.world.path("c.json")
        other.write_text(self.world.config.read_text())
        other.chmod(0o600)
        self.world.config.unlink()
        for words in (("-c", other, "check"), ("check", "-c", other), ("check", "home", "--config", other), ("-c", other, "-q")):
            self.ok(*words)


if __name__ == "__main__":
    unittest.main()
