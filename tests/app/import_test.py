# SPDX-License-Identifier: MIT
"""Moving in, without a network: what is taken over, which mail is known, and what is written."""
import json
import os
import subprocess
import unittest

from support.py import mail
from support.py.world import Case

NOBODY = 65534  # some peers refuse to run as root


class Import(Case):
    """A case whose user is not root."""

    def setUp(self):
        super().setUp()
        if os.geteuid() == 0:
            self.world.prefix = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups"]
            os.chown(self.world.root, NOBODY, NOBODY)
            os.chown(self.world.home, NOBODY, NOBODY)

    def write(self, name, text, mode=0o600):
        path = self.world.home / name
        for parent in reversed(path.relative_to(self.world.home).parents):
            folder = self.world.home / parent
            if not folder.exists():
                folder.mkdir(mode=0o700)
                self.own(folder)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        self.own(path)
        return path

    @staticmethod
    def own(path):
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)

    def maildir(self, name="Mail"):
        for part in ("", "tmp", "new", "cur"):
            (self.world.home / name / part).mkdir(exist_ok=True)
            self.own(self.world.home / name / part)
        return self.world.home / name

    def peer(self, *words, fine=(0,)):
        done = subprocess.run([*self.world.prefix, *map(str, words)], env={**self.world.env, "USER": "nobody", "LOGNAME": "nobody"},
                              cwd=self.world.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        self.assertIn(done.returncode, fine, done.stdout)
        return done.stdout

    def fetchmail_servers(self, rc):
        """What fetchmail read from its file. It prints Python, perhaps after a complaint about this host's name."""
        text, dump = self.peer("fetchmail", "--configdump", "-f", rc), {}
        exec(text[text.index("TRUE=1"):], dump)
        return dump["fetchmailrc"]["servers"]

    def profile(self):
        return json.loads(self.world.config.read_text())["accounts"]

    def subjects(self):
        """The Message-IDs of what arrived, which no fetcher changes."""
        return sorted(mail.header_field(text, b"Message-ID") for text in self.world.maildir())


class Known(Import):
    """What the list says, and what happens to the listed messages on the server."""

    def imports(self, count, times, **options):
        """A mailbox of `count` messages; the list has a time for each of the first ones, by position or by UID."""
        drop, server = self.maildrop(*mail.small(count, seed=74))
        keys = {"read_all": "false", "received": "false", **options}
        self.write(".config/getmail/getmailrc", """[retriever]
type = SimplePOP3Retriever
server = 127.0.0.1
port = %d
username = anna
password = secret
[destination]
type = Maildir
path = ~/Mail/
[options]
%s
""" % (server.port, "\n".join("%s = %s" % pair for pair in keys.items())))
        uids = {at if isinstance(at, bytes) else drop.messages[at].uid: when for at, when in times.items()}
        self.write(".config/getmail/oldmail-127.0.0.1-%d-anna" % server.port, b"".join(b"%s\0%d\n" % pair for pair in uids.items()))
        self.ok("import", "getmail")
        return drop

    def reasons(self):
        return [row["reason"] for row in self.json_lines(self.ok("--json", "list")) if row["event"] == "message"]

    def test_delete_after_counts_from_the_time_in_the_list(self):
        self.imports(2, {0: 1500000000, 1: 4000000000}, delete_after=30)
        self.assertEqual(self.reasons(), ["imported as delivered"] * 2)
        self.ok()
        self.assertEqual(self.world.maildir(), [])
        self.assertEqual(["has passed:" in reason for reason in self.reasons()], [True, False])

    def test_the_first_run_removes_nothing_and_reads_headers_only(self):
        drop = self.imports(3, {0: 1500000000, 1: 1500000000})
        self.ok("-K")
        self.assertEqual(len(drop.retrieved), 1)
        self.assertEqual(drop.removed, [drop.retrieved[0]], "what is new is delivered, and removed")
        self.ok("-K")
        self.assertEqual((len(drop.messages), len(drop.retrieved), len(self.world.maildir())), (0, 1, 1))

    def test_a_uid_that_was_not_listed_and_is_used_again_is_new_mail(self):
        drop = self.imports(2, {0: 1500000000, b"used-again": 1500000000})
        self.ok()
        self.assertEqual(len(self.world.maildir()), 1)
        drop.add(*mail.small(1, seed=75))
        drop.messages[-1].uid = b"used-again"
        self.ok()
        self.assertEqual(len(self.world.maildir()), 2)

    def test_other_uids_on_the_server_bring_nothing_twice(self):
        drop = self.imports(3, {0: 1500000000, 1: 1500000000, 2: 1500000000})
        self.ok()
        for number, message in enumerate(drop.messages):
            message.uid = b"other-%d" % number
        self.ok()
        self.assertEqual(self.world.maildir(), [])

    def test_without_top_messages_are_known_by_their_uids(self):
        drop = self.imports(3, {0: 1500000000, 1: 1500000000})
        drop.capabilities.remove(b"TOP")
        for _ in range(2):
            self.ok()
            self.assertEqual((len(drop.retrieved), len(self.world.maildir())), (1, 1))


class Sizes(Case):
    """Rows without a size need not come from an import: some servers announce no sizes."""

    @staticmethod
    def without_sizes(session, _argument):
        count = len(session.drop.messages)
        return b"+OK\r\n" + b"".join(b"%d 0\r\n" % (n + 1) for n in range(count)) + b".\r\n"

    def fetched(self):
        drop, server = self.maildrop(*mail.small(3, seed=76))
        drop.answers[b"LIST"] = self.without_sizes
        self.world.configure({"home": self.account(server, leave_on_server=True)})
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.world.maildir()), 3)
        return drop

    def test_what_was_delivered_without_a_size_is_removed(self):
        drop = self.fetched()
        self.assertStatus(self.world.run("-K"), 0)
        self.assertEqual((drop.messages, len(self.world.maildir())), ([], 3))

    def test_a_size_that_comes_later_is_noted(self):
        drop = self.fetched()
        del drop.answers[b"LIST"]
        for _ in range(2):
            self.assertStatus(self.world.run("-K"), 0)
        self.assertEqual((drop.messages, len(self.world.maildir())), ([], 3))


