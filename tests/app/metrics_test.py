# SPDX-License-Identifier: MIT
"""The key metrics: the text file for Prometheus after runs that succeed and fail, and what a file that cannot
be written must not affect. promtool is not needed, because the reader of the format below is stricter."""
import fcntl
import os
import re
import shutil
import signal
import time
import unittest

from crash import strace
from support.py import mail
from support.py.watching import Watching
from support.py.world import LIMIT, Case, sanitized

LATER = b"-ERR [SYS/TEMP] come back later\r\n"
SAMPLE = re.compile(r'([a-z_]+)\{account="((?:[^"\\\n]|\\[\\"n])*)"\} (\d+)')


def unescaped(value):
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), value)


def parsed(text):
    """Returns {name: {account: value}}. Checks the text format, version 0.0.4, as far as it is used: a metric is in one
    piece, HELP comes before TYPE and TYPE before the samples, no sample comes twice, and the last line is complete."""
    assert text.endswith("\n"), text[-80:]
    found, name, stage = {}, None, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            assert stage in (None, "sample"), line
            name, stage = re.fullmatch(r"# HELP (mailhaul_[a-z_]+) [A-Z][^\\]*\.", line)[1], "help"
            assert name not in found, line
            found[name] = {}
        elif line.startswith("# TYPE "):
            assert stage == "help" and line == "# TYPE %s gauge" % name, line
            stage = "type"
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample and sample[1] == name and stage in ("type", "sample"), line
            account = unescaped(sample[2])
            assert account not in found[name], line
            found[name][account] = int(sample[3])
            stage = "sample"
    assert stage == "sample", text
    return found


class Metrics(Case):
    def setUp(self):
        super().setUp()
        self.folder = self.world.path("collector")
        self.folder.mkdir()
        self.file = self.folder / "mailhaul.prom"

    def prepared(self, *messages, metrics="~/collector/mailhaul.prom", **keys):
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server, leave_on_server=True, **keys)}, metrics=metrics)
        return drop

    def read(self):
        text = self.file.read_text()
        self.world.must_not_tell(text.encode())
        self.assertEqual(os.listdir(self.folder), [self.file.name])
        return {name.removeprefix("mailhaul_"): accounts for name, accounts in parsed(text).items()}

    def home(self):
        """The metrics of the account home. Asserts that no other account has any."""
        found = self.read()
        for accounts in found.values():
            self.assertEqual(set(accounts), {"home"})
        return {name: accounts["home"] for name, accounts in found.items()}

    def fetch(self, *words, status=0):
        result = self.world.run(*words)
        self.assertStatus(result, status)
        return result


