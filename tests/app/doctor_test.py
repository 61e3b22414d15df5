# SPDX-License-Identifier: MIT
"""doctor: set-ups that are broken in one place each, which doctor names, with what to do; and a healthy one, in which
it changes nothing."""
import contextlib
import datetime
import json
import os
import re
import sqlite3
import subprocess
import time
import unittest

from app.terminal_test import at_a_terminal
from crash import strace
from support.py import mail
from support.py.certificates import of_module as certificates_of_module
from support.py.doctor import Doctor
from support.py.world import sanitized

WRITES = ("write pwrite64 writev ?rename ?renameat renameat2 ?link linkat ?unlink unlinkat fsync fdatasync syncfs ftruncate fallocate "
          "?mkdir mkdirat fchmod ?chmod fchmodat utimensat openat ?open ?creat symlinkat").split()


def setUpModule():
    global certificates
    certificates = Doctor.certificates = certificates_of_module()


class Healthy(Doctor):
    def fetched(self):
        self.secure(certificates.good, leave_on_server=True)
        self.assertStatus(self.world.run(), 0)

    def test_all_is_ok(self):
        self.fetched()
        found = self.findings(status=0)
        self.assertEqual({finding["grade"] for finding in found}, {"ok"}, found)
        self.assertEqual([finding["check"] for finding in found],
                         ["configuration", "clock", "space", "state", "timer", "password", "destination", "look-up",
                          "connection", "TLS", "greeting", "capabilities", "login", "listing"])
        text = self.world.run("doctor").out.decode()
        self.assertEqual(len(text.splitlines()), len(found))
        self.assertSays(text, "3 messages", "until 31 Dec 2049", "logged in as anna", "is whole")
        self.assertEqual(self.world.run("-q", "doctor").out, b"")

    def test_in_a_window_lines_are_broken_between_words(self):
        self.fetched()
        whole = self.world.run("doctor").out.decode().split()
        status, screen = at_a_terminal(self.world, "--progress", "never", "doctor", size=(24, 50))
        lines = screen.decode().replace("\r\n", "\n").splitlines()
        self.assertEqual(status, 0, lines)
        self.assertEqual(len(" ".join(lines).split()), len(whole), "a word is broken")
        for line in lines:
            self.assertTrue(len(line) <= 50 or len(line.split()) == 1, line)
            self.assertRegex(line, r"^(ok {7}| {9})\S")

    def test_before_the_first_fetch_nothing_is_created(self):
        self.secure(certificates.good)
        found = self.findings(status=0)
        self.assertEqual({finding["grade"] for finding in found}, {"ok"}, found)
        self.assertFalse(self.world.state_dir.exists())
        self.assertFalse(self.world.path("Mail").exists())

    @unittest.skipUnless(strace.usable() and not sanitized(), "strace is not here or may not trace")
    def test_nothing_is_written_but_the_output(self):
        self.fetched()
        log = self.world.root / "calls"
        self.world.prefix = ["strace", "-f", "-qq", "-y", "-o", str(log), "-e", "trace=" + ",".join(WRITES), "-e", "signal=none"]
        self.assertStatus(self.world.run("doctor"), 0)
        touched = []
        for line in log.read_text(errors="replace").splitlines():
            call, rest = re.match(r"\d+ +([a-z0-9_]+)\((.*)", line).groups()
            to_ours = re.match(r"\d+<(pipe|socket|anon_inode|UNIX|TCP|UDP|NETLINK)", rest) or rest.startswith("1<")
            if ("O_CREAT" in rest if call in ("openat", "open") else not to_ours) and "crontab" not in rest:
                touched.append(line)
        self.assertEqual(touched, [])

    def test_accounts_are_named_as_elsewhere(self):
        self.world.configure({"home": self.account(self.server), "work": self.account(self.server, user="bert")})
        self.assertEqual({f.get("account") for f in self.findings("home", status=0)}, {None, "home"})
        self.assertStatus(self.world.run("doctor", "nobody"), 64)


class Configuration(Doctor):
    def test_a_key_that_does_not_exist(self):
        self.set_up(sever="x")
        self.fault("configuration", 78, "sever", "server", hint=("man mailhaul.json",))

    def test_not_json(self):
        self.world.write_config("{ accounts }")
        self.fault("configuration", 78, "config.json:1:", "double quotes", hint=("man mailhaul.json",))

    def test_others_can_read_the_password(self):
        self.set_up()
        self.world.config.chmod(0o644)
        self.fault("configuration", 78, "config.json", hint=("chmod",))

    def test_one_account_is_broken_and_the_other_is_checked(self):
        self.world.configure({"home": self.account(self.server), "work": self.account(self.server, user="b", timeout="x")})
        self.assertIn("listing", self.fault("configuration", 78, "timeout"))

    def test_no_account_is_enabled(self):
        self.set_up(enabled=False)
        self.warning("configuration", "no account is enabled", hint=("mailhaul doctor home",))

    def test_no_configuration(self):
        self.fault("configuration", 78, "no configuration file", hint=("mailhaul init ADDRESS",))