class Files(Import):
    RC = """account box
host pop.example.org
tls on
user anna
password secret two
delivery maildir ~/Mail
keep on
"""
    LIST = " 2 pop.example.org anna\na\nb 1700000000\n"

    def rc(self, text=RC):
        return self.write(".mpoprc", text)

    def refused(self, status, *words):
        before = sorted(str(path) for path in self.world.home.rglob("*"))
        result = self.world.run("import", "mpop", "--print")
        self.assertStatus(result, status)
        self.assertSays(result.err, *words)
        self.assertEqual((result.out, sorted(str(path) for path in self.world.home.rglob("*"))), (b"", before), "--print refuses, too")
        result = self.world.run("import", "mpop")
        self.assertStatus(result, status)
        self.assertSays(result.err, *words)
        self.assertNotIn("secret two", result.err + result.out.decode())
        after = [path for path in sorted(str(path) for path in self.world.home.rglob("*"))
                 if "/.local" not in path and not path.endswith("/passwords") and not path.endswith((".config", "mailhaul"))]
        self.assertEqual([path for path in before if path in after], [path for path in after], "nothing was written")

    def test_a_new_file_and_the_password_are_for_their_owner_alone(self):
        self.rc()
        self.write(".mpop_uidls/anna_at_pop.example.org", self.LIST)
        self.ok("import", "mpop")
        self.assertEqual(self.world.config.stat().st_mode & 0o777, 0o600)
        password = self.world.config.parent / "passwords/box"
        self.assertEqual((password.stat().st_mode & 0o777, password.read_text()), (0o600, "secret two\n"))
        self.assertNotIn("secret two", self.world.config.read_text())
        rows = self.json_lines(self.ok("--json", "state", "show"))
        self.assertEqual([(row["uid"], row["standing"]) for row in rows], [("a", "delivered"), ("b", "delivered")])
        self.assertEqual(rows[1]["delivered"], "2023-11-14T22:13:20Z")
        self.ok("config", "check")

    def test_comments_and_order_of_the_file_stay(self):
        self.rc()
        text = """// mine
{
  /* "accounts": {} */
  "jobs": 3,
  "accounts": {
    "old": { "server": "pop3s://other.example", "user": "a", "deliver": "maildir:~/Old" } // last
    // the end
  },
  "host_jobs": 1 // one
}
"""
        self.write(".config/mailhaul/config.json", text)
        self.ok("import", "mpop")
        now = self.world.config.read_text()
        at = now.index('\n    "box"')
        end = now.index("\n    }", at) + len("\n    }")
        without = now[:at] + now[end:]
        self.assertEqual(without.replace("},", "}", 1) if without != text else without, text)
        self.assertEqual(list(self.json_lines(self.ok("--json", "config", "show"))[0]["accounts"]), ["old", "box"])

    def test_print_writes_nothing(self):
        self.rc()
        before = sorted(self.world.home.rglob("*"))
        result = self.ok("import", "mpop", "--print")
        self.assertSays(result.out.decode(), '"box": {', "pop3://pop.example.org", "nothing was written",
                        "To move in, stop mpop: its crontab lines and timers.", "without --print; mailhaul -n shows")
        self.assertNotIn("secret two", result.out.decode() + result.err)
        self.assertEqual(sorted(self.world.home.rglob("*")), before)
        shown = self.json_lines(self.ok("--json", "import", "mpop", "--print"))[-1]
        self.assertEqual(sorted(self.world.home.rglob("*")), before)
        self.ok("import", "mpop")
        self.assertEqual((shown["event"], shown["account"], shown["profile"]), ("imported", "box", self.profile()["box"]))

    def test_an_account_of_this_name_is_not_replaced(self):
        self.rc()
        self.write(".config/mailhaul/config.json",
                   '{"accounts": {"box": {"server": "pop3s://other.example", "user": "a", "deliver": "maildir:~/Old"}}}')
        self.refused(78, "already has an account of this name")

    def test_a_mailbox_that_is_fetched_already_is_refused(self):
        self.rc()
        self.write(".config/mailhaul/config.json",
                   '{"accounts": {"x": {"server": "pop3s://pop.example.org", "user": "anna", "deliver": "maildir:~/Old"}}}')
        self.refused(78, "the same mailbox")

    def test_a_damaged_list_is_refused_as_a_whole(self):
        self.rc()
        self.write(".mpop_uidls/anna_at_pop.example.org", " 3 pop.example.org anna\na\nb\n")
        self.refused(78, "is damaged", "nothing was taken over")
        self.assertFalse(self.world.config.exists())

    def test_a_second_import_after_a_first_one_failed_half_way_adds_nothing_twice(self):
        self.rc()
        self.write(".mpop_uidls/anna_at_pop.example.org", self.LIST)
        self.ok("import", "mpop")
        self.world.config.unlink()  # as if a kill had prevented it
        self.ok("import", "mpop")
        self.assertEqual(len(self.json_lines(self.ok("--json", "state", "show"))), 2)

    def test_a_line_of_ten_megabytes_is_refused(self):
        self.rc("account a\npassword secret two" + "x" * 10_000_000)
        self.refused(78, ".mpoprc", "larger than")

    def test_several_accounts_stand_in_columns(self):
        self.rc(self.RC + "account another\nhost pop.example.org\ntls on\nuser berta\ndelivery maildir ~/B\n")
        self.assertSays(self.ok("import", "mpop").out.decode(), "\n  box      anna at pop.example.org   no list",
                        "\n  another  berta at pop.example.org  no list")

    def test_a_password_that_is_there_is_not_replaced(self):
        self.rc()
        self.write(".config/mailhaul/passwords/box", "another\n")
        self.refused(73, "passwords/box", "already contains another one", "remove the file")
        self.assertEqual(self.world.path(".config/mailhaul/passwords/box").read_text(), "another\n")

    def test_without_a_configuration_the_places_are_named(self):
        result = self.world.run("import", "mpop")
        self.assertStatus(result, 66)
        self.assertSays(result.err, ".mpoprc", ".config/mpop/config", "import mpop FILE")

    def test_imap_is_not_taken_over_and_is_told(self):
        self.write(".fetchmailrc", "poll mail.example.org proto imap user a pass b\npoll pop.example.org proto pop3 uidl user a pass b\n")
        result = self.ok("import", "fetchmail")
        self.assertSays(result.err, ".fetchmailrc:1", "IMAP", "leave this entry to fetchmail")
        self.assertEqual(list(self.profile()), ["pop.example.org"])

    def test_what_has_no_counterpart_is_told_by_line_with_what_to_do(self):
        self.rc(self.RC + "killsize 5m\nfilter /bin/true\n")
        lines = self.json_lines(self.ok("--json", "import", "mpop", "--print"))
        self.assertEqual([line["event"] for line in lines], ["warning", "warning", "warning", "imported"])
        result = self.ok("import", "mpop")
        self.assertSays(result.err, ".mpoprc:8: killsize", ".mpoprc:9: filter", "max_size leaves it on the server")