class Content(Metrics):
    def test_after_a_run_that_went_well(self):
        begun = int(time.time())
        self.prepared(*mail.small(3), max_messages=2)
        self.assertEqual(self.fetch("-q").err, "")
        found = self.home()
        times = [found.pop("%s_timestamp_seconds" % name) for name in ("last_run", "last_success", "last_mail")]
        self.assertEqual(len(set(times)), 1)
        self.assertTrue(begun <= times[0] <= time.time(), times)
        waiting = found.pop("waiting_bytes")
        self.assertEqual(found, {"last_status": 0, "messages_on_server": 3, "messages_waiting": 1})
        self.assertGreater(waiting, 0)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o644)
        self.fetch()
        self.assertEqual((self.home()["messages_waiting"], self.home()["waiting_bytes"]), (0, 0))

    def test_it_says_what_status_says(self):
        drop = self.prepared(*mail.small(2))
        self.fetch()
        drop.answers[b"LIST"] = lambda *_: LATER
        self.fetch("-q", status=75)
        status, = self.json_lines(self.world.run("--json", "status"))
        found = self.home()
        for name in ("last_run", "last_success", "last_mail", "failing_since"):
            shown = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(found[name + "_timestamp_seconds"]))
            self.assertEqual(shown, status[name])
        self.assertEqual((found["last_status"], found["messages_on_server"]), (75, 2))

    def test_after_a_run_that_failed_and_one_that_went_well_again(self):
        drop = self.prepared(*mail.small(2))
        drop.answers[b"LIST"] = lambda *_: LATER
        self.fetch(status=75)
        found = self.home()
        self.assertEqual((found["last_success_timestamp_seconds"], found["last_mail_timestamp_seconds"], found["last_status"]), (0, 0, 75))
        self.assertEqual(found["failing_since_timestamp_seconds"], found["last_run_timestamp_seconds"])
        drop.behave()
        self.fetch()
        found = self.home()
        self.assertEqual(found["last_status"], 0)
        self.assertNotIn("failing_since_timestamp_seconds", found)

    def test_a_pause_between_logins(self):
        drop = self.prepared()
        drop.answers[b"PASS"] = lambda *_: b"-ERR [AUTH] wrong password\r\n"
        for _ in range(3):
            self.world.run()
        found = self.home()
        self.assertEqual(found["last_status"], 77)  # the status of the refusal
        self.assertGreater(found["paused_until_timestamp_seconds"], time.time())

    def test_all_enabled_accounts_are_there_whichever_was_fetched(self):
        _, server = self.maildrop(*mail.small(1))
        names = ("one", "two", "off")
        accounts = {name: self.account(server, user=name, enabled=name != "off", deliver="maildir:~/" + name) for name in names}
        self.world.configure(accounts, metrics="~/collector/mailhaul.prom")
        self.fetch("two", status=77)
        found = self.read()
        self.assertEqual(found["last_status"], {"two": 77})
        self.assertEqual(set(found["last_run_timestamp_seconds"]), {"one", "two"})
        self.assertEqual(found["last_run_timestamp_seconds"]["one"], 0)
        self.fetch("off", status=77)
        self.assertEqual(self.read()["last_status"], {"two": 77})

    def test_an_account_with_a_mistake_has_its_status(self):
        _, server = self.maildrop()
        self.world.configure({"good": self.account(server), 'a "b"\\\n': self.account(server, user="x"),
                              "bad": self.account(server, user="y", timeout="soon", order="none"),
                              "off": self.account(server, user="z", timeout="soon", enabled=False)},
                             metrics="~/collector/mailhaul.prom")
        self.fetch(status=78)
        found = self.read()
        self.assertEqual(found["last_status"], {"good": 0, 'a "b"\\\n': 78, "bad": 78})
        self.assertEqual(set(found["last_run_timestamp_seconds"]), {"good"})

    def test_runs_about_another_mailbox_leave_it_alone(self):
        self.prepared(*mail.small(1))
        self.fetch()
        before = self.file.stat().st_ino
        self.world.run("fetch", "--user", "bert", "home")
        self.fetch("-n")
        self.fetch("check")
        self.assertEqual(self.file.stat().st_ino, before)

    def test_without_the_key_there_is_none(self):
        _, server = self.maildrop(*mail.small(1))
        self.world.configure({"home": self.account(server)})
        self.fetch()
        self.assertEqual(os.listdir(self.folder), [])