class Secrets(Doctor):
    """The server is checked although the password is missing."""

    def broken(self, check, status, *words, hint, **keys):
        self.world.configure({"home": {**self.account(self.server), **keys}})
        config = json.loads(self.world.config.read_text())
        if not {"password", "oauth"} & set(keys):
            del config["accounts"]["home"]["password"]
        else:
            config["accounts"]["home"].pop("password")
        self.world.write_config(json.dumps(config))
        found = self.findings(status=status)
        wrong = [f for f in found if f["grade"] != "ok" and f["check"] == check]
        self.assertEqual(len(wrong), 1, found)
        self.assertSays(wrong[0]["text"], *words)
        self.assertSays(wrong[0]["hint"], *hint)
        self.assertIn("capabilities", [f["check"] for f in found if f["grade"] == "ok"])
        return found

    def test_the_file_is_missing(self):
        self.broken("password", 78, "/no/file", hint=('the path in "password_file"',), password_file="/no/file")

    def test_others_can_read_the_file(self):
        file = self.world.path("pw")
        file.write_text("secret\n")
        file.chmod(0o644)
        self.broken("password", 78, "pw", hint=("chmod",), password_file=str(file))

    def tokens(self, used, refresh_token):
        """Stores an OAuth 2 login that was last used `used` days ago, with an access token for an hour."""
        now = int(time.time())
        self.world.configure({"home": {**{k: v for k, v in self.account(self.server).items() if k != "password"},
                                       "oauth": {"provider": "microsoft", "client_id": "x"}}})
        folder = self.world.state_dir / "tokens"
        folder.mkdir(parents=True, exist_ok=True)
        for directory in (self.world.state_dir, folder):
            directory.chmod(0o700)
        file = folder / "home.json"
        file.write_text(json.dumps({"user": "anna", "client_id": "x", "token_url": "https://x.example", "access_token": "a",
                                    "refresh_token": refresh_token, "expires": now + 3600, "logged_in": now - 86400 * used,
                                    "used": now - 86400 * used}))
        file.chmod(0o600)

    def test_there_is_no_such_program(self):
        self.broken("password", 78, "gpg2x", "$PATH", hint=("install",), password_command=["gpg2x", "-d"])

    def test_a_pipe_without_a_shell(self):
        self.program("pass", "echo secret")
        self.broken("password", 0, '"|"', hint=('["sh", "-c", "pass show x | head -1"]',),
                    password_command=["pass", "show", "x", "|", "head", "-1"])

    def test_a_shell_may_have_pipes(self):
        self.set_up()
        self.world.configure({"home": {**{k: v for k, v in self.account(self.server).items() if k != "password"},
                                       "password_command": ["sh", "-c", "echo secret | head -1"]}})
        self.assertEqual({f["grade"] for f in self.findings(status=0)}, {"ok"})

    def test_the_program_fails(self):
        self.program("pass", "echo locked >&2; exit 2")
        self.broken("login", 75, "pass", "locked", hint=("run it by hand", "unlocked"), password_command=["pass", "show", "x"])

    def test_a_variable_is_not_set(self):
        self.broken("password", 78, "PW", "not set", hint=("where mailhaul is started",), password_env="PW")

    def test_no_password_and_no_terminal(self):
        self.broken("password", 78, "no password is configured", hint=("password_command",))

    def test_no_credential_of_systemd(self):
        self.broken("password", 78, "CREDENTIALS_DIRECTORY", hint=("LoadCredential=",), password_credential="mail")

    def test_netrc_has_no_entry(self):
        file = self.world.path(".netrc")
        file.write_text("machine other login anna password x\n")
        file.chmod(0o600)
        self.broken("login", 78, ".netrc", "127.0.0.1", hint=("machine",), netrc=True)

    def test_nobody_has_logged_in(self):
        self.broken("oauth", 77, "nobody has logged in", hint=("mailhaul login home",),
                    oauth={"provider": "google", "client_id": "x"})
        self.assertFalse(self.world.state_dir.exists())

    def told_of_login(self, used):
        """Returns what doctor and status say about a Microsoft login, which expires after 90 days without renewal."""
        self.tokens(refresh_token="r", used=used)
        found = [finding for finding in self.findings() if finding["check"] == "oauth"]
        self.assertEqual(len(found), 1)
        status, json_status = self.world.run("status"), self.world.run("--json", "status")
        for result in (status, json_status):
            self.assertStatus(result, 0)
        in_json = self.json_lines(json_status)[0]["login_until"]
        until = datetime.datetime.fromisoformat(in_json.replace("Z", "+00:00"))
        kept = json.loads((self.world.state_dir / "tokens/home.json").read_text())
        self.assertEqual(until.timestamp(), kept["used"] + 90 * 86400)
        self.assertIn(in_json, found[0]["text"])
        self.assertIn("%d %s" % (until.day, until.strftime("%b %Y %H:%M")), self.world.run("doctor").out.decode())
        return found[0], status.out.decode()

    def test_a_login_is_told_with_its_end(self):
        found, status = self.told_of_login(used=70)
        self.assertEqual(found["grade"], "ok")
        self.assertSays(found["text"], "a login is kept; if no run renews it, it expires at ")
        self.assertNotIn("login", status)

    def test_a_login_that_the_provider_soon_forgets(self):
        found, status = self.told_of_login(used=80)
        self.assertEqual(found["grade"], "warning")
        self.assertSays(found["text"], "and expires at ")
        self.assertSays(found["hint"], "a run renews it")
        self.assertSays(status, "  login: expires at ", " unless a run renews it")

    def test_a_login_past_its_end(self):
        found, status = self.told_of_login(used=91)
        self.assertEqual(found["grade"], "warning")
        self.assertSays(found["text"], "the login has probably expired at ", "because no run renewed it")
        self.assertSays(found["hint"], "log in again: mailhaul login home")
        self.assertSays(status, "  login: probably expired at ", "  hint: log in again: mailhaul login home")
        for text in (found["text"], status):
            self.assertNotIn("forgets", text)

    def test_a_login_that_cannot_be_renewed(self):
        self.tokens(refresh_token="", used=1)
        found = [finding for finding in self.findings() if finding["check"] == "oauth"]
        self.assertSays(found[0]["text"], "no refresh token")
        self.assertSays(found[0]["hint"], "mailhaul login home")