if __name__ == "__main__":
    unittest.main()


class Containers(Import):
    """Directories of docker-mailserver and Mailu, when they are named."""

    RC = 'poll pop.example.org proto pop3 user "anna" password "secret" keep ssl mda "true"\n'
    GETMAIL = """[retriever]
type = SimplePOP3SSLRetriever
server = pop.example.org
username = anna
password = secret
[destination]
type = Maildir
path = /var/mail/anna/
[options]
delete = false
read_all = false
"""

    def known(self, program, directory):
        self.ok("import", program, self.world.home / directory)
        rows = self.json_lines(self.ok("--json", "state", "show"))
        return [(row["uid"], row["standing"]) for row in rows]

    def test_fetchmail_of_docker_mailserver(self):
        self.write(".fetchids", "anna@pop.example.org mine\n")  # the list of the host's own fetchmail
        for config in ("dms/config", "dms"):
            with self.subTest(config):
                self.write("dms/config/fetchmail.cf", self.RC)
                self.write("dms/mail-state/lib-fetchmail/.fetchids", "anna@pop.example.org u1\nanna@pop.example.org u2\n")
                self.assertEqual(self.known("fetchmail", config), [("u1", "delivered"), ("u2", "delivered")])
                self.begin_anew()

    def test_getmail_of_docker_mailserver(self):
        for name in ("dms/config/getmail/main.cf", "dms/config/getmail-main.cf"):
            with self.subTest(name):
                self.write(name, self.GETMAIL)
                self.write("dms/config/postfix-accounts.cf", "anna@example.org|{SHA512-CRYPT}x\n")
                self.write("dms/mail-state/lib-getmail/oldmail-pop.example.org-995-anna", b"u1\x001700000000\n")
                self.assertEqual(self.known("getmail", "dms/config"), [("u1", "delivered")])
                self.begin_anew()

    def test_the_list_of_mailu(self):
        self.write("mailu/fetchids", "anna@pop.example.org u1\n")
        result = self.world.run("import", "fetchmail", self.world.home / "mailu")
        self.assertStatus(result, 66)
        self.assertHint(result, "Mailu", "database", "fetchmailrc", "poll HOST")
        self.write("mailu/fetchmailrc", self.RC)
        self.assertEqual(self.known("fetchmail", "mailu"), [("u1", "delivered")])

    def test_a_directory_without_a_configuration_is_refused(self):
        self.write("other/postfix-accounts.cf", "x\n")
        for program in ("fetchmail", "getmail", "mpop", "fdm"):
            result = self.world.run("import", program, self.world.home / "other")
            self.assertStatus(result, 66)
            self.assertSays(result.err, "no configuration of " + program, "other")