class Replaced(Metrics):
    def unwritable(self, *words, metrics="~/collector/mailhaul.prom"):
        drop = self.prepared(*mail.small(2), metrics=metrics)
        result = self.fetch()
        self.assertEqual(len(drop.retrieved), 2)
        self.assertEqual(result.err.count("warning:"), 1, result.err)
        self.assertSays(result.err, "mailhaul: warning: the metrics cannot be written: ", "hint: ", *words)

    def test_with_q_it_is_told_when_it_begins_and_when_it_begins_again(self):
        drop = self.prepared(*mail.small(1), metrics="~/nowhere/x.prom")
        warned = []
        for there in (False, False, True, False, False):
            if there:
                self.world.path("nowhere").mkdir()
            elif self.world.path("nowhere").exists():
                shutil.rmtree(self.world.path("nowhere"))
            drop.add(*mail.small(1))
            warned.append("the metrics cannot be written" in self.fetch("-q").err)
        self.assertEqual(warned, [True, False, False, True, False])

    def test_a_reader_of_the_old_file_keeps_it(self):
        self.prepared(*mail.small(1))
        self.fetch()
        with open(self.file) as old:
            text = self.file.read_text()
            self.fetch()
            self.assertEqual(old.read(), text)

    def test_a_folder_that_is_not_there_is_not_created(self):
        self.unwritable("nowhere/mailhaul.prom.new", metrics="~/nowhere/mailhaul.prom")
        self.assertFalse(self.world.path("nowhere").exists())

    def test_a_directory_in_its_place(self):
        self.file.mkdir()
        self.unwritable("is a directory")
        self.assertEqual(os.listdir(self.folder), [self.file.name])

    @unittest.skipUnless(strace.usable() and not sanitized(), "strace is not here or may not trace")
    def test_a_full_disk_leaves_the_old_file(self):
        self.prepared(*mail.small(2))
        self.fetch()
        before = self.file.read_text()
        for call, error, said in (("pwrite64", "ENOSPC", "no space left"), ("fchmod", "EPERM", "operation not permitted"),
                                  ("ftruncate", "EIO", "input/output")):
            with self.subTest(call=call):
                self.world.prefix = strace.injecting(call, "error=" + error, self.folder / "mailhaul.prom.new")
                result = self.fetch()
                self.assertSays(result.err, "the metrics cannot be written: ", "mailhaul.prom.new: " + said)
                self.assertEqual((self.file.read_text(), os.listdir(self.folder)), (before, [self.file.name]))

    def test_what_a_killed_run_left_is_used_up(self):
        fresh = self.folder / "mailhaul.prom.new"
        fresh.write_text("# half a line" * 1000)
        self.prepared(*mail.small(1))
        self.fetch()
        self.assertEqual(self.home()["messages_on_server"], 1)

    def test_a_link_in_its_place_is_not_followed(self):
        victim = self.world.path("victim")
        victim.write_text("mine")
        (self.folder / "mailhaul.prom.new").symlink_to(victim)
        self.unwritable("mailhaul.prom.new")
        self.assertEqual(victim.read_text(), "mine")

    def test_another_process_that_writes_the_file_is_waited_for(self):
        fresh = self.folder / "mailhaul.prom.new"
        self.prepared(*mail.small(1))
        with open(fresh, "w") as other:
            fcntl.fcntl(other, 37, b"\1\0" + bytes(30))  # F_OFD_SETLK of F_WRLCK
            process = self.world.start()
            while not self.world.maildir():
                self.assertIsNone(process.poll())
            other.write("# old\n")
            other.flush()
            fresh.rename(self.file)
        self.assertStatus(self.world.ended(process), 0)
        self.assertEqual(self.home()["messages_on_server"], 1)

    def test_checks_before_a_run(self):
        for metrics, grade, words in (("~/collector/x.prom", "ok", "can be written"),
                                      ("~/nowhere/x.prom", "warning", "there is no directory"),
                                      ("~/collector", "warning", "is a directory")):
            self.prepared(metrics=metrics)
            found = self.json_lines(self.world.run("--json", "doctor"))
            finding, = [finding for finding in found if finding["check"] == "metrics"]
            self.assertEqual(finding["grade"], grade)
            self.assertSays(finding["text"], words)
            result = self.world.run("config", "check")
            self.assertStatus(result, 0)
            self.assertEqual(finding["text"] in result.err, grade == "warning", result.err)
        self.assertEqual(os.listdir(self.folder), [])


class Watch(Watching, Metrics):
    def when(self, process, holds):
        """Waits until the file exists and holds(its metrics)."""
        begun = time.monotonic()
        while not (self.file.exists() and holds(parsed(self.file.read_text()))):
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic() - begun, LIMIT)

    def test_each_round_replaces_it(self):
        drop = self.prepared(*mail.small(1))
        process = self.begin()
        self.when(process, lambda found: found["mailhaul_messages_on_server"]["home"] == 1)
        drop.add(*mail.small(2))
        self.when(process, lambda found: found["mailhaul_messages_on_server"]["home"] == 3)
        drop.answers[b"LIST"] = lambda *_: LATER
        self.when(process, lambda found: found["mailhaul_last_status"]["home"] == 75)
        self.end(process)
        self.home()

    def test_sighup_reads_the_key_again(self):
        self.prepared(*mail.small(1))
        process = self.begin()
        self.when(process, lambda _: True)
        self.world.write_config(self.world.config.read_text().replace("mailhaul.prom", "other.prom"))
        process.send_signal(signal.SIGHUP)
        self.file = self.folder / "other.prom"
        self.when(process, lambda _: True)
        self.end(process)

    def test_many_accounts_at_once_end_with_what_all_of_them_did(self):
        accounts = {}
        for name in ("one", "two", "three", "four"):
            _, server = self.maildrop(*mail.small(2), user=name.encode())
            accounts[name] = self.account(server, user=name, deliver="maildir:~/" + name, leave_on_server=True)
        self.world.configure(accounts, metrics="~/collector/mailhaul.prom", host_jobs=4)
        process = self.begin()
        self.when(process, lambda found: found.get("mailhaul_messages_on_server") == dict.fromkeys(accounts, 2))
        self.end(process)
        self.assertEqual(self.read()["last_status"], dict.fromkeys(accounts, 0))

    def test_one_that_cannot_be_written_is_told_once(self):
        for words in ((), ("--json",)):
            drop = self.prepared(*mail.small(1), metrics="~/nowhere/x.prom")
            drop.answers[b"QUIT"] = self.note_session
            process = self.begin(*words)
            self.later_sessions_end(2)
            result = self.end(process)
            self.assertEqual((result.err + result.out.decode()).count("the metrics cannot be written"), 1)


if __name__ == "__main__":
    unittest.main()