class Destinations(Doctor):
    def deliver(self, spec, status, *words, hint):
        self.set_up(deliver=spec)
        self.assertIn("listing", self.fault("destination", status, *words, hint=hint))
        self.assertStatus(check := self.world.run("config", "check"), status)
        self.assertSays(check.err, *words, *hint)

    def test_the_maildir_is_a_file(self):
        self.world.path("Mail").write_text("x")
        self.deliver("maildir:~/Mail", 73, "is not a directory", hint=("mbox:",))

    def test_the_maildir_is_full_of_other_things(self):
        self.world.path("Mail").mkdir()
        self.world.path("Mail/notes.txt").write_text("x")
        self.deliver("maildir:~/Mail", 73, "neither a Maildir nor empty", hint=("does not exist yet",))

    def test_the_mbox_is_a_directory(self):
        self.world.path("mbox").mkdir()
        self.deliver("mbox:~/mbox", 73, "is a directory", hint=("maildir:",))

    def test_the_mbox_is_a_link(self):
        self.world.path("mbox").symlink_to("elsewhere")
        self.deliver("mbox:~/mbox", 73, "symbolic link", hint=("points to",))

    def test_the_path_leads_through_a_file(self):
        self.world.path("file").write_text("x")
        self.deliver("maildir:~/file/Mail", 73, "is not a directory", hint=("another path",))

    def test_there_is_no_such_program(self):
        self.deliver({"kind": "mda", "command": ["nosuchprogram"], "allow_root": True}, 78, "nosuchprogram", hint=("install",))

    def test_a_program_with_a_percent_sign_in_its_path(self):
        program = self.program("50%take", "exit 0")
        self.set_up(deliver={"kind": "mda", "command": [str(program).replace("%", "%%")], "allow_root": True})
        self.findings(status=0)

    def test_a_tilde_that_no_shell_replaces(self):
        self.program("lda", "cat")
        self.set_up(deliver={"kind": "mda", "command": ["lda", "-c", "~/lda.conf"], "allow_root": True})
        self.warning("destination", "~/lda.conf", "no shell", hint=('["sh", "-c"',))
        self.assertSays(self.world.run("config", "check").err, "~/lda.conf", "no shell")


class Programs(Doctor):
    """Programs that neither deliver mail nor print a password."""

    def test_what_runs_after_a_fetch_or_on_trouble_is_not_there(self):
        for key in ("after_fetch", "on_trouble"):
            with self.subTest(key):
                self.set_up(**{key: ["nosuchprogram", "x"]})
                self.assertIn("listing", self.warning(key, "there is no program nosuchprogram in $PATH", hint=("install",)))
                self.set_up(**{key: ["sh", "-c", "true"]})
                self.assertEqual({f["grade"] for f in self.findings(status=0)}, {"ok"})

    def test_the_tunnel_is_not_there(self):
        self.set_up(tunnel=["nosuchprogram", "host"])
        faults = {f["check"]: f for f in self.findings(status=78) if f["grade"] == "fault"}
        self.assertSays(faults["tunnel"]["text"], "there is no program nosuchprogram in $PATH")
        self.assertSays(faults["tunnel"]["hint"], "install")


class State(Doctor):
    def fetched(self):
        self.set_up(leave_on_server=True)
        self.assertStatus(self.world.run(), 0)
        return self.world.state_dir / "state.db"

    def test_the_database_is_empty(self):
        self.fetched().write_bytes(b"")
        self.assertIn("listing", self.fault("state", 74, "state.db", "empty", hint=("mv ", "state rebuild", "state mark-seen", "fetch -a")))

    def test_the_database_is_damaged(self):
        file = self.fetched()
        data = bytearray(file.read_bytes())
        data[4096:8192] = b"\xff" * 4096
        file.write_bytes(data)
        self.fault("state", 74, "damaged", hint=("mv ", "state rebuild", "state mark-seen", "fetch -a"))

    def test_the_database_is_of_a_newer_version(self):
        with contextlib.closing(sqlite3.connect(self.fetched())) as database:
            database.execute("PRAGMA user_version = 999")
            database.commit()
        self.fault("state", 74, "newer mailhaul", hint=("--state",))

    def test_the_database_is_of_another_program(self):
        file = self.fetched()
        file.unlink()
        with contextlib.closing(sqlite3.connect(file)) as database:
            database.execute("CREATE TABLE x (y)")
            database.commit()
        self.fault("state", 74, "another program", hint=("--state",))

    def test_its_directory_is_a_file(self):
        self.set_up()
        file = self.world.path("file")
        file.write_text("x")
        found = self.findings("--state", str(file / "state.db"), status=73)
        fault = [f for f in found if f["grade"] == "fault"][0]
        self.assertSays(fault["text"], "cannot create the state database")
        self.assertSays(fault["hint"], "--state FILE")

    def test_a_pause_is_in_force(self):
        self.fetched()
        self.drop.password = b"other"
        self.assertStatus(self.world.run(), 77)
        self.drop.password = b"secret"
        self.assertIn("login", self.warning("pause", "do not log in before", "1 login", hint=("at a terminal",)))

    def test_a_pause_that_the_server_has_asked_for(self):
        self.fetched()
        self.drop.add(mail.sized(1000))
        self.drop.answers[b"RETR"] = lambda *_: b"-ERR too many requests, try again later\r\n"
        self.assertStatus(self.world.run(), 75)
        self.warning("pause", "do not log in before", "the server asked for a pause", hint=("wait, or run mailhaul at a terminal",))

    def test_the_clock_is_behind(self):
        self.set_up()
        os.utime(self.world.config, (time.time() + 86400,) * 2)
        self.warning("clock", "was written later", hint=("set the clock",))


    def test_its_times_are_local(self):
        self.secure(certificates.good)
        self.drop.password = b"other"
        self.assertStatus(self.world.run(), 77)
        self.drop.password = b"secret"
        self.world.env["TZ"] = "XYZ-9"  # nine hours ahead of UTC
        tokyo = datetime.timezone(datetime.timedelta(hours=9))
        earliest = datetime.datetime.now(tokyo).replace(second=0, microsecond=0)
        said = self.world.run("doctor").out.decode()
        found = dict(re.findall(r"^(?:ok|warning) +(?:home: )?([\w -]+): (.*)$", said, re.M))
        latest = datetime.datetime.now(tokyo)

        def time_in(check, pattern):
            text = re.search(pattern, found[check])[1]
            return datetime.datetime.strptime(text, "%d %b %Y %H:%M").replace(tzinfo=tokyo)

        self.assertTrue(earliest <= time_in("clock", "^it is (.*)$") <= latest, found)
        pause = datetime.timedelta(minutes=5)
        self.assertTrue(earliest < time_in("pause", "before (.*): ") <= latest + pause, found)
        ends = subprocess.check_output(("openssl", "x509", "-noout", "-enddate", "-in", str(certificates.good[0])), text=True)
        ends = datetime.datetime.strptime(ends.strip(), "notAfter=%b %d %H:%M:%S %Y GMT").replace(
            second=0, tzinfo=datetime.timezone.utc)
        self.assertEqual(time_in("TLS", "until (.*)$"), ends)


if __name__ == "__main__":
    unittest.main()
